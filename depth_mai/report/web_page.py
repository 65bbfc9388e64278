# SPDX-License-Identifier: Apache-2.0
"""HTML pages of one file: tables that sort by a click, embedded pictures.

A page loads nothing: style, script and pictures are inside it, and its content
security policy forbids the rest. Everything given as text is escaped here.
"""

import base64
from collections.abc import Collection
from collections.abc import Sequence
import html
import math
import os
import pathlib
import typing

from PIL import Image

from depth_mai.report import page_style

_MIME_TYPES = {
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}
_MISSING = '–'


class Column(typing.NamedTuple):
  """A column of a table.

  Attributes:
    heading: its name.
    hint: shown when the pointer rests on the name.
    text: whether it holds words, to be aligned to the left.
    descending: whether a first click sorts from high to low.
    style: 'other' for figures that are not from here, or empty.
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
    text: what is shown.
    value: what the column is sorted by; None sorts last.
    detail: a smaller second line.
    best: whether it is the best of its column.
    part: length of a bar below the text, 0..1; or None.
    link: where a click on the text leads; empty for nowhere.
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
    style: as that of `Column`.
  """

  heading: str
  columns: int
  note: str = ''
  style: str = ''


def number_cell(
  value: float | None, spec: str = '.4f', unit: str = '', **rest
) -> Cell:
  """Returns a cell that shows a number, or a dash if it is not known.

  Args:
    value: a number; None, NaN and infinity are unknown.
    spec: its format.
    unit: follows the number.
    **rest: further attributes of `Cell`.
  """
  if value is None or not math.isfinite(value):
    return Cell(_MISSING)
  return Cell(f'{value:{spec}}{unit}', value, **rest)


def table(
  columns: Sequence[Column],
  rows: Sequence[Sequence[Cell]],
  groups: Sequence[Group] = (),
  marked: Collection[int] = (),
) -> str:
  """Returns a table as HTML; the first column heads the rows.

  Args:
    columns: N columns.
    rows: N cells each.
    groups: headings above the columns; they must span all N.
    marked: numbers of the rows that stand out, from 0.

  Raises:
    ValueError: if a row or the groups do not have N columns.
  """
  spanned = sum(group.columns for group in groups) if groups else len(columns)
  for count in (spanned, *(len(row) for row in rows)):
    if count != len(columns):
      raise ValueError(
        f'The table has {len(columns)} columns, '
        f'{[column.heading for column in columns]}, but a row or the groups '
        f'have {count}.'
      )
  above = ''.join(
    f'<th colspan="{group.columns}"{_classes(group.style)}>'
    f'{html.escape(group.heading)}<small>{html.escape(group.note)}</small></th>'
    for group in groups
  )
  heads = ''.join(map(_head, range(len(columns)), columns))
  body = '\n'.join(
    f'<tr{_classes(number in marked and "marked")}>'
    f'{"".join(map(_cell, range(len(row)), columns, row))}</tr>'
    for number, row in enumerate(rows)
  )
  return (
    '<div class="scroll"><table>\n<thead>'
    + (f'<tr class="groups">{above}</tr>\n' if groups else '')
    + f'<tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'
  )


def picture(path: str | os.PathLike[str], alternative: str) -> str:
  """Returns a picture as HTML, its bytes inside; a click enlarges it.

  Args:
    path: a .png, .jpg or .svg file.
    alternative: what it shows, for those who do not see it.

  Raises:
    ValueError: if the file is of another kind, or no such picture.
    OSError: if the file cannot be read.
  """
  path = pathlib.Path(path)
  mime_type = _MIME_TYPES.get(path.suffix.lower())
  if mime_type is None:
    raise ValueError(
      f'{path} cannot be put into a page; a picture there is one of '
      f'{sorted(_MIME_TYPES)}.'
    )
  size = ''
  if mime_type != 'image/svg+xml':
    try:
      with Image.open(path) as image:
        size = ' width="{}" height="{}"'.format(*image.size)
    except Image.UnidentifiedImageError as error:
      raise ValueError(f'{path} is not the picture its name says.') from error
  data = base64.b64encode(path.read_bytes()).decode('ascii')
  return (
    '<div class="picture"><button title="enlarge or fit">'
    f'<img alt="{html.escape(alternative)}"{size} '
    f'src="data:{mime_type};base64,{data}"></button></div>'
  )


def page(title: str, body: str) -> str:
  """Returns a whole page.

  Args:
    title: text.
    body: HTML.
  """
  return (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    f'<title>{html.escape(title)}</title>\n<style>{page_style.STYLE}</style>\n'
    f'</head>\n<body>\n<main>\n{body}\n</main>\n'
    f'<script>{page_style.SCRIPT}</script>\n</body>\n</html>\n'
  )


def _head(number, column):
  first = 'descending' if column.descending else 'ascending'
  return (
    f'<th scope="col" data-column="{number}" data-first="{first}"'
    f'{_classes(*_of_column(column))} title="{html.escape(column.hint)}">'
    f'<button>{html.escape(column.heading)}</button></th>'
  )


def _cell(number, column, cell):
  value = ''
  if cell.value is not None:
    value = f' data-value="{html.escape(str(cell.value))}"'
  style = ''
  if cell.part is not None:
    style = f' style="--part: {100 * min(max(cell.part, 0.0), 1.0):.1f}%"'
  text = html.escape(cell.text)
  if cell.link:
    text = f'<a href="{html.escape(cell.link)}">{text}</a>'
  if cell.detail:
    text += f'<small>{html.escape(cell.detail)}</small>'
  if number == 0:
    return f'<th scope="row"{value}>{text}</th>'
  classes = _classes(
    *_of_column(column),
    cell.best and 'best',
    cell.part is not None and 'part',
    cell.text == _MISSING and 'missing',
  )
  return f'<td{classes}{value}{style}>{text}</td>'


def _of_column(column):
  return column.text and 'text', column.style, column.starts and 'starts'


def _classes(*names):
  present = ' '.join(name for name in names if name)
  return f' class="{present}"' if present else ''
