# SPDX-License-Identifier: Apache-2.0
"""What a leaderboard takes from a device's report."""

import math


def from_report(report: dict) -> dict:
  """Returns the figures of one file, of its first number of threads.

  Args:
    report: of a device, see devices/device.py.

  Returns:
    dict: runtime_ms and runtime_ms_no_xnnpack, medians, or on an emulated
    device the middle of the predicted interval (None without a prediction);
    instructions and instructions_no_xnnpack of one inference (None where
    measured); partitions, None where the runtime does not tell; load_average
    before the first run, None where it is not known.
  """
  rows = report['configurations']
  on = next(row for row in rows if row['xnnpack'])
  off = next((row for row in rows if not row['xnnpack']), {})
  return {
    'runtime_ms': _runtime_ms(on),
    'runtime_ms_no_xnnpack': _runtime_ms(off),
    'instructions': on.get('instructions'),
    'instructions_no_xnnpack': off.get('instructions'),
    'partitions': on['partitions'],
    'load_average': on.get('state_before', {}).get('load_average'),
  }


def text(times: dict) -> str:
  """Returns the figures as a part of a line of progress.

  Args:
    times: of `from_report`.
  """
  with_xnnpack, without = times['runtime_ms'], times['runtime_ms_no_xnnpack']
  if times['instructions'] is None:
    return f'{_ms(with_xnnpack)} with XNNPACK, {_ms(without)} without'
  return (
    f'{times["instructions"] / 1e6:.1f} M instructions, predicted '
    f'{_ms(with_xnnpack)}'
  )


def _ms(milliseconds: float | None) -> str:
  return '-' if milliseconds is None else f'{milliseconds:.2f} ms'


def _runtime_ms(row: dict) -> float | None:
  # Not every benchmark_model of a phone tells the median.
  measured_ms = row.get('median_ms') or row.get('mean_ms')
  if measured_ms:
    return measured_ms
  low, high = row.get('predicted_ms_low'), row.get('predicted_ms_high')
  # The interval is a factor on both sides.
  return math.sqrt(low * high) if low and high else None
