# SPDX-License-Identifier: Apache-2.0
"""Shows a leaderboard as text and as Markdown."""

from collections.abc import Callable
from collections.abc import Sequence
import typing

from depth_mai.metrics import table
from depth_mai.ranking import leaderboard_content as standings
from depth_mai.report import leaderboard_rows

_TITLES = {
  'fp32': 'FP32',
  'fp16': 'FP16',
  'int8': 'INT8',
  'dynamic': 'dynamic',
  'int16x8': '16x8',
}
# Our measure and the one of Table 1 that it is held against.
_CORRELATED = {
  'runtime_ms': ('runtime with XNNPACK', 'runtime'),
  'runtime_ms_no_xnnpack': ('runtime without XNNPACK', 'runtime'),
  'instructions': ('instructions with XNNPACK', 'runtime'),
  'instructions_no_xnnpack': ('instructions without XNNPACK', 'runtime'),
  'macs': ('MACs', 'runtime'),
  'si_rmse': ('si-RMSE', 'si-RMSE'),
  'score': ('score', 'score'),
}


class _Section(typing.NamedTuple):
  """A heading and a table under it."""

  heading: str
  header: Sequence[str]
  rows: Sequence[Sequence]
  formats: Sequence[str]


def text(leaderboard: dict) -> str:
  """Returns the leaderboard as aligned text.

  Args:
    leaderboard: of `standings.assemble`.
  """
  parts = [leaderboard['title'], '\n'.join(_origin(leaderboard))]
  for section in _sections(leaderboard):
    parts.append(f'{section.heading}\n\n{_laid_out(section, table.text_table)}')
  parts += _remarks(leaderboard)
  return '\n\n'.join(parts) + '\n'


def markdown(leaderboard: dict) -> str:
  """Returns the leaderboard as Markdown.

  Args:
    leaderboard: of `standings.assemble`.
  """
  parts = [f'# {leaderboard["title"]}']
  parts += ['\n'.join(f'- {line}' for line in _origin(leaderboard))]
  for section in _sections(leaderboard):
    parts += [f'## {section.heading}', _laid_out(section, table.markdown_table)]
  parts += _remarks(leaderboard)
  return '\n\n'.join(parts) + '\n'


def _laid_out(section: _Section, lay_out: Callable) -> str:
  return lay_out(section.header, section.rows, section.formats)


def _origin(leaderboard: dict) -> list[str]:
  """Says what the figures are of, a line each."""
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
  rows = leaderboard['rows']
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
    lines.append(
      (
        str(row['rank']),
        row['system'],
        _TITLES[row['precision']],
        *_judged(row),
      )
    )
    report = row['report']
    if report is not None:
      lines.append(
        (f'({report["rank"]})', f'Table 1: {report["team"]}', None)
        + _judged(report)
      )
  return _Section(
    "Ranking, and under each system the report's own row (other data, another "
    'device)',
    ('rank', 'system', 'file', 'MB')
    + ('si-RMSE', 'RMSE [m]', 'LOG10', 'REL', ms, 'score'),
    lines,
    ('', '', '', '.2f', '.4f', '.3f', '.4f', '.4f', '.1f', '.1f'),
  )


def _judged(row: dict) -> tuple:
  return (
    row['size_mb'],
    *(row[name] for name in standings.ERRORS),
    row['runtime_ms'],
    row['score'],
  )


def _costs(rows: list[dict], ms: str) -> _Section:
  lines = []
  for row in rows:
    report = row['report'] or {}
    lines.append(
      (
        row['system'],
        _TITLES[row['precision']],
        row['parameters'],
        None if row['macs'] is None else row['macs'] / 1e6,
        *(row['sizes_mb'][name] for name in standings.SHOWN_PRECISIONS),
        row['size_mb'],
        report.get('size_mb'),
        row['size_difference_percent'],
        row['partitions'],
        row['runtime_ms'],
        row['runtime_ms_no_xnnpack'],
        report.get('runtime_ms'),
      )
    )
  return _Section(
    'Size and cost (MB of 10^6 bytes; "file" is the one that is ranked)',
    ('system', 'file', 'parameters', 'MMACs', 'FP32 MB', 'FP16 MB', 'INT8 MB')
    + ('file MB', 'Table 1 MB', 'difference %', 'partitions', ms)
    + (f'{ms} without XNNPACK', 'Table 1 ms'),
    lines,
    ('', '', ',d', '.1f', '.3f', '.3f', '.3f', '.3f', '.1f', '+.1f', '')
    + ('.2f', '.2f', '.0f'),
  )


def _precisions(entries: list[dict]) -> _Section:
  others = [
    name
    for name in _TITLES
    if name in standings.SHOWN_PRECISIONS
    or any(name in e['files'] for e in entries)
  ]
  others.remove('fp32')
  header, formats = ['system', _TITLES['fp32']], ['', '.4f']
  for name in others:
    header += [_TITLES[name], 'change']
    formats += ['.4f', '+z.2%']
  lines = []
  for entry in entries:
    line = [entry['system'], entry['files'].get('fp32', {}).get('si_rmse')]
    for name in others:
      figures = entry['files'].get(name, {})
      line += [figures.get('si_rmse'), figures.get('si_rmse_change')]
    lines.append(line)
  return _Section(
    'si-RMSE by precision, and its change to FP32', header, lines, formats
  )


def _correlations(spearman: dict) -> _Section:
  return _Section(
    "Spearman's rho (1: Table 1's order of the systems, -1: the opposite)",
    ('here', 'Table 1', 'rho', 'systems'),
    [
      (*titles, spearman[name]['rho'], spearman[name]['systems'])
      for name, titles in _CORRELATED.items()
      if name in spearman
    ],
    ('', '', '+.2f', ''),
  )


def _remarks(leaderboard: dict) -> list[str]:
  remarks = list(leaderboard['notes'])
  if leaderboard['missing']:
    remarks.append(
      'Systems of the report without a file here: '
      f'{", ".join(leaderboard["missing"])}.'
    )
  remarks += [f'Not judged: {text}' for text in leaderboard['problems']]
  return remarks
