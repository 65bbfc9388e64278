# SPDX-License-Identifier: Apache-2.0
"""Measures how long a file that nobody vouches for takes.

On this machine it is timed behind bars, by the loop that every device runs. For
other devices see device_process.py.
"""

from collections.abc import Callable

import numpy as np

from depth_mai.devices import settings as settings_lib
from depth_mai.judging import cage as cage_lib
from depth_mai.judging import fault
from depth_mai.judging import limits as limits_lib
from depth_mai.judging import standing
from depth_mai.runtime import latency

LOCAL = 'local'


def measure_caged(
  cages: cage_lib.Cages,
  content: bytes,
  limits: limits_lib.Limits,
  deadline: float,
  settings: settings_lib.Settings,
  report_done: Callable[[float], object],
) -> list[dict]:
  """Times a file on this machine, XNNPACK on and off, a process each.

  Args:
    cages: makes the processes.
    content: the file.
    limits: what each may use up.
    deadline: when, of time.monotonic(), all must be done.
    settings: how to measure; the first number of threads counts.
    report_done: is called with the part that is done.

  Returns:
    Configurations as device.py describes them, what is needed of them.

  Raises:
    fault.FileFaultError: if the file fails.
  """
  threads, rows = settings.threads[0], []
  for done, xnnpack in enumerate((True, False)):
    report_done(done / 2)
    with cages.cage(limits, deadline, threads) as cage:
      cage.take(content)
      cage.load(xnnpack)
      answer, times = cage.time(settings.warmup, settings.runs)
    times_ms = np.frombuffer(times, '<f8')
    if len(times_ms) != settings.runs or not (times_ms > 0).all():
      raise fault.FileFaultError('Its process gave times that are none.')
    rows.append(
      {
        'threads': threads,
        'xnnpack': xnnpack,
        'runs': len(times_ms),
        'partitions': _whole(answer.get('partitions')),
        **latency.summarise(times_ms),
      }
    )
  return rows


def from_configurations(rows: list[dict], described: dict) -> dict:
  """Chooses the figures of the verdict.

  Args:
    rows: configurations as device.py describes them.
    described: of the device's `describe`.

  Returns:
    dict: kind ('measured' or 'predicted'); threads; xnnpack, whether the
    figures are of its kernels; runtime_ms and runtime_ms_no_xnnpack, medians,
    None where they are not measured; predicted_ms_low and predicted_ms_high,
    instructions, None where they are not predicted; partitions; runs; note. The
    first number of threads counts, with XNNPACK, unless only the kernels
    without it have a prediction.
  """
  threads = rows[0]['threads']
  by_xnnpack = {
    row['xnnpack']: row for row in rows if row['threads'] == threads
  }
  plain = by_xnnpack.get(False, {})
  chosen = by_xnnpack.get(True, plain)
  measured = chosen.get('median_ms') is not None
  if not measured and chosen.get('predicted_ms_low') is None:
    # Only one of the two may have a calibration.
    chosen = plain or chosen
  return {
    'kind': standing.MEASURED if measured else standing.PREDICTED,
    'threads': threads,
    'xnnpack': chosen['xnnpack'],
    'runtime_ms': chosen.get('median_ms'),
    'runtime_ms_no_xnnpack': plain.get('median_ms'),
    'predicted_ms_low': chosen.get('predicted_ms_low'),
    'predicted_ms_high': chosen.get('predicted_ms_high'),
    'instructions': chosen.get('instructions'),
    'partitions': chosen.get('partitions'),
    'runs': chosen.get('runs'),
    'note': described['note'],
  }


def _whole(value: object) -> int | None:
  """Returns a number that a cage gave, if it is one."""
  known = isinstance(value, int) and 0 <= value < 1_000_000
  return value if known else None
