# SPDX-License-Identifier: Apache-2.0
"""Keeps what was measured, so that nothing is measured twice.

One JSON object a line: `kind` says what was measured, `key` on what and with
what (any change of it is another measurement), `value` what came out. To
measure something anew, remove its line, or the file.
"""

import json
import os

from depth_mai import atomic

# In the output folder of a leaderboard.
FILE_NAME = 'judged.jsonl'


class Store:
  """A file of measurements."""

  def __init__(self, path: str | os.PathLike[str]):
    """Reads what was measured before.

    Args:
      path: the file; it need not be there yet.

    Raises:
      ValueError: if a line of the file is no measurement.
    """
    self._path = os.fspath(path)
    self._entries = {}
    for number, line in enumerate(self._read(), start=1):
      try:
        entry = json.loads(line)
        kind, key, _ = (entry[name] for name in ('kind', 'key', 'value'))
        self._entries[_identity(kind, key)] = entry
      except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
          f'{self._path}, line {number}, is no measurement ({error!r}). Remove '
          'the line, or the file to measure everything anew.'
        ) from error

  def get(self, kind: str, key: dict) -> dict | None:
    """Returns a measurement, or None if there is none.

    Args:
      kind: what was measured.
      key: on what and with what, anything that json takes.
    """
    entry = self._entries.get(_identity(kind, key))
    return entry and entry['value']

  def put(self, kind: str, key: dict, value: dict) -> None:
    """Keeps a measurement; it is on the disk when this returns.

    Args:
      kind: what was measured.
      key: on what and with what.
      value: what came out, anything that json takes.
    """
    entry = {'kind': kind, 'key': key, 'value': value}
    entries = {**self._entries, _identity(kind, key): entry}
    lines = [
      json.dumps(entry, allow_nan=False) + '\n' for entry in entries.values()
    ]
    atomic.write_text(self._path, ''.join(lines))
    self._entries = entries

  def _read(self) -> list[str]:
    if not os.path.exists(self._path):
      return []
    with open(self._path, encoding='utf-8') as stream:
      return stream.read().splitlines()


def _identity(kind: str, key: dict) -> str:
  """Returns a text that is the same for equal keys."""
  return json.dumps([kind, key], sort_keys=True)
