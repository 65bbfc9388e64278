# SPDX-License-Identifier: Apache-2.0
"""Measurements, logs of trainings, and verdicts."""

import functools
import json
import pathlib
import sys
from typing import Any

from benchmarks.damage import kind as kind_lib
from benchmarks.damage import texts
from depth_mai.devices import store
from depth_mai.files import metrics_log
from depth_mai.judging import verdict as verdict_lib
from depth_mai.judging.web import archive
from depth_mai.judging.web import verdict_page
from depth_mai.report import curve_figure

Case = kind_lib.Case
Kind = kind_lib.Kind
Original = kind_lib.Original

_LINES = 8
_NEW_KEY = {'sha256': 'new'}


def _measurement(number: int) -> dict[str, Any]:
  return {
    'kind': 'benchmark',
    'key': {'sha256': f'{number:04d}', 'threads': 1},
    'value': {'mean_ms': 10.5 + number, 'runs': [number, 2, 3]},
  }


def _build_measurements(root: pathlib.Path) -> list[Original]:
  place = root / 'store'
  place.mkdir()
  entries = [_measurement(number) for number in range(_LINES)]
  lines = [json.dumps(entry) + '\n' for entry in entries]
  (place / 'measurements.jsonl').write_text(''.join(lines))
  truth = {f'{n:04d}': _measurement(n)['value'] for n in range(_LINES)}
  return [
    Original('store', 'measurements.jsonl', texts.damaged_json_lines, truth)
  ]


def _read_measurements(case: Case) -> dict[str, Any]:
  """Looks up all measurements before and after a new one is stored."""
  keys = [_measurement(number)['key'] for number in range(_LINES)]
  opened = store.Store(case.path)
  before = {key['sha256']: opened.get('benchmark', key) for key in keys}
  opened.put('benchmark', _NEW_KEY, {'mean_ms': 1.0})
  opened = store.Store(case.path)
  after = {key['sha256']: opened.get('benchmark', key) for key in keys}
  if opened.get('benchmark', _NEW_KEY) != {'mean_ms': 1.0}:
    raise kind_lib.WrongValueError('the new measurement is lost')
  if before != after:
    raise kind_lib.WrongValueError(f'stored were {before}, and then {after}')
  return {name: value for name, value in before.items() if value is not None}


def _measurements_are_right(
  case: Case, content: bytes, expected: Any, found: Any
) -> bool:
  """Returns whether all lines that are whole are there and no others lost."""
  damaged = case.path.read_bytes().split(b'\n') if case.path.is_file() else []
  whole = set(damaged)
  for line in content.splitlines():
    name = json.loads(line)['key']['sha256']
    again = sum(f'"{name}"'.encode() in other for other in damaged)
    if line in whole and again == 1 and found.get(name) != expected[name]:
      raise kind_lib.WrongValueError(
        f'the measurement {name} is whole, but lost'
      )
  return found == expected


def _build_metrics(root: pathlib.Path) -> list[Original]:
  place = root / 'run'
  place.mkdir()
  lines = []
  for step in range(100, 500, 100):
    time = {'step': step, 'epoch': step / 50, 'images': step * 8}
    losses = {'loss': 1 / step, 'learning_rate': 1e-3, 'images_per_second': 9.5}
    lines.append({'split': 'train', **time, **losses})
    scores = {'si_rmse': 40 / step, 'rmse': 2.0, 'log10': 0.1, 'rel': 0.2}
    lines.append({'split': 'validation', **time, **scores})
  text = ''.join(json.dumps(line) + '\n' for line in lines)
  (place / 'metrics.jsonl').write_text(text)
  return [Original('run', 'metrics.jsonl', texts.damaged_json_lines)]


def _read_metrics(case: Case) -> dict[str, Any]:
  """Reads curves and the best validation, and draws them."""
  run = metrics_log.read_run(case.folder)
  curves = {
    f'{split} {metric}': [
      run.curve(split, metric).times.tolist(),
      run.curve(split, metric).values.tolist(),
    ]
    for split in run.splits()
    for metric in run.metric_names()
  }
  best = metrics_log.best_validation(case.folder)
  curve_figure.save_curves(
    str(case.output / 'curves.png'),
    [str(case.folder)],
    metrics=None,
    references=[],
    time_key='step',
  )
  return {'curves': curves, 'best': best}


def _build_verdict(root: pathlib.Path) -> list[Original]:
  place = root / 'judged' / ('0' * 16)
  place.mkdir(parents=True)
  record = {
    'format': archive.FORMAT,
    'id': place.name,
    'name': 'a.tflite',
    'size': 9,
    'finished': '2026-03-01T12:01:00+00:00',
    'options': {'unit': 'auto', 'device': 'local'},
    'data': {'data_dir_name': 'rooms', 'split': 'validation', 'limit': None},
    'pictures': ['1.png'],
    'verdict': _verdict(),
  }
  (place / 'verdict.json').write_text(json.dumps(record))
  (place / '1.png').write_bytes(b'picture')
  return [
    Original(
      'judged',
      f'{place.name}/verdict.json',
      texts.damaged_json,
      truth=[[record, 'picture']],
    )
  ]


def _verdict() -> dict[str, Any]:
  found = verdict_lib.Verdict(
    file={'name': 'a.tflite', 'bytes': 9, 'sha256': 'ab' * 32},
    data={'split': 'validation', 'images': 3},
    errors=[],
    protection={'seccomp': 'in force', 'landlock': 'not in this kernel'},
  )
  found.metrics = {'si_rmse': 0.25, 'rmse': 0.75, 'log10': 0.125, 'rel': 0.375}
  found.device = {'name': 'A board', 'is_raspberry_pi': False}
  found.runtime = {'runtime_ms': 50.0, 'threads': 4, 'runs': 50}
  found.standing = {'score': 400.0, 'rank': 1, 'notes': ['Other pictures.']}
  found.interface = {'unit': {'value': 'mm', 'why': 'declared in the file'}}
  return found.to_json()


def _read_verdict(case: Case) -> list[Any]:
  """Returns the records and their first pictures, as the pages show them."""
  say = functools.partial(print, file=sys.stderr)
  opened = archive.Archive(case.folder, say)
  found = []
  for record in opened.records():
    verdict_page.html(record).encode()
    picture = opened.picture(record['id'], 0)
    found.append([record, picture and picture.decode()])
  return found


_SHARES = (0.4, 0.56, 0.04)
KINDS = (
  Kind(
    'measurements',
    _build_measurements,
    _read_measurements,
    _measurements_are_right,
    shares=_SHARES,
    keeps=False,
    scans=True,
  ),
  Kind('metrics', _build_metrics, _read_metrics, shares=_SHARES),
  Kind('verdict', _build_verdict, _read_verdict, shares=_SHARES, scans=True),
)
