# SPDX-License-Identifier: Apache-2.0
"""Reads the parts of leaderboard.json that plot, page and tables share.

`ranking.leaderboard_content` describes the file. It writes None for an unknown
number; the functions here also accept a missing key.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import math

# A heading, and a note on the data and the device of the figures below it.
Origin = tuple[str, str]

PAPER_ORIGIN: Origin = (
  'Table 1 of the paper',
  "the organisers' ZED pictures; Raspberry Pi 4: other data, another device",
)


def rows(leaderboard: Mapping) -> list[Mapping]:
  """Returns the rows sorted by rank; rows without a rank are last.

  Args:
    leaderboard: the content of leaderboard.json.

  Raises:
    ValueError: if it has no rows, or a row does not name its system.
  """
  found = list(leaderboard.get('rows') or ())
  if not found:
    raise ValueError(
      'The leaderboard has no rows; give the content of a leaderboard.json '
      f'with at least one system. The keys given: {sorted(leaderboard)}.'
    )
  for row in found:
    if not row.get('system'):
      raise ValueError(f'A row of the leaderboard names no system: {row}.')
  return sorted(found, key=_rank)


def paper_row(row: Mapping) -> Mapping:
  """Returns a row's results in Table 1 of the paper; empty if it has none."""
  return row.get('report') or {}


def names(rows_: Sequence[Mapping]) -> list[str]:
  """Returns the teams of the rows, or their systems where a team repeats.

  Args:
    rows_: rows of the leaderboard.
  """
  teams = [row.get('team') for row in rows_]
  return [
    team if team and teams.count(team) == 1 else row['system']
    for team, row in zip(teams, rows_, strict=True)
  ]


def known(value: float | None) -> float | None:
  """Returns a number unchanged, but None for NaN and infinity."""
  return value if value is not None and math.isfinite(value) else None


def origin(leaderboard: Mapping) -> Origin:
  """Returns a heading and a note that names data and device.

  Args:
    leaderboard: the content of leaderboard.json.
  """
  return 'This run', f'{data_text(leaderboard)}; {device_text(leaderboard)}'


def data_text(leaderboard: Mapping) -> str:
  """Returns text such as 'indoor, validation split, 192 pictures'."""
  data = leaderboard.get('data') or {}
  parts = [
    data.get('data_dir_name'),
    data.get('split') and f'{data["split"]} split',
    data.get('images') and f'{data["images"]} pictures',
  ]
  return ', '.join(str(part) for part in parts if part) or 'unnamed data'


def device_text(leaderboard: Mapping) -> str:
  """Returns text such as 'Raspberry Pi 4 Model B Rev 1.5, 4 threads'."""
  device = leaderboard.get('device') or {}
  name = str(device.get('name') or 'an unnamed device')
  threads = device.get('threads')
  if threads is None:
    return name
  return f'{name}, {threads} thread{"s" if threads != 1 else ""}'


def runtime_prefix(leaderboard: Mapping) -> str:
  """Returns the prefix of all headings of runtimes: '' or 'predicted '."""
  return 'predicted ' if leaderboard.get('runtimes') == 'predicted' else ''


def _rank(row):
  rank = row.get('rank')
  return (rank is None, rank or 0)
