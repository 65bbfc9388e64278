# SPDX-License-Identifier: Apache-2.0
"""HTML pages of one file: tables that sort by a click, embedded pictures.

A page loads nothing: style, script and pictures are inside it, and its content
security policy forbids the rest. Everything given as text is escaped here.
"""

import base64
from collections.abc import Sequence
import html
import math
import os
import pathlib
import typing

from PIL import Image

_MIME_TYPES = {
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
}
_MISSING = '–'

_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2329;
  --soft: #5c6670; --line: #dde2e7; --shade: #f3f5f7; --accent: #0072b2;
  --bar: #cfe4f2; --other-bar: #dfe3e8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c;
  --ink: #e6eaee; --soft: #9aa5b0; --line: #2d343b; --shade: #1d2328;
  --accent: #6cbcec; --bar: #1f4561; --other-bar: #343c44; }
  .picture { filter: brightness(.9); } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .5rem; }
p, ul { max-width: 60rem; margin: .4rem 0 .9rem; }
ul { padding-left: 1.2rem; }
.soft { color: var(--soft); font-size: .925rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line);
  border-radius: 8px; }
table { border-collapse: separate; border-spacing: 0; width: 100%;
  font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .42rem .55rem; text-align: right; white-space: nowrap;
  border-top: 1px solid var(--line); background: var(--paper); }
th { font-weight: 600; }
thead th { border-top: 0; vertical-align: bottom; padding: .25rem; }
thead tr.groups th { padding: .55rem .55rem .1rem; text-align: left;
  white-space: normal; line-height: 1.3; }
th.text, td.text { text-align: left; }
tbody th { text-align: left; }
tbody tr:hover > * { background: var(--shade); }
th.other, td.other { background: var(--shade); }
td.other { color: var(--soft); }
th.starts, td.starts { border-left: 1px solid var(--line); }
tr > :first-child { position: sticky; left: 0; z-index: 1;
  border-right: 1px solid var(--line); }
td.best { font-weight: 700; color: var(--ink); }
td.missing { color: var(--soft); }
td.part { background: linear-gradient(90deg, var(--bar) var(--part),
  transparent 0) no-repeat left .55rem bottom 3px / calc(100% - 1.1rem) 3px,
  var(--paper); }
td.part.other { background: linear-gradient(90deg, var(--other-bar)
  var(--part), transparent 0) no-repeat left .55rem bottom 3px /
  calc(100% - 1.1rem) 3px, var(--shade); }
th small, td small { display: block; font-weight: 400;
  color: var(--soft); }
th button { all: unset; cursor: pointer; padding: .25rem .3rem;
  position: relative; border-radius: 4px; color: var(--accent); }
th button:hover { text-decoration: underline; }
button:focus-visible { outline: 2px solid var(--accent);
  outline-offset: 1px; }
th button::after { position: absolute; left: calc(100% - .4rem); }
th[aria-sort=ascending] button::after { content: '▴'; }
th[aria-sort=descending] button::after { content: '▾'; }
.picture { overflow-x: auto; border: 1px solid var(--line);
  border-radius: 8px; background: #ffffff; padding: 10px; }
.picture button { all: unset; display: block; cursor: zoom-in; }
.picture img { display: block; width: 100%; height: auto; min-width: 900px; }
.picture.zoomed button { cursor: zoom-out; }
.picture.zoomed img { width: auto; max-width: none; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem;
  margin: .6rem 0; font-size: .925rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, 'Cascadia Mono', Consolas, monospace;
  overflow-wrap: anywhere; white-space: pre-wrap; }
@media (max-width: 640px) { main { padding: 18px 12px 40px; }
  h1 { font-size: 1.4rem; } dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; } th, td { padding: .4rem .45rem; }
  tbody th { white-space: normal; min-width: 8.5rem; max-width: 10rem;
    overflow-wrap: anywhere; } }
@media print { .scroll, .picture { overflow: visible; } }
"""

_SCRIPT = """
for (const table of document.querySelectorAll('table')) {
  for (const button of table.querySelectorAll('thead button')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const column = Number(head.dataset.column);
      const before = head.getAttribute('aria-sort');
      const down = before ? before === 'ascending'
        : head.dataset.first === 'descending';
      for (const other of table.querySelectorAll('th[aria-sort]'))
        other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = row => row.cells[column].dataset.value ?? '';
      const rows = [...table.tBodies[0].rows].sort((a, b) => {
        const x = key(a), y = key(b);
        if (x === '' || y === '') return (x === '') - (y === '');
        const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  }
}
for (const button of document.querySelectorAll('.picture button'))
  button.addEventListener('click', () =>
    button.parentElement.classList.toggle('zoomed'));
"""


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
  """

  text: str
  value: float | str | None = None
  detail: str = ''
  best: bool = False
  part: float | None = None


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
) -> str:
  """Returns a table as HTML; the first column heads the rows.

  Args:
    columns: N columns.
    rows: N cells each.
    groups: headings above the columns; they must span all N.

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
    f'<tr>{"".join(map(_cell, range(len(row)), columns, row))}</tr>'
    for row in rows
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
    f'<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n'
    f'<body>\n<main>\n{body}\n</main>\n<script>{_SCRIPT}</script>\n</body>\n'
    '</html>\n'
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
