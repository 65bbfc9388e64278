# SPDX-License-Identifier: Apache-2.0
"""The columns and cells of a table, which templates/macros.html draws."""

from collections.abc import Collection
from collections.abc import Sequence
import dataclasses
import math
import typing

MISSING = '–'


class Column(typing.NamedTuple):
  """A column of a table.

  Attributes:
    heading: its name.
    hint: shown when the pointer rests on the name.
    text: whether it contains words, which are aligned to the left.
    descending: whether the first click sorts from high to low.
    style: 'other' for figures from elsewhere, or empty.
    starts: whether a line separates it from the column before it.
  """

  heading: str
  hint: str = ''
  text: bool = False
  descending: bool = False
  style: str = ''
  starts: bool = False


class Cell(typing.NamedTuple):
  """A cell of a table.

  Attributes:
    text: the text shown.
    value: the key for sorting the column; None sorts last.
    detail: a smaller second line.
    best: whether it is the best of its column.
    part: length of a bar below the text, 0..1; None for no bar.
    link: address that the text links to; empty for none.
  """

  text: str
  value: float | str | None = None
  detail: str = ''
  best: bool = False
  part: float | None = None
  link: str = ''


class Group(typing.NamedTuple):
  """A heading above several columns.

  Attributes:
    heading: its name.
    columns: how many columns it spans.
    note: a smaller second line.
    style: as in `Column`.
  """

  heading: str
  columns: int
  note: str = ''
  style: str = ''


@dataclasses.dataclass(frozen=True)
class Table:
  """A table; the first cell of each row heads the row.

  Attributes:
    columns: N columns.
    rows: rows of N cells.
    groups: headings above the columns, which span all N; or empty.
    marked: indices of the highlighted rows.
  """

  columns: Sequence[Column]
  rows: Sequence[Sequence[Cell]]
  groups: Sequence[Group] = ()
  marked: Collection[int] = ()

  def __post_init__(self):
    """Checks the shape.

    Raises:
      ValueError: if a row or the groups do not have N columns.
    """
    counts = [len(row) for row in self.rows]
    if self.groups:
      counts.append(sum(group.columns for group in self.groups))
    for count in counts:
      if count != len(self.columns):
        raise ValueError(
          f'The table has {len(self.columns)} columns, '
          f'{[column.heading for column in self.columns]}, but a row or the '
          f'groups have {count}.'
        )


def number_cell(
  value: float | None, spec: str = '.4f', unit: str = '', **rest: typing.Any
) -> Cell:
  """Returns a cell with a number, or with a dash if the number is unknown.

  Args:
    value: a number; None, NaN and infinity are unknown.
    spec: its format.
    unit: text after the number.
    **rest: further attributes of `Cell`.
  """
  if value is None or not math.isfinite(value):
    return Cell(MISSING)
  return Cell(f'{value:{spec}}{unit}', value, **rest)
