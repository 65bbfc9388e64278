# SPDX-License-Identifier: Apache-2.0
"""Formats a leaderboard as text and as Markdown."""

from collections.abc import Callable
from collections.abc import Sequence
import typing

from depth_mai.metrics import table
from depth_mai.ranking import leaderboard_content
from depth_mai.report import leaderboard_rows

_TITLES = {
  'fp32': 'FP32',
  'fp16': 'FP16',
  'int8': 'INT8',
  'dynamic': 'dynamic',
  'int16x8': '16x8',
}
# Titles of the figures of Table 1 in leaderboard_content.CORRELATED.
_PAPER_TITLES = {
  'runtime_ms': 'runtime',
  'si_rmse': 'si-RMSE',
  'score': 'score',
}


class _Section(typing.NamedTuple):
  """A table and its heading.

  Attributes:
    heading: the heading.
    columns: (title, key of a row, format of its numbers) each.
    rows: dicts; a missing key or None is shown as '-'.
  """

  heading: str
  columns: Sequence[tuple[str, str, str]]
  rows: Sequence[dict]


def text(leaderboard: dict) -> str:
  """Returns the leaderboard as aligned text.

  Args:
    leaderboard: result of `leaderboard_content.assemble`.
  """
  return _format(leaderboard, '', '', '', table.text_table)


def markdown(leaderboard: dict) -> str:
  """Returns the leaderboard as Markdown.

  Args:
    leaderboard: result of `leaderboard_content.assemble`.
  """
  return _format(leaderboard, '# ', '- ', '## ', table.markdown_table)


def _format(
  leaderboard: dict, title: str, item: str, heading: str, lay_out: Callable
) -> str:
  """Joins all parts; `title`, `item` and `heading` are prefixes of lines."""
  parts = [
    title + leaderboard['title'],
    '\n'.join(item + line for line in _origin(leaderboard)),
  ]
  for section in _sections(leaderboard):
    titles, keys, formats = zip(*section.columns, strict=True)
    cells = [[row.get(key) for key in keys] for row in section.rows]
    parts += [heading + section.heading, lay_out(titles, cells, formats)]
  return '\n\n'.join([*parts, *_remarks(leaderboard)]) + '\n'


def _origin(leaderboard: dict) -> list[str]:
  """Returns lines about the data, the device and the score."""
  data, device = leaderboard['data'], leaderboard['device']
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  return [
    f'errors: {data["images"]} images of the split {data["split"]} of '
    f'{data["data_dir_name"]}',
    f'{prefix}runtimes: {device["name"]}, {device["threads"]} thread(s), '
    f'{device["runtime"]} {device["runtime_version"]}, median of '
    f'{device["runs"]}',
    f'score: {leaderboard["score_constant"]:g} * 2^(-20 si-RMSE) / {prefix}'
    'runtime in ms with XNNPACK on this device, not the score of the challenge',
    f'created: {leaderboard["created"]}',
  ]


def _sections(leaderboard: dict) -> list[_Section]:
  rows = [
    {**row, 'file_title': _TITLES[row['precision']]}
    for row in leaderboard['rows']
  ]
  ms = f'{leaderboard_rows.runtime_prefix(leaderboard)}ms'
  return [
    _ranking(rows, ms),
    _costs(rows, ms),
    _precisions(leaderboard['precisions']),
    _correlations(leaderboard['spearman']),
  ]


def _ranking(rows: list[dict], ms: str) -> _Section:
  lines = []
  for row in rows:
    lines.append({**row, 'rank': str(row['rank'])})
    paper = row['report']
    if paper is not None:
      names = {
        'rank': f'({paper["rank"]})',
        'system': f'Table 1: {paper["team"]}',
      }
      lines.append(paper | names)
  return _Section(
    "Ranking; below each system the paper's own row (other data, another "
    'device)',
    (
      ('rank', 'rank', ''),
      ('system', 'system', ''),
      ('file', 'file_title', ''),
      ('MB', 'size_mb', '.2f'),
      ('si-RMSE', 'si_rmse', '.4f'),
      ('RMSE [m]', 'rmse', '.3f'),
      ('LOG10', 'log10', '.4f'),
      ('REL', 'rel', '.4f'),
      (ms, 'runtime_ms', '.1f'),
      ('score', 'score', '.1f'),
    ),
    lines,
  )


def _costs(rows: list[dict], ms: str) -> _Section:
  lines = [
    {
      **row,
      **row['sizes_mb'],
      **{f'paper_{key}': value for key, value in (row['report'] or {}).items()},
      'mmacs': None if row['macs'] is None else row['macs'] / 1e6,
    }
    for row in rows
  ]
  return _Section(
    'Size and cost (MB of 10^6 bytes; "file" is the one that is ranked)',
    (
      ('system', 'system', ''),
      ('file', 'file_title', ''),
      ('parameters', 'parameters', ',d'),
      ('MMACs', 'mmacs', '.1f'),
      *(
        (f'{_TITLES[name]} MB', name, '.3f')
        for name in leaderboard_content.SHOWN_PRECISIONS
      ),
      ('file MB', 'size_mb', '.3f'),
      ('Table 1 MB', 'paper_size_mb', '.1f'),
      ('difference %', 'size_difference_percent', '+.1f'),
      ('partitions', 'partitions', ''),
      (ms, 'runtime_ms', '.2f'),
      (f'{ms} without XNNPACK', 'runtime_ms_no_xnnpack', '.2f'),
      ('Table 1 ms', 'paper_runtime_ms', '.0f'),
    ),
    lines,
  )


def _precisions(entries: list[dict]) -> _Section:
  lines, there = [], set(leaderboard_content.SHOWN_PRECISIONS)
  for entry in entries:
    line = {'system': entry['system']}
    for name, figures in entry['files'].items():
      there.add(name)
      line[name] = figures['si_rmse']
      line[f'{name}_change'] = figures['si_rmse_change']
    lines.append(line)
  columns = [('system', 'system', ''), (_TITLES['fp32'], 'fp32', '.4f')]
  for name, title in _TITLES.items():
    if name in there - {'fp32'}:
      columns += [(title, name, '.4f'), ('change', f'{name}_change', '+z.2%')]
  return _Section(
    'si-RMSE by precision, and its change from FP32', columns, lines
  )


def _correlations(spearman: dict) -> _Section:
  return _Section(
    "Spearman's rho (1: Table 1's order of the systems, -1: the opposite)",
    (
      ('here', 'title', ''),
      ('Table 1', 'paper_title', ''),
      ('rho', 'rho', '+.2f'),
      ('systems', 'systems', ''),
    ),
    [
      {**spearman[name], 'title': title, 'paper_title': _PAPER_TITLES[key]}
      for name, (key, title) in leaderboard_content.CORRELATED.items()
      if name in spearman
    ],
  )


def _remarks(leaderboard: dict) -> list[str]:
  remarks = list(leaderboard['notes'])
  if leaderboard['missing']:
    remarks.append(
      'Systems of Table 1 without a file here: '
      f'{", ".join(leaderboard["missing"])}.'
    )
  remarks += [f'Not judged: {text}' for text in leaderboard['problems']]
  return remarks
