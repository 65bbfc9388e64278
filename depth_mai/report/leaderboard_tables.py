# SPDX-License-Identifier: Apache-2.0
"""The tables of a leaderboard's page.

Each function takes the content of leaderboard.json (see `leaderboard_rows`) and
returns HTML, which is empty where there is nothing to show. Figures that are
not known are dashes, and sort last.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import math

from depth_mai.report import leaderboard_rows
from depth_mai.report import web_page
from depth_mai.report.web_page import Cell
from depth_mai.report.web_page import Column
from depth_mai.report.web_page import Group
from depth_mai.report.web_page import number_cell

# (key, heading, hint, format here, format of the report's figures: as printed
# there, whether more is better)
_MEASURES = (
  ('score', 'Score', '640000 * 2^(-20 si-RMSE) / ms', ',.0f', ',.0f', True),
  ('si_rmse', 'si-RMSE', 'scale-invariant, of natural logs', '.4f', 'g', False),
  ('runtime_ms', 'ms', 'runtime of one picture', '.2f', 'g', False),
  ('rmse', 'RMSE m', 'root mean square error, metres', '.3f', '.2f', False),
  ('log10', 'LOG10', 'mean error of decimal logs', '.4f', '.4f', False),
  ('rel', 'REL', 'mean relative error', '.4f', '.4f', False),
  ('size_mb', 'MB', 'size of the file, 10^6 bytes', '.2f', '.1f', False),
)
_SYSTEM = Column('System', 'sorts by rank', text=True)
# What was ranked here, and what in the report if that is something else.
_COMPARED = {
  'score': ('score', ''),
  'si_rmse': ('si-RMSE', ''),
  'runtime_ms': ('runtime', ''),
  'runtime_ms_no_xnnpack': (
    'runtime, no XNNPACK',
    "with the report's runtime",
  ),
  'instructions': (
    'instructions',
    "with the report's runtime",
  ),
  'instructions_no_xnnpack': (
    'instructions, no XNNPACK',
    "with the report's runtime",
  ),
  'macs': ('MACs', "with the report's runtime"),
}
# (rho from here on, what it says).
_IN_WORDS = (
  (0.9, 'almost the same order'),
  (0.7, 'a similar order'),
  (0.4, 'a loosely similar order'),
  (-0.4, 'no common order'),
  (-math.inf, 'rather the opposite order'),
)


def ranking(leaderboard: Mapping) -> str:
  """Returns the rows as measured, each beside its row of the report."""
  rows = leaderboard_rows.rows(leaderboard)
  here, origin = leaderboard_rows.origin(leaderboard)
  there, report_origin = leaderboard_rows.PAPER_ORIGIN
  columns = [_SYSTEM]
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  for key, heading, hint, _, _, more in _MEASURES:
    before = prefix if key == 'runtime_ms' else ''
    columns.append(Column(before + heading, hint, descending=more))
  columns.append(
    Column('Rank', 'by score, in the report', style='other', starts=True)
  )
  for _, heading, hint, _, _, more in _MEASURES:
    hint = f'{hint}; of the report'
    columns.append(Column(heading, hint, descending=more, style='other'))
  groups = (
    Group('', 1),
    Group(here, len(_MEASURES), origin),
    Group(there, 1 + len(_MEASURES), report_origin, 'other'),
  )
  reports = [leaderboard_rows.paper_row(row) for row in rows]
  cells = [
    [system, *ours, number_cell(report.get('rank'), 'd'), *theirs]
    for system, ours, report, theirs in zip(
      _system_cells(rows, with_precision=True),
      _measured(rows),
      reports,
      _measured(reports, of_report=True),
      strict=True,
    )
  ]
  return web_page.table(columns, cells, groups)


def agreement(leaderboard: Mapping) -> str:
  """Returns the rank correlations with the report, with words for each."""
  spearman = leaderboard.get('spearman') or {}
  order = [key for key in _COMPARED if key in spearman]
  rows = []
  for key in order + [key for key in spearman if key not in _COMPARED]:
    measured = spearman[key] or {}
    name, detail = _COMPARED.get(key, (key, ''))
    rho = measured.get('rho')
    rows.append(
      [
        Cell(name, len(rows), detail),
        Cell(_words(rho), leaderboard_rows.known(rho)),
        number_cell(rho, '+z.2f'),
        number_cell(measured.get('systems'), 'd'),
      ]
    )
  columns = (
    Column('Compared', text=True),
    Column('In words', text=True, descending=True),
    Column("Spearman's rho", descending=True),
    Column('Systems', 'how many have both figures'),
  )
  return web_page.table(columns, rows) if rows else ''


def precisions(leaderboard: Mapping) -> str:
  """Returns size, accuracy and runtime of each system's files."""
  rows = leaderboard_rows.rows(leaderboard)
  files = {
    entry.get('system'): entry.get('files') or {}
    for entry in leaderboard.get('precisions') or ()
  }
  kinds = list(
    dict.fromkeys(kind for system in files.values() for kind in system)
  )
  columns, groups = [_SYSTEM], [Group('', 1)]
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  for kind in kinds:
    groups.append(Group(kind.upper(), 4))
    columns += [
      Column('MB', 'size of the file, 10^6 bytes', starts=True),
      Column('si-RMSE'),
      Column('change', 'of the si-RMSE against the FP32 file'),
      Column(f'{prefix}ms', 'runtime of one picture'),
    ]
  cells = []
  for system, row in zip(_system_cells(rows), rows, strict=True):
    own = files.get(row['system'], {})
    cells.append([system])
    for kind in kinds:
      cells[-1] += _file_cells(own.get(kind) or {})
  return web_page.table(columns, cells, groups) if kinds else ''


