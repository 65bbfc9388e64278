# SPDX-License-Identifier: Apache-2.0
"""Turns verdicts into the tables, figures and texts of the web pages.

Verdicts are those that `Archive` stores. Unknown figures are shown as a dash.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import itertools
from typing import Any

from depth_mai.files import problems
from depth_mai.judging import lockdown
from depth_mai.judging import verdict as verdict_lib
from depth_mai.metrics import paper_results
from depth_mai.web import pages
from depth_mai.web.sortable_table import Cell
from depth_mai.web.sortable_table import Column
from depth_mai.web.sortable_table import Table
from depth_mai.web.sortable_table import number_cell

PREDICTED = 'predicted'
# (key, heading, hint, format here, format in Table 1, whether more is better)
_MEASURES = (
  ('score', 'Score', '640000 * 2^(-20 si-RMSE) / ms', ',.1f', ',.0f', True),
  ('si_rmse', 'si-RMSE', 'scale-invariant, of natural logs', '.4f', 'g', False),
  ('runtime_ms', 'ms', 'runtime of one picture', '.2f', 'g', False),
  ('rmse', 'RMSE m', 'root mean square error, metres', '.3f', '.2f', False),
  ('log10', 'LOG10', 'mean error of decimal logs', '.4f', '.4f', False),
  ('rel', 'REL', 'mean relative error', '.4f', '.4f', False),
  ('size_mb', 'MB', 'size of the file, 10^6 bytes', '.2f', '.1f', False),
)
_COLUMNS = tuple(
  Column(heading, hint, descending=more)
  for _, heading, hint, _, _, more in _MEASURES
)
# (key, format, format of a predicted interval, unit, label)
_FIGURES = (
  ('score', ',.1f', ',.0f', '', 'score'),
  ('rank', 'd', 'd', '', 'place among {places}, with Table 1'),
  ('si_rmse', '.4f', '', '', 'si-RMSE'),
  ('runtime_ms', '.2f', '.0f', ' ms', 'runtime on {device}'),
  ('rmse', '.3f', '', ' m', 'RMSE'),
  ('log10', '.4f', '', '', 'LOG10'),
  ('rel', '.4f', '', '', 'REL'),
)


def is_accepted(record: Mapping) -> bool:
  """Returns whether a file was accepted."""
  return record['verdict']['verdict'] == verdict_lib.ACCEPTED


def data_text(data: Mapping, measured: Mapping | None = None) -> str:
  """Describes data as 'indoor, validation split, first 20 pictures'.

  Args:
    data: of a record, see `Clerk.data`.
    measured: `Verdict.data`, for the number of pictures; None if no file has
      been measured.
  """
  parts = [str(data['data_dir_name']), f'{data["split"]} split']
  limit, images = data.get('limit'), (measured or {}).get('images')
  if limit:
    parts.append(f'first {problems.count(images or limit, "picture")}')
  elif images:
    parts.append(problems.count(images, 'picture'))
  return ', '.join(parts)


def predicted(verdict: Mapping) -> dict[str, tuple[float, float]]:
  """Returns the predicted intervals of runtime_ms, score and rank.

  Args:
    verdict: result of `Verdict.to_json`.

  Returns:
    (lowest, highest) of each; empty if the runtime was measured or is unknown.
  """
  standing = verdict.get('standing') or {}
  runtime = verdict.get('runtime') or {}
  ends: dict[str, tuple[Any, Any]] = {
    'score': (standing.get('score_low'), standing.get('score_high')),
    'rank': (standing.get('rank_best'), standing.get('rank_worst')),
    'runtime_ms': (
      runtime.get('predicted_ms_low'),
      runtime.get('predicted_ms_high'),
    ),
  }
  return {key: both for key, both in ends.items() if None not in both}


def interval_text(interval: tuple[float, float], spec: str) -> str:
  """Formats an interval as '40–55', or as one number if both ends are equal.

  Args:
    interval: (lowest, highest).
    spec: format of each end.
  """
  low, high = (f'{end:{spec}}' for end in interval)
  return low if low == high else f'{low}–{high}'


def table_1(record: Mapping) -> Table:
  """Returns the paper's Table 1 with the file in its place by score.

  Args:
    record: a file with its verdict.
  """
  rows = [
    (row.score, Cell(row.team), dataclasses.asdict(row), True)
    for row in paper_results.ROWS.values()
  ]
  ours = _measures(record)
  name = Cell('This file', detail=record['name'])
  rows.append((ours['score'], name, ours, False))
  # A file without a score is last; the paper's row is before an equal score.
  rows.sort(key=lambda row: (row[0] is None, -(row[0] or 0), not row[3]))
  intervals = predicted(record['verdict'])
  cells = [
    [
      _placed(name, place, score),
      *_measure_cells(measures, {} if of_paper else intervals, of_paper),
    ]
    for place, (score, name, measures, of_paper) in enumerate(rows, start=1)
  ]
  return Table(
    (Column('Team', 'sorts by place', text=True), *_COLUMNS),
    cells,
    marked=[number for number, row in enumerate(rows) if not row[3]],
  )


def leaderboard(records: Sequence[Mapping]) -> Table | None:
  """Returns the accepted files by score; None if there are none.

  Args:
    records: files with their verdicts.
  """
  found = [(_measures(one), one) for one in records if is_accepted(one)]
  found.sort(key=lambda both: (both[0]['score'] is None, -_score(both[0])))
  cells = []
  for place, (measures, record) in enumerate(found, start=1):
    verdict = record['verdict']
    intervals = predicted(verdict)
    cells.append(
      [
        _placed(_name_cell(record, None), place, measures['score']),
        *_measure_cells(measures, intervals),
        _measure_cell('rank', verdict.get('rank'), 'd', intervals),
        _text_cell((verdict.get('device') or {}).get('name')),
      ]
    )
  columns = (
    Column('File', 'sorts by place', text=True),
    *_COLUMNS,
    Column('Table 1', 'place of the score among the rows of Table 1'),
    Column('Device', 'device on which the runtime was measured', text=True),
  )
  return Table(columns, cells) if cells else None


def rejected(records: Sequence[Mapping]) -> Table | None:
  """Returns the files that were not accepted; None if there are none.

  Args:
    records: files with their verdicts.
  """
  cells = []
  for record in records:
    if is_accepted(record):
      continue
    first, *others = record['verdict'].get('errors') or ['']
    more = f'and {len(others)} more' if others else ''
    cells.append(
      [_name_cell(record, record['finished']), Cell(first, first, more)]
    )
  columns = (
    Column('File', 'sorts by date', text=True, descending=True),
    Column('Why', text=True),
  )
  return Table(columns, cells) if cells else None


def by_data(
  records: Sequence[Mapping], first: Mapping
) -> list[tuple[str, list[Mapping]]]:
  """Groups records by their data; figures of different data do not compare.

  Args:
    records: files with their verdicts.
    first: `data` of the first group, which may be empty.

  Returns:
    [(the data in words, their records), ...]
  """
  key = lambda record: data_text(record['data'])
  groups: dict[str, list[Mapping]] = {data_text(first): []}
  for name, group in itertools.groupby(sorted(records, key=key), key):
    groups[name] = list(group)
  return list(groups.items())


def figures(verdict: Mapping) -> list[tuple[str, str, str]]:
  """Returns the headline figures of a verdict: [(text, unit, label), ...].

  Args:
    verdict: result of `Verdict.to_json`.
  """
  device = (verdict.get('device') or {}).get('name') or 'the device'
  places = len(paper_results.ROWS) + 1
  intervals = predicted(verdict)
  found = []
  for key, spec, interval_spec, unit, label in _FIGURES:
    label = label.format(device=device, places=places)
    if key in intervals:
      text = interval_text(intervals[key], interval_spec)
      found.append((text, unit, f'{PREDICTED} {label}'))
    elif verdict.get(key) is not None:
      found.append((f'{verdict[key]:{spec}}', unit, label))
  return found


def pictures(record: Mapping) -> list[tuple[str, str, str]]:
  """Returns the depth pictures: [(address, name, caption), ...].

  Args:
    record: a file with its verdict.
  """
  described = {
    picture.get('file'): picture
    for picture in record['verdict'].get('pictures') or ()
  }
  found = []
  for number, file in enumerate(record['pictures']):
    picture = described.get(file, {})
    name = caption = str(picture.get('id') or file.removesuffix('.png'))
    if picture.get('si_rmse') is not None:
      caption = f'{name}: si-RMSE {picture["si_rmse"]:.4f}'
    found.append((f'/verdicts/{record["id"]}/{number}.png', name, caption))
  return found


def interface(verdict: Mapping) -> list[tuple[str, str]]:
  """Returns how the file was read, and why: [(name, text), ...].

  Args:
    verdict: result of `Verdict.to_json`.
  """
  return [
    (what.replace('_', ' ').capitalize(), f'{found["value"]} ({found["why"]})')
    for what, found in (verdict.get('interface') or {}).items()
  ]


def facts(record: Mapping) -> list[tuple[str, str]]:
  """Returns how a file was judged: [(name, text), ...]; texts may be empty.

  Args:
    record: a file with its verdict.
  """
  verdict = record['verdict']
  operators = verdict.get('operators') or {}
  counts = (operators.get('histogram') or {}).items()
  release = ''
  if operators:
    release = (
      f'TensorFlow Lite {operators.get("min_runtime")}; the target is '
      f'{operators.get("target_runtime")}'
    )
    run = operators.get('target_run')
    if run:
      release += f'. {run.get("text")}'
  layers = verdict.get('protection') or {}
  present = [
    name for name, state in layers.items() if state == lockdown.IN_FORCE
  ]
  missing = [
    f'{name} ({state})' for name, state in layers.items() if name not in present
  ]
  sha256 = verdict['file']['sha256']
  options = [f'{key}: {value}' for key, value in record['options'].items()]
  return [
    ('File', f'{record["size"]:,} bytes, sha256 {sha256}'),
    ('Options', ', '.join(options)),
    ('Operators', ', '.join(f'{count} {name}' for name, count in counts)),
    ('Runtime needed', release),
    ('Timing', _timing(verdict.get('runtime') or {})),
    ('Notes', ' '.join((verdict.get('standing') or {}).get('notes', ()))),
    ('Sandbox', ', '.join(present)),
    ('Not in force', ', '.join(missing)),
  ]


def _timing(runtime: Mapping) -> str:
  median_ms = runtime.get('runtime_ms')
  if median_ms is None:
    return ''
  parts = [
    f'median of {runtime["runs"]} runs, threads: {runtime["threads"]}',
    f'{median_ms:.2f} ms with XNNPACK',
  ]
  plain_ms = runtime.get('runtime_ms_no_xnnpack')
  if plain_ms is not None:
    parts.append(f'{plain_ms:.2f} ms without')
  if runtime.get('partitions') is not None:
    parts.append(f'parts of the graph in XNNPACK: {runtime["partitions"]}')
  return '; '.join(parts)


def _measures(record: Mapping) -> dict[str, Any]:
  found = {key: record['verdict'].get(key) for key, *_ in _MEASURES}
  return found | {'size_mb': record['size'] / 1e6}


def _score(measures: Mapping) -> float:
  return measures['score'] or 0


def _measure_cells(
  measures: Mapping, intervals: Mapping, of_paper: bool = False
) -> list[Cell]:
  return [
    _measure_cell(
      key, measures[key], paper_spec if of_paper else spec, intervals
    )
    for key, _, _, spec, paper_spec, _ in _MEASURES
  ]


def _measure_cell(
  key: str, value: float | None, spec: str, intervals: Mapping
) -> Cell:
  if key not in intervals:
    return number_cell(value, spec)
  whole = spec if spec.endswith('d') else ',.0f'
  return Cell(interval_text(intervals[key], whole), detail=PREDICTED)


def _placed(cell: Cell, place: int, score: float | None) -> Cell:
  """Puts the place before a name if the file has a score."""
  if score is None:
    return cell
  text = f'{place}\N{NO-BREAK SPACE} {cell.text}'
  return cell._replace(text=text, value=place)


def _name_cell(record: Mapping, value: str | None) -> Cell:
  return Cell(
    record['name'],
    value,
    pages.moment(record['finished']),
    link=f'/verdicts/{record["id"]}',
  )


def _text_cell(text: str | None) -> Cell:
  return number_cell(None) if text is None else Cell(text, text)
