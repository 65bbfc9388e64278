# SPDX-License-Identifier: Apache-2.0
"""Writes a leaderboard as one HTML file.

The template `leaderboard.html` contains the text; the tables are assembled
here. Each row is shown next to the system's row in Table 1 of the paper, which
was measured on other pictures and another device. Unknown figures are dashes
and sort last. Plot and depth pictures are inside the file.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import math
import os
import typing

from depth_mai.files import atomic
from depth_mai.metrics import score as score_lib
from depth_mai.report import leaderboard_rows
from depth_mai.web import pages
from depth_mai.web.sortable_table import Cell
from depth_mai.web.sortable_table import Column
from depth_mai.web.sortable_table import Group
from depth_mai.web.sortable_table import Table
from depth_mai.web.sortable_table import number_cell


class _Figure(typing.NamedTuple):
  """A column whose cells are the value of a key.

  Attributes:
    key: of leaderboard.json.
    heading: of the column.
    spec: format of the number, a blank and its unit; empty for text.
    hint: of the column.
  """

  key: str
  heading: str
  spec: str = ''
  hint: str = ''

  def column(self, prefix: str = '', **rest: typing.Any) -> Column:
    """Returns the column; `prefix` precedes the headings of runtimes."""
    if not self.key.startswith('runtime_ms'):
      prefix = ''
    return Column(
      prefix + self.heading,
      self.hint,
      text=not self.spec,
      descending=self.key == 'score',
      **rest,
    )

  def cell(self, values: Mapping) -> Cell:
    """Returns the cell for the values of a row."""
    value = values.get(self.key)
    if value is None:
      return number_cell(None)
    if not self.spec:
      return Cell(str(value), str(value))
    spec, blank, unit = self.spec.partition(' ')
    return number_cell(_FACTORS.get(self.key, 1) * value, spec, blank + unit)


# From the unit in leaderboard.json to the unit shown.
_FACTORS = {'macs': 1e-6, 'si_rmse_change': 100}
_SYSTEM = Column('System', 'sorts by rank', text=True)
_SIZE_HINT = 'size of the file, 10^6 bytes'
_MEASURES = (
  _Figure('score', 'Score', ',.0f', '640000 * 2^(-20 si-RMSE) / ms'),
  _Figure('si_rmse', 'si-RMSE', '.4f', 'scale-invariant, natural logarithm'),
  _Figure('runtime_ms', 'ms', '.2f', 'runtime per picture'),
  _Figure('rmse', 'RMSE m', '.3f', 'root mean square error, metres'),
  _Figure('log10', 'LOG10', '.4f', 'mean error of the decimal logarithm'),
  _Figure('rel', 'REL', '.4f', 'mean relative error'),
  _Figure('size_mb', 'MB', '.2f', _SIZE_HINT),
)
# The digits that Table 1 prints.
_PAPER_SPECS = (',.0f', 'g', 'g', '.2f', '.4f', '.4f', '.1f')
_PAPER_RANK = _Figure('rank', 'Rank', 'd', "by the paper's scores")
# Columns of one precision of a system.
_PRECISION = (
  _Figure('size_mb', 'MB', '.2f', _SIZE_HINT),
  _Figure('si_rmse', 'si-RMSE', '.4f'),
  _Figure('si_rmse_change', 'change', '+z.2f %', 'of si-RMSE from FP32'),
  _Figure('runtime_ms', 'ms', '.2f', 'runtime per picture'),
)
# Columns of a ranked file.
_FILE = (
  _Figure('file', 'File'),
  _Figure('precision', 'Precision'),
  _Figure('submitted_precision', "Paper's", '', 'inferred from the size'),
  _Figure('parameters', 'Parameters', ',d', 'weights and biases in the file'),
  _Figure('macs', 'MACs', ',.1f M', 'multiply-accumulates per picture'),
  _Figure('size_mb', 'MB', '.3f', _SIZE_HINT),
  _Figure('size_difference_percent', "from paper's", '+z.1f %', 'in size'),
  _Figure('runtime_ms', 'ms', '.2f', 'runtime with XNNPACK'),
  _Figure(
    'runtime_ms_no_xnnpack',
    'ms, no XNNPACK',
    '.2f',
    "runtime with TFLite's own kernels",
  ),
  _Figure('partitions', 'Partitions', 'd', 'of the graph, in XNNPACK'),
)
_WITH_RUNTIME = "with the paper's runtime"
# Name of each rank correlation, and a note.
_COMPARED = {
  'score': ('score', ''),
  'si_rmse': ('si-RMSE', ''),
  'runtime_ms': ('runtime', ''),
  'runtime_ms_no_xnnpack': ('runtime, no XNNPACK', _WITH_RUNTIME),
  'instructions': ('instructions', _WITH_RUNTIME),
  'instructions_no_xnnpack': ('instructions, no XNNPACK', _WITH_RUNTIME),
  'macs': ('MACs', _WITH_RUNTIME),
}
# (smallest rho, its meaning).
_IN_WORDS = (
  (0.9, 'almost the same order'),
  (0.7, 'a similar order'),
  (0.4, 'a loosely similar order'),
  (-0.4, 'no common order'),
  (-math.inf, 'rather the opposite order'),
)


def check_installed() -> None:
  """Checks, before any work for a page, that pages can be written.

  Raises:
    ValueError: if Jinja2 is not installed.
  """
  pages.optional_package('jinja2', extra='report')


def write_page(
  path: str | os.PathLike[str],
  leaderboard: Mapping,
  plot_path: str | os.PathLike[str] | None,
  pictures_path: str | os.PathLike[str] | None,
  command: str = '',
  pictures_note: str = '',
) -> None:
  """Writes the page.

  Args:
    path: the .html file to write.
    leaderboard: the content of leaderboard.json, see `leaderboard_rows`.
    plot_path: the picture of `leaderboard_plot`, or None.
    pictures_path: the picture of `leaderboard_pictures`, or None.
    command: the command that made the leaderboard.
    pictures_note: how the example pictures were chosen, a sentence.

  Raises:
    ValueError: if the leaderboard has no rows, a picture cannot be shown, or
      Jinja2 is not installed.
    OSError: if a file cannot be read or written.
  """
  check_installed()
  rows = leaderboard_rows.rows(leaderboard)
  missing = leaderboard.get('missing') or ()
  text = pages.render_one_file(
    'leaderboard.html',
    leaderboard=leaderboard,
    data=leaderboard_rows.data_text(leaderboard),
    device=leaderboard_rows.device_text(leaderboard),
    first=leaderboard_rows.names(rows)[0],
    best_score=leaderboard_rows.known(rows[0].get('score')),
    score_constant=leaderboard.get('score_constant')
    or score_lib.SCORE_CONSTANT,
    ranking=ranking(leaderboard),
    agreement=agreement(leaderboard),
    precisions=precisions(leaderboard),
    ranked_files=ranked_files(leaderboard),
    plot=plot_path
    and pages.embedded(plot_path, 'si-RMSE against runtime of the systems'),
    pictures=pictures_path
    and pages.embedded(
      pictures_path,
      'example pictures, their true depth, and depth and error of each system',
    ),
    pictures_note=pictures_note,
    not_judged=[
      *(f'{system}: there is no judged file.' for system in missing),
      *(leaderboard.get('problems') or ()),
    ],
    command=command,
  )
  atomic.write_text(path, text)


def ranking(leaderboard: Mapping) -> Table:
  """Returns the rows as measured, each next to its row of the paper."""
  rows = leaderboard_rows.rows(leaderboard)
  published = [leaderboard_rows.paper_row(row) for row in rows]
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  paper_measures = [
    figure._replace(spec=spec, hint=f'{figure.hint}; of the paper')
    for figure, spec in zip(_MEASURES, _PAPER_SPECS, strict=True)
  ]
  here, origin = leaderboard_rows.origin(leaderboard)
  there, paper_origin = leaderboard_rows.PAPER_ORIGIN
  return Table(
    [
      _SYSTEM,
      *(figure.column(prefix) for figure in _MEASURES),
      _PAPER_RANK.column(style='other', starts=True),
      *(figure.column(style='other') for figure in paper_measures),
    ],
    [
      [system, *ours, _PAPER_RANK.cell(paper), *theirs]
      for system, ours, paper, theirs in zip(
        _system_cells(rows, with_precision=True),
        _measured(rows, _MEASURES),
        published,
        _measured(published, paper_measures),
        strict=True,
      )
    ],
    (
      Group('', 1),
      Group(here, len(_MEASURES), origin),
      Group(there, 1 + len(_MEASURES), paper_origin, 'other'),
    ),
  )


def agreement(leaderboard: Mapping) -> Table | None:
  """Returns the rank correlations with the paper; None if there are none."""
  spearman = leaderboard.get('spearman') or {}
  order = [key for key in _COMPARED if key in spearman]
  rows: list[list[Cell]] = []
  for key in order + [key for key in spearman if key not in _COMPARED]:
    measured = spearman[key] or {}
    name, detail = _COMPARED.get(key, (key, ''))
    rho = leaderboard_rows.known(measured.get('rho'))
    if rho is None:
      words = 'too few systems'
    else:
      words = next(text for least, text in _IN_WORDS if rho >= least)
    rows.append(
      [
        Cell(name, len(rows), detail),
        Cell(words, rho),
        number_cell(rho, '+z.2f'),
        number_cell(measured.get('systems'), 'd'),
      ]
    )
  columns = (
    Column('Compared', text=True),
    Column('In words', text=True, descending=True),
    Column("Spearman's rho", descending=True),
    Column('Systems', 'with both figures'),
  )
  return Table(columns, rows) if rows else None


def precisions(leaderboard: Mapping) -> Table | None:
  """Returns size, accuracy and runtime of each system's files; or None."""
  rows = leaderboard_rows.rows(leaderboard)
  files = {
    entry.get('system'): entry.get('files') or {}
    for entry in leaderboard.get('precisions') or ()
  }
  kinds = list(dict.fromkeys(kind for own in files.values() for kind in own))
  if not kinds:
    return None
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  columns = [figure.column(prefix) for figure in _PRECISION]
  columns[0] = columns[0]._replace(starts=True)
  cells = []
  for system, row in zip(_system_cells(rows), rows, strict=True):
    own = files.get(row['system'], {})
    cells.append([system])
    for kind in kinds:
      cells[-1] += [figure.cell(own.get(kind) or {}) for figure in _PRECISION]
  return Table(
    [_SYSTEM, *(len(kinds) * columns)],
    cells,
    [Group('', 1), *(Group(kind.upper(), len(columns)) for kind in kinds)],
  )


def ranked_files(leaderboard: Mapping) -> Table:
  """Returns the properties of the ranked files."""
  rows = leaderboard_rows.rows(leaderboard)
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  return Table(
    [_SYSTEM, *(figure.column(prefix) for figure in _FILE)],
    [
      [system, *(figure.cell(row) for figure in _FILE)]
      for system, row in zip(_system_cells(rows), rows, strict=True)
    ],
  )


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


def _measured(
  rows: Sequence[Mapping], figures: Sequence[_Figure]
) -> Iterator[tuple[Cell, ...]]:
  """Yields the cells of each row; the best of each column is marked."""
  columns = []
  for figure in figures:
    cells = [figure.cell(row) for row in rows]
    known = [c.value for c in cells if isinstance(c.value, (int, float))]
    is_score = figure.key == 'score'
    best = (max if is_score else min)(known, default=None)
    for index, cell in enumerate(cells):
      if isinstance(cell.value, (int, float)):
        part = cell.value / best if is_score and best else None
        cells[index] = cell._replace(best=cell.value == best, part=part)
    columns.append(cells)
  return zip(*columns, strict=True)
