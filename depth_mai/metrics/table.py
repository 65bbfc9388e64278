# SPDX-License-Identifier: Apache-2.0
"""Formats tables as aligned text, for terminals and logs, and as Markdown.

Written by hand because a device has no package for tables.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

_GAP = '  '
_EMPTY = '-'

_METRIC_TITLES = {
  'rmse': 'RMSE [m]',
  'si_rmse': 'si-RMSE',
  'log10': 'LOG10',
  'rel': 'REL',
  'delta1': 'delta < 1.25',
  'delta2': 'delta < 1.25^2',
  'delta3': 'delta < 1.25^3',
}
# The columns of the table by distance and their formats.
_RANGE_FORMATS = {
  'pixels': ',d',
  'share': '.1%',
  'rmse': '.4f',
  'bias': '+.4f',
  'log10': '.4f',
  'rel': '.4f',
  'delta1': '.4f',
}
_RANGE_TITLES = {'bias': 'bias [m]', **_METRIC_TITLES}


def text_table(
  header: Sequence[str],
  rows: Sequence[Sequence[Any]],
  formats: Sequence[str] | None = None,
) -> str:
  """Formats rows under a header as aligned text.

  Columns that contain only numbers and empty cells are aligned to the right,
  others to the left.

  Args:
    header: the column names, a sequence of N strings.
    rows: sequences of N cells: strings, numbers, or None, shown as '-'.
    formats: N format specifications for the numbers of each column, such as
      '.4f' or ',d'; default: integers unformatted, other numbers as '.4f'.

  Returns:
    The table, one line per row, without a trailing newline.

  Raises:
    ValueError: if a row or `formats` does not have N entries.
  """
  lines, is_text = _cells(header, rows, formats)
  widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
  lines.insert(1, ['-' * width for width in widths])
  return '\n'.join(
    _GAP.join(
      cell.ljust(width) if left else cell.rjust(width)
      for cell, width, left in zip(line, widths, is_text, strict=True)
    ).rstrip()
    for line in lines
  )


def markdown_table(
  header: Sequence[str],
  rows: Sequence[Sequence[Any]],
  formats: Sequence[str] | None = None,
) -> str:
  """Formats rows under a header as a table in GitHub's Markdown.

  Columns are aligned as in `text_table`.

  Args:
    header: see `text_table`.
    rows: see `text_table`; a `|` in a cell is escaped.
    formats: see `text_table`.

  Returns:
    The table, one line per row, without a trailing newline.

  Raises:
    ValueError: if a row or `formats` does not have N entries.
  """
  lines, is_text = _cells(header, rows, formats)
  lines = [[cell.replace('|', r'\|') for cell in line] for line in lines]
  lines.insert(1, ['---' if left else '---:' for left in is_text])
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def metrics_tables(result: Mapping[str, Any]) -> str:
  """Formats the metrics of a split.

  Args:
    result: the dict of `DepthMetrics.result`.

  Returns:
    Two tables as one string: the metrics, and the errors by distance.
  """
  overall = text_table(
    ('metric', 'mean of images', 'all pixels'),
    [
      (title, result[key], result[f'pooled_{key}'])
      for key, title in _METRIC_TITLES.items()
    ],
  )
  by_range = text_table(
    ('distance', *(_RANGE_TITLES.get(key, key) for key in _RANGE_FORMATS)),
    [
      (label, *(errors[key] for key in _RANGE_FORMATS))
      for label, errors in result['ranges'].items()
    ],
    ('', *_RANGE_FORMATS.values()),
  )
  count = f'{result["images"]} images, {result["pixels"]:,} known pixels'
  if result['skipped_images']:
    count += f'; {result["skipped_images"]} skipped (no known pixel)'
  return f'{count}\n\n{overall}\n\n{by_range}'


def _cells(
  header: Sequence[str],
  rows: Sequence[Sequence[Any]],
  formats: Sequence[str] | None,
) -> tuple[list[list[str]], list[bool]]:
  """Returns the formatted cells, and for each column whether it is text."""
  header = [str(name) for name in header]
  formats = [''] * len(header) if formats is None else list(formats)
  for what, cells in (('formats', formats), *(('A row', row) for row in rows)):
    if len(cells) != len(header):
      raise ValueError(
        f'{what} has {len(cells)} entries but the table has {len(header)} '
        f'columns {header}: {list(cells)}.'
      )
  is_text = [
    any(isinstance(row[i], str) for row in rows) for i in range(len(header))
  ]
  texts = [
    [_cell_text(cell, spec) for cell, spec in zip(row, formats, strict=True)]
    for row in rows
  ]
  return [header, *texts], is_text


def _cell_text(cell: Any, spec: str) -> str:
  if cell is None:
    return _EMPTY
  if isinstance(cell, str):
    return cell
  if not spec and isinstance(cell, int):
    return str(cell)
  return format(cell, spec or '.4f')
