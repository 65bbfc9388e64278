# SPDX-License-Identifier: Apache-2.0
"""Tables as aligned text, for terminals and logs, and as Markdown."""

_GAP = '  '
_EMPTY = '-'


def text_table(header, rows, formats=None):
  """Lays out rows under a header.

  Columns that hold only numbers (and gaps) are aligned to the right, others to
  the left.

  Args:
    header: the column names, a sequence of N strings.
    rows: sequences of N cells: strings, numbers, or None, shown as '-'.
    formats: N format specifications for the numbers of each column, such as
      '.4f' or ',d'; default: whole numbers as they are, others as '.4f'.

  Returns:
    The table, one line per row, without a newline at the end.

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


def markdown_table(header, rows, formats=None):
  """Lays out rows under a header, as a table of GitHub's Markdown.

  Columns are aligned as in `text_table`.

  Args:
    header: as `text_table` takes it.
    rows: as `text_table` takes them; a `|` in a cell is kept a character.
    formats: as `text_table` takes them.

  Returns:
    The table, one line per row, without a newline at the end.

  Raises:
    ValueError: if a row or `formats` does not have N entries.
  """
  lines, is_text = _cells(header, rows, formats)
  lines = [[cell.replace('|', r'\|') for cell in line] for line in lines]
  lines.insert(1, ['---' if left else '---:' for left in is_text])
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def metrics_tables(result):
  """Shows what `DepthMetrics.result` returns.

  Args:
    result: the dict of `DepthMetrics.result`.

  Returns:
    Two tables, the metrics and their spread over distance, as one string.
  """
  names = (
    ('RMSE [m]', 'rmse'),
    ('si-RMSE', 'si_rmse'),
    ('LOG10', 'log10'),
    ('REL', 'rel'),
    ('delta < 1.25', 'delta1'),
    ('delta < 1.25^2', 'delta2'),
    ('delta < 1.25^3', 'delta3'),
  )
  overall = text_table(
    ('metric', 'mean of images', 'all pixels'),
    [(title, result[key], result[f'pooled_{key}']) for title, key in names],
  )
  by_range = text_table(
    (
      'distance',
      'pixels',
      'share',
      'RMSE [m]',
      'bias [m]',
      'LOG10',
      'REL',
      'delta < 1.25',
    ),
    [
      (
        label,
        errors['pixels'],
        errors['share'],
        errors['rmse'],
        errors['bias'],
        errors['log10'],
        errors['rel'],
        errors['delta1'],
      )
      for label, errors in result['ranges'].items()
    ],
    ('', ',d', '.1%', '.4f', '+.4f', '.4f', '.4f', '.4f'),
  )
  count = f'{result["images"]} images, {result["pixels"]:,} known pixels'
  if result['skipped_images']:
    count += f'; {result["skipped_images"]} skipped (no known pixel)'
  return f'{count}\n\n{overall}\n\n{by_range}'


def _cells(header, rows, formats):
  """Returns all lines of a table as texts, and which columns are text."""
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


def _cell_text(cell, spec):
  if cell is None:
    return _EMPTY
  if isinstance(cell, str):
    return cell
  if not spec and isinstance(cell, int):
    return str(cell)
  return format(cell, spec or '.4f')
