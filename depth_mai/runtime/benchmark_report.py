# SPDX-License-Identifier: Apache-2.0
"""Measures a model in several configurations; gives JSON and a table."""

from collections.abc import Sequence
import json
import os

from depth_mai import atomic
from depth_mai.runtime import configuration
from depth_mai.runtime import delegation
from depth_mai.runtime import environment
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import model_file

FORMAT = 'depth_mai.benchmark/1'

# Load average, as a part of the CPUs, from which on others disturb.
_BUSY = 0.5

# (heading, width, key, format) of the table's columns.
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


def measure_model(
  path: str, threads: Sequence[int] = (1,), warmup: int = 10, runs: int = 50
) -> dict:
  """Measures threads x XNNPACK on and off, each in a fresh process.

  Args:
    path: a .tflite file.
    threads: thread counts, each at least 1, no repeats.
    warmup: runs of each configuration that are not counted, at least 1.
    runs: runs of each configuration that are, at least 1.

  Returns:
    dict, ready for JSON: format, model (file, bytes, sha256, metadata),
    machine (see `environment.describe_machine`), note, configurations (list of
    `configuration.measure_configuration`).

  Raises:
    ValueError: the model cannot be measured, or an argument is out of range.
  """
  threads = [int(count) for count in threads]
  if not threads or min(threads) < 1 or len(set(threads)) != len(threads):
    raise ValueError(
      f'--threads must list different whole numbers from 1, got {threads}; '
      'for example --threads=1,2,4.'
    )
  interpreter_lib.check_is_tflite(path)
  machine = environment.describe_machine()
  return {
    'format': FORMAT,
    'model': {
      'file': os.path.basename(path),
      'bytes': os.path.getsize(path),
      'sha256': model_file.file_sha256(path),
      'metadata': metadata_lib.read_metadata(path),
    },
    'machine': machine,
    'note': machine_note(machine),
    'configurations': [
      configuration.measure_in_child(path, count, xnnpack, warmup, runs)
      for count in threads
      for xnnpack in (True, False)
    ],
  }


def machine_note(machine: dict) -> str:
  """Says what machine the figures are of, and what they do not say.

  Args:
    machine: dict of `environment.describe_machine`.
  """
  if machine['is_raspberry_pi']:
    return f'Measured on a {machine["device"]}.'
  return (
    f'Measured on this machine ({machine["device"]}), not on a Raspberry Pi: '
    'the figures compare models and settings here and say nothing of the '
    'time on a Raspberry Pi.'
  )


def write_json(path: str | os.PathLike[str], report: dict) -> None:
  """Writes the dict of `measure_model` as JSON, atomically."""
  atomic.write_text(path, json.dumps(report, indent=2) + '\n')


def format_table(report: dict) -> str:
  """Returns the report as text, several lines.

  Args:
    report: dict of `measure_model`.
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
    f'runs     {rows[0]["runs"]} counted after {rows[0]["warmup"]} of warm-up '
    'in each configuration, a process each',
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
  lines += [f'state    {_state_line(rows)}', '', report['note']]
  return '\n'.join(lines + _warnings(rows, machine['cpu_count']))


def _cell(value: object, spec: str) -> str:
  if value is None:
    return '-'
  if isinstance(value, bool):
    return 'on' if value else 'off'
  return format(value, spec)


def _outside_line(rows: list[dict]) -> str:
  """Says which operators XNNPACK leaves to the built-in kernels."""
  with_xnnpack = next((row for row in rows if row['xnnpack']), None)
  if with_xnnpack is None or with_xnnpack['partitions'] is None:
    return 'outside XNNPACK: this runtime does not tell'
  taken = delegation.Delegation(
    with_xnnpack['operators'],
    with_xnnpack['partitions'],
    with_xnnpack['operators_outside'],
  )
  return (
    f'outside XNNPACK, of {taken.operators} operators: {taken.outside_text()}'
  )


def _state_line(rows: list[dict]) -> str:
  """Says governor, temperature and throttling before and after it all."""
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


def _warnings(rows: list[dict], cpu_count: int | None) -> list[str]:
  """Says what makes the figures doubtful, a line each."""
  if cpu_count is None:
    return []
  lines = []
  most = max(row['threads'] for row in rows)
  if most > cpu_count:
    lines.append(f'{most} threads share {cpu_count} logical CPUs.')
  load = rows[0]['state_before']['load_average']
  # Before the first run, so that the load is that of other programs.
  if load is not None and load > _BUSY * cpu_count:
    lines.append(
      f'The machine was busy before the first run (load {load:.1f} on '
      f'{cpu_count} logical CPUs): measure again when it is idle.'
    )
  return lines