def ranked_files(leaderboard: Mapping) -> str:
  """Returns what is known of the files that were ranked."""
  rows = leaderboard_rows.rows(leaderboard)
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  columns = (
    _SYSTEM,
    Column('File', text=True),
    Column('Precision', text=True),
    Column("Report's", 'its precision, inferred from the size', text=True),
    Column('Parameters', 'weights and biases in the file'),
    Column('MACs', 'multiply-accumulates of one picture'),
    Column('MB', 'size of the file, 10^6 bytes'),
    Column("to report's", 'difference of the size'),
    Column(f'{prefix}ms', 'runtime with XNNPACK'),
    Column(f'{prefix}ms, no XNNPACK', "runtime with TFLite's own kernels"),
    Column('Parts', 'pieces of the graph that XNNPACK runs'),
  )
  cells = [
    [
      system,
      _text_cell(row.get('file')),
      _text_cell(row.get('precision')),
      _text_cell(row.get('submitted_precision')),
      number_cell(row.get('parameters'), ',d'),
      _millions_cell(row.get('macs')),
      number_cell(row.get('size_mb'), '.3f'),
      number_cell(row.get('size_difference_percent'), '+z.1f', ' %'),
      number_cell(row.get('runtime_ms'), '.2f'),
      number_cell(row.get('runtime_ms_no_xnnpack'), '.2f'),
      number_cell(row.get('partitions'), 'd'),
    ]
    for system, row in zip(_system_cells(rows), rows, strict=True)
  ]
  return web_page.table(columns, cells)


def _system_cells(rows, with_precision=False):
  cells = []
  for name, row in zip(leaderboard_rows.names(rows), rows, strict=True):
    rank = row.get('rank')
    details = [] if row['system'] == name else [row['system']]
    if with_precision and row.get('precision'):
      details.append(str(row['precision']))
    place = '' if rank is None else f'{rank}\N{NO-BREAK SPACE} '
    cells.append(Cell(f'{place}{name}', rank, ' · '.join(details)))
  return cells


def _measured(rows: Sequence[Mapping], of_report: bool = False):
  """Returns for each row its cells of _MEASURES."""
  columns = []
  for key, _, _, spec, report_spec, more in _MEASURES:
    values = [leaderboard_rows.known(row.get(key)) for row in rows]
    known = [value for value in values if value is not None]
    best = (max if more else min)(known, default=None)
    columns.append(
      [
        number_cell(
          value,
          report_spec if of_report else spec,
          best=value == best,
          part=value / best if key == 'score' and value else None,
        )
        for value in values
      ]
    )
  return list(zip(*columns, strict=True))


def _file_cells(file):
  change = leaderboard_rows.known(file.get('si_rmse_change'))
  return [
    number_cell(file.get('size_mb'), '.2f'),
    number_cell(file.get('si_rmse'), '.4f'),
    number_cell(None if change is None else 100 * change, '+z.2f', ' %'),
    number_cell(file.get('runtime_ms'), '.2f'),
  ]


def _text_cell(text):
  return number_cell(None) if text is None else Cell(str(text), str(text))


def _millions_cell(value):
  value = leaderboard_rows.known(value)
  if value is None:
    return number_cell(None)
  return Cell(f'{value / 1e6:,.1f} M', value)


def _words(rho):
  rho = leaderboard_rows.known(rho)
  if rho is None:
    return 'too few systems to say'
  return next(text for least, text in _IN_WORDS if rho >= least)
