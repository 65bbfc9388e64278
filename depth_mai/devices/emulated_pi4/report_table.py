# SPDX-License-Identifier: Apache-2.0
"""Formats the report of the emulated device as text."""

from depth_mai.runtime import benchmark_report

_OPERATORS = 12
_NAME_WIDTH = 40


def format_table(report: dict) -> str:
  """Returns the report as text, several lines.

  Args:
    report: the result of `EmulatedPi4.measure`.
  """
  model, machine = report['model'], report['machine']
  rows = report['configurations']
  lines = [
    f'model    {model["file"]}, {model["bytes"]} bytes, '
    f'sha256 {model["sha256"]}',
    f'machine  {machine["device"]}, {machine["os"]}',
    f'runtime  {machine["runtime"]} {machine["runtime_version"]}, Python '
    f'{machine["python"]}, 1 thread',
    f'counts   median of each process, {len(rows[0]["counts"])} processes',
  ]
  for row in rows:
    lines += ['', *_configuration_lines(row)]
  return '\n'.join([*lines, '', report['note']])


def _configuration_lines(row: dict) -> list[str]:
  kernels = 'with XNNPACK' if row['xnnpack'] else 'built-in kernels only'
  lines = [
    f'{kernels}: {row["instructions"] / 1e6:.3f} million instructions '
    f'(processes differ by {row["relative_spread"]:.1e}){_moved(row)}',
    f'  {_partitions(row)}',
    f'  {benchmark_report.outputs_text(row["outputs"])}',
    f'  {_prediction(row)}',
  ]
  if row['l1d_misses'] is not None:
    lines.append(
      f'  simulated caches: {row["l1d_misses"]} misses of the first level, '
      f'{row["l2_misses"]} of the second'
    )
  if row['classes']:
    lines += ['', '  class                       million   share']
  lines += [
    f'  {name:<26} {value / 1e6:8.3f}  {value / row["instructions"]:6.1%}'
    for name, value in sorted(row['classes'].items(), key=lambda one: -one[1])
    if value
  ]
  if row['by_operator'] is not None:
    lines += ['', *_operator_lines(row)]
  return lines + [f'  {text}' for text in row['warnings']]


def _moved(row: dict) -> str:
  if row['load_bytes'] is None:
    return ''
  return (
    f', {row["load_bytes"] / 1e6:.1f} MB loaded, '
    f'{row["store_bytes"] / 1e6:.1f} MB stored'
  )


def _operator_lines(row: dict) -> list[str]:
  """Returns the costliest operators, and the sum of all others."""
  ranked = sorted(row['by_operator'], key=lambda one: -one['instructions'])
  shown, rest = ranked[:_OPERATORS], ranked[_OPERATORS:]
  lines = ['  index  operator                   million   share  output']
  lines += [
    f'  {one["index"]:5d}  {one["operator"]:<24} '
    f'{one["instructions"] / 1e6:9.3f}  {one["share"]:6.1%}  '
    f'{one["output"][-_NAME_WIDTH:]}'
    for one in shown
  ]
  remaining = (
    (f'{len(rest)} other operators', sum(one['instructions'] for one in rest)),
    ('around the operators', row['around']['instructions']),
  )
  lines += [
    f'         {name:<24} {value / 1e6:9.3f}  '
    f'{value / row["instructions"]:6.1%}'
    for name, value in remaining
  ]
  return lines


def _partitions(row: dict) -> str:
  if not row['xnnpack']:
    return f'{row["operators"]} operators'
  outside = ', '.join(
    f'{count} {name}'
    for name, count in sorted(
      row['operators_outside'].items(), key=lambda one: (-one[1], one[0])
    )
  )
  return (
    f'{row["partitions"]} partitions, outside of {row["operators"]} '
    f'operators: {outside or "none"}'
  )


def _prediction(row: dict) -> str:
  prediction = row['prediction']
  if row['predicted_ms'] is None:
    return f'{prediction["label"]}: {prediction["why"]}'
  return (
    f'{prediction["label"]}: {row["predicted_ms_low"]:.1f} to '
    f'{row["predicted_ms_high"]:.1f} ms on a Raspberry Pi 4, by '
    f'"{prediction["calibration"]}" ({prediction["models"]} models). '
    f'{prediction["note"]}'
  )
