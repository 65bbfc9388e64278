# SPDX-License-Identifier: Apache-2.0
"""Formats the report of a measurement as text."""

from depth_mai.runtime import cpus
from depth_mai.runtime import delegation

# Load average per CPU above which other programs disturb a measurement.
BUSY = 0.5

# (heading, width, key, format) of each column.
_COLUMNS = (
  ('threads', 7, 'threads', 'd'),
  ('xnnpack', 7, 'xnnpack', ''),
  ('median ms', 10, 'median_ms', '.3f'),
  ('p10', 9, 'p10_ms', '.3f'),
  ('p90', 9, 'p90_ms', '.3f'),
  ('min', 9, 'min_ms', '.3f'),
  ('+copies', 9, 'with_copies_median_ms', '.3f'),
  ('parts', 5, 'partitions', 'd'),
  ('model MB', 8, 'model_memory_mb', '.1f'),
  ('peak MB', 8, 'peak_rss_mb', '.1f'),
)


def machine_note(machine: dict, access: str | None = None) -> str:
  """Returns a sentence on the machine and on the limits of its figures.

  Args:
    machine: dict of `environment.describe_machine`.
    access: how another machine was reached, such as 'over ssh://pi@board'; None
      for this machine.
  """
  device = f'{machine["device"]} {access}' if access else machine['device']
  if machine['is_raspberry_pi']:
    return f'Measured on a {device}.'
  place = device if access else f'this machine ({device})'
  return (
    f'Measured on {place}, not on a Raspberry Pi: the figures compare models '
    f'and settings {"there" if access else "here"} and do not predict the time '
    'on a Raspberry Pi.'
  )


def format_table(report: dict) -> str:
  """Returns the report as text of several lines.

  Args:
    report: report of a device that measures, see devices/device.py.
  """
  model, machine = report['model'], report['machine']
  rows = report['configurations']
  lines = [
    f'model    {model["file"]}, {model["bytes"]} bytes, '
    f'sha256 {model["sha256"]}',
    f'machine  {machine["device"]}, {machine["cpu_count"]} logical CPUs, '
    f'{machine["architecture"]}, {machine["os"]}',
    f'runtime  {machine["runtime"]} {machine["runtime_version"]}, Python '
    f'{machine["python"]}',
    f'runs     {rows[0]["runs"]} counted after {rows[0]["warmup"]} of warm-up, '
    'each configuration in a fresh process',
    '',
    '  '.join(heading.rjust(width) for heading, width, _, _ in _COLUMNS),
  ]
  lines += [
    '  '.join(
      _cell(row[key], spec).rjust(width) for _, width, key, spec in _COLUMNS
    )
    for row in rows
  ]
  lines += ['', _outside_line(rows)]
  lines += [_second_opinion(one) for one in report.get('litert_benchmark', ())]
  lines += [
    f'XNNPACK {_cell(row["xnnpack"], "")}: {outputs_text(row["outputs"])}'
    for row in rows
    if 'outputs' in row
  ]
  lines += [f'state    {_state_line(rows)}', '', report['note']]
  return '\n'.join(lines + _warnings(rows, machine))


def outputs_text(outputs: dict) -> str:
  """Says whether another runtime computed what this machine's does.

  Args:
    outputs: the result of `devices.comparison.compare`.
  """
  verdict = 'agree' if outputs['agree'] else 'DO NOT agree'
  return (
    f'outputs {verdict} with {outputs["runtime"]} {outputs["runtime_version"]} '
    f'on {outputs["architecture"]}: {outputs["differing_elements"]} of '
    f'{outputs["elements"]} differ, by {outputs["relative_difference"]:.1e} of '
    'the largest'
  )


def _cell(value: object, spec: str) -> str:
  if value is None:
    return '-'
  if isinstance(value, bool):
    return 'on' if value else 'off'
  return format(value, spec)


def _second_opinion(measured: dict) -> str:
  """Returns the result of LiteRT's own benchmark."""
  name = f"LiteRT's own benchmark, {measured['threads']} threads"
  if measured['figures'] is None:
    return f'{name}: {measured["reason"]}'
  return f'{name}: median {measured["figures"]["median_ms"]:.2f} ms'


def _outside_line(rows: list[dict]) -> str:
  """Lists the operators that XNNPACK leaves to the built-in kernels."""
  with_xnnpack = next((row for row in rows if row['xnnpack']), None)
  if with_xnnpack is None or with_xnnpack['operators_outside'] is None:
    return 'outside XNNPACK: this runtime does not report it'
  taken = delegation.Delegation(
    with_xnnpack['operators'],
    with_xnnpack['partitions'],
    with_xnnpack['operators_outside'],
  )
  return (
    f'outside XNNPACK, of {taken.operators} operators: {taken.outside_text()}'
  )


def _state_line(rows: list[dict]) -> str:
  """Returns governor, temperature and throttling, before and after all runs."""
  before, after = rows[0]['state_before'], rows[-1]['state_after']
  throttled = after['throttled']
  if throttled is not None:
    throttled = ', '.join(throttled) or 'no'
  return (
    f'governor {_cell(after["governor"], "")}, '
    f'{_cell(before["temperature_c"], ".1f")} to '
    f'{_cell(after["temperature_c"], ".1f")} degrees C, '
    f'throttled {_cell(throttled, "")}, load '
    f'{_cell(before["load_average"], ".1f")} to '
    f'{_cell(after["load_average"], ".1f")} (- = not readable)'
  )


def _warnings(rows: list[dict], machine: dict) -> list[str]:
  """Returns the reasons to doubt the figures, a line each."""
  cpu_count = machine['cpu_count']
  if cpu_count is None:
    return []
  lines = []
  most = max(row['threads'] for row in rows)
  usable = len(rows[0].get('cpus') or ()) or cpu_count
  allowed = cpus.allowed(usable, machine.get('cpu_quota'))
  if allowed is not None and most > allowed:
    lines.append(f'{most} threads share {cpus.cpus_text(allowed)}.')
  load = rows[0]['state_before']['load_average']
  # The load before the first run is that of other programs.
  if load is not None and load > BUSY * cpu_count:
    lines.append(
      f'The machine was busy before the first run (load {load:.1f} on '
      f'{cpu_count} logical CPUs): measure again when it is idle.'
    )
  return lines
