# SPDX-License-Identifier: Apache-2.0
"""Keeps what was measured, so that nothing is measured twice.

One JSON object a line: `kind` says what was measured, `key` on what and with
what (any change of it is another measurement), `value` what came out. Lines are
only ever added; of equal keys the last one counts. To measure something anew,
remove its line, or the file.
"""

import json
import os
import pathlib

# Names another file than the default one.
VARIABLE = 'DEPTH_MAI_MEASUREMENTS'
_DEFAULT = '~/.cache/depth_mai/measurements.jsonl'


def default_path() -> str:
  """Returns $DEPTH_MAI_MEASUREMENTS, or a file under ~/.cache/depth_mai."""
  return os.environ.get(VARIABLE) or _DEFAULT


class Store:
  """A file of measurements."""

  def __init__(self, path: str | os.PathLike[str]):
    """Reads what was measured before.

    Args:
      path: the file; it need not be there yet.

    Raises:
      ValueError: if a line of the file is no measurement.
    """
    self._path = pathlib.Path(path).expanduser()
    self._values = {}
    # Behind the last line's end there may be what a killed writer left.
    whole, _, _ = self._read().rpartition('\n')
    for number, line in enumerate(whole.splitlines(), start=1):
      try:
        entry = json.loads(line)
        kind, key, value = (entry[name] for name in ('kind', 'key', 'value'))
        self._values[_identity(kind, key)] = value
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
    return self._values.get(_identity(kind, key))

  def put(self, kind: str, key: dict, value: dict) -> None:
    """Keeps a measurement; it is on the disk when this returns.

    Args:
      kind: what was measured.
      key: on what and with what.
      value: what came out, anything that json takes.

    Raises:
      ValueError: if it holds a number that JSON does not have.
      OSError: if the file cannot be written.
    """
    entry = {'kind': kind, 'key': key, 'value': value}
    line = json.dumps(entry, allow_nan=False) + '\n'
    self._path.parent.mkdir(parents=True, exist_ok=True)
    with open(self._path, 'a+b', buffering=0) as stream:
      # What a killed writer left of its line goes.
      stream.seek(0)
      stream.truncate(stream.read().rfind(b'\n') + 1)
      # One write at the end, so that lines of two programs do not mix.
      stream.write(line.encode())
      os.fsync(stream.fileno())
    self._values[_identity(kind, key)] = value

  def _read(self) -> str:
    if not self._path.exists():
      return ''
    return self._path.read_text(encoding='utf-8', errors='replace')


def _identity(kind: str, key: dict) -> str:
  """Returns a text that is the same for equal keys."""
  return json.dumps([kind, key], sort_keys=True)
