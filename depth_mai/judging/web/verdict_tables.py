# SPDX-License-Identifier: Apache-2.0
"""The tables of the judge's pages: ours beside the report's, and all of ours.

They take verdicts as `Archive` keeps them. What is not known is a dash.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import itertools

from depth_mai.judging import verdict as verdict_lib
from depth_mai.judging.web import frame
from depth_mai.judging.web import intervals
from depth_mai.metrics import paper_results as paper_results
from depth_mai.report import web_page
from depth_mai.report.web_page import Cell
from depth_mai.report.web_page import Column
from depth_mai.report.web_page import number_cell

# (key, heading, hint, format here, format of the report's, whether more is
# better)
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


def beside_report(record: Mapping) -> str:
  """Returns the report's Table 1 with the file in its place by score.

  Args:
    record: a file with its verdict.
  """
  rows = [
    (row.score, Cell(row.team), dataclasses.asdict(row), True)
    for row in paper_results.ROWS.values()
  ]
  ours = _figures(record)
  name = Cell('This file', detail=record['name'])
  rows.append((ours['score'], name, ours, False))
  # A file without a score stands below; of equal ones, the report's first.
  rows.sort(key=lambda row: (row[0] is None, -(row[0] or 0), not row[3]))
  marked = [number for number, row in enumerate(rows) if not row[3]]
  predicted = intervals.predicted(record['verdict'])
  cells = []
  for place, (score, name, figures, of_report) in enumerate(rows, start=1):
    cells.append(
      [
        _placed(name, place, score),
        *_measured(figures, {} if of_report else predicted, of_report),
      ]
    )
  columns = (Column('Team', 'sorts by place', text=True), *_COLUMNS)
  return web_page.table(columns, cells, marked=marked)


def leaderboard(records: Sequence[Mapping]) -> str:
  """Returns the accepted files by score; nothing where there are none.

  Args:
    records: files with their verdicts.
  """
  found = [(record, _figures(record)) for record in _accepted(records)]
  if not found:
    return ''
  found.sort(key=lambda one: (one[1]['score'] is None, -(one[1]['score'] or 0)))
  cells = []
  for place, (record, figures) in enumerate(found, start=1):
    predicted = intervals.predicted(record['verdict'])
    cells.append(
      [
        _placed(_name_cell(record, None), place, figures['score']),
        *_measured(figures, predicted),
        _figure_cell('rank', record['verdict'].get('rank'), 'd', predicted),
        _text_cell((record['verdict'].get('device') or {}).get('name')),
      ]
    )
  columns = (
    Column('File', 'sorts by place', text=True),
    *_COLUMNS,
    Column('Table 1', "place that it would have had among the report's"),
    Column('Device', 'of the runtime', text=True),
  )
  return web_page.table(columns, cells)


def rejected(records: Sequence[Mapping]) -> str:
  """Returns the files that were not accepted; nothing where there are none.

  Args:
    records: files with their verdicts.
  """
  cells = []
  for record in records:
    if _is_accepted(record):
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
  return web_page.table(columns, cells) if cells else ''


def interface(verdict: Mapping) -> str:
  """Returns what the file takes and gives, and how that is known.

  Args:
    verdict: of `Verdict.to_json`.
  """
  rows = [
    [Cell(what.replace('_', ' ')), Cell(found['value']), Cell(found['why'])]
    for what, found in (verdict.get('interface') or {}).items()
  ]
  columns = [Column(name, text=True) for name in ('Interface', 'is', 'because')]
  return web_page.table(columns, rows) if rows else ''


def by_data(
  records: Sequence[Mapping], first: Mapping
) -> list[tuple[str, list[Mapping]]]:
  """Returns the records of each data set, which do not compare with others'.

  Args:
    records: files with their verdicts.
    first: `data` of those that come first, though there be none.

  Returns:
    [(the data in words, their records), ...]
  """
  key = lambda record: frame.data_text(record['data'])
  groups = {frame.data_text(first): []}
  for name, group in itertools.groupby(sorted(records, key=key), key):
    groups[name] = list(group)
  return list(groups.items())


def _accepted(records):
  return [record for record in records if _is_accepted(record)]


def _is_accepted(record):
  return record['verdict']['verdict'] == verdict_lib.ACCEPTED


def _figures(record):
  figures = {key: record['verdict'].get(key) for key, *_ in _MEASURES}
  return figures | {'size_mb': record['size'] / 1e6}


def _measured(figures, predicted, of_report=False):
  return [
    _figure_cell(
      key, figures[key], report_spec if of_report else spec, predicted
    )
    for key, _, _, spec, report_spec, _ in _MEASURES
  ]


def _figure_cell(key, value, spec, predicted):
  if key not in predicted:
    return number_cell(value, spec)
  whole = spec if spec.endswith('d') else ',.0f'
  text = intervals.shown(predicted[key], whole)
  return Cell(text, detail=intervals.PREDICTED)


def _placed(cell, place, score):
  """Puts its place before a name; a file without a score has none."""
  if score is None:
    return cell
  text = f'{place}\N{NO-BREAK SPACE} {cell.text}'
  return cell._replace(text=text, value=place)


def _name_cell(record, value):
  return Cell(
    record['name'],
    value,
    frame.moment(record['finished']),
    link=f'/verdicts/{record["id"]}',
  )


def _text_cell(text):
  return number_cell(None) if text is None else Cell(str(text), str(text))
