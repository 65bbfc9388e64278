# SPDX-License-Identifier: Apache-2.0
"""Stores measurements, so that nothing is measured twice.

Each line of the file is a JSON object: `kind` is the kind of measurement, `key`
everything that it depends on, `value` its result. Lines are only ever added,
one program at a time; of equal keys the last one counts. To repeat a
measurement, remove its line, or the file.

A line that is not a measurement, such as one that a full disk cut off, is left
out, reported and kept.
"""

from collections.abc import Callable
import contextlib
import fcntl
import json
import math
import os
import sys

from depth_mai.devices import device as device_lib
from depth_mai.files import default_places
from depth_mai.files import failures
from depth_mai.files import lock
from depth_mai.files import regular_files

# Environment variable with another path than the default one.
VARIABLE = 'DEPTH_MAI_MEASUREMENTS'
_DEFAULT = '~/.cache/depth_mai/measurements.jsonl'
# Kind of the lines with the report of a device.
REPORT_KIND = 'benchmark'
_CURE = f'Give --store another file, or set ${VARIABLE}.'


def default_path() -> str:
  """Returns $DEPTH_MAI_MEASUREMENTS, or a file under ~/.cache/depth_mai."""
  return os.environ.get(VARIABLE) or _DEFAULT


def to_stderr(line: str) -> None:
  """Prints a line about the store."""
  print(line, file=sys.stderr, flush=True)


class Store:
  """A file of measurements, which several programs may use at once."""

  def __init__(
    self,
    path: str | os.PathLike[str],
    report_line: Callable[[str], object] = to_stderr,
  ):
    """Reads the stored measurements.

    Args:
      path: the file; it need not exist yet.
      report_line: called with a sentence on lines that are left out, and on
        measurements that cannot be stored.

    Raises:
      ValueError: the path is a folder or a device, or cannot be read.
    """
    self._path = default_places.expanded(path, _CURE)
    self._report_line = report_line
    self._refused: str | None = None
    if self._path.is_dir():
      raise ValueError(
        f'{self._path} is a folder; give --store a file such as {_DEFAULT}.'
      )
    self._values: dict[str, dict] = {}
    left_out = []
    for number, line in enumerate(self._read().split(b'\n'), start=1):
      if not line.strip():
        continue
      entry = _measurement(line)
      if entry is None:
        left_out.append(number)
      else:
        self._values[_identity(entry['kind'], entry['key'])] = entry['value']
    if left_out:
      report_line(
        f'{self._path}: {len(left_out)} line(s) are not measurements and are '
        f'left out, the first is line {left_out[0]}. They stay in the file.'
      )

  def get(self, kind: str, key: dict) -> dict | None:
    """Returns the result of a measurement, or None if it is not stored.

    Args:
      kind: the kind of measurement.
      key: everything that it depends on, ready for JSON.
    """
    return self._values.get(_identity(kind, key))

  def of_kind(self, kind: str) -> list[tuple[dict, dict]]:
    """Returns the keys and values of all measurements of a kind.

    Args:
      kind: the kind of measurement.
    """
    pairs = ((json.loads(name), value) for name, value in self._values.items())
    return [(key, value) for (found, key), value in pairs if found == kind]

  def put(self, kind: str, key: dict, value: dict) -> bool:
    """Stores a measurement; it is on the disk when this returns True.

    Where the file cannot be written, the measurement is remembered until the
    program ends, and the reason is reported once.

    Args:
      kind: the kind of measurement.
      key: everything that it depends on, ready for JSON.
      value: the result, ready for JSON.

    Returns:
      Whether it is in the file.

    Raises:
      ValueError: the value contains a number that JSON does not have.
    """
    entry = {'kind': kind, 'key': key, 'value': value}
    line = json.dumps(entry, allow_nan=False) + '\n'
    self._values[_identity(kind, key)] = value
    try:
      self._append(line.encode())
    except OSError as error:
      reason = failures.explain_os_error(error)
      if reason != self._refused:
        self._refused = reason
        self._report_line(f'Measurements are not stored: {reason} {_CURE}')
      return False
    return True

  def get_report(
    self, device: device_lib.Device, sha256: str, threads: int
  ) -> dict | None:
    """Returns a device's report on a file, or None if it is not stored.

    Args:
      device: the device that measured the file.
      sha256: hash of the file.
      threads: number of threads of the report's configurations.
    """
    found = self.get(REPORT_KIND, _report_key(device, sha256, threads))
    return found if found is not None and _is_report(found) else None

  def put_report(self, device: device_lib.Device, report: dict) -> bool:
    """Stores a report, one line for each number of threads.

    Args:
      device: the device that made it.
      report: the result of its `measure`.

    Returns:
      Whether it is in the file, see `put`.
    """
    rows, sha256 = report['configurations'], report['model']['sha256']
    return all(
      [
        self.put(
          REPORT_KIND,
          _report_key(device, sha256, threads),
          {
            **report,
            'configurations': [r for r in rows if r['threads'] == threads],
          },
        )
        for threads in sorted({row['threads'] for row in rows})
      ]
    )

  def _append(self, line: bytes) -> None:
    """Adds a whole line, or raises OSError and leaves the file as it was."""
    self._path.parent.mkdir(parents=True, exist_ok=True)
    with lock.locked(self._path), open(self._path, 'r+b', buffering=0) as file:
      size = file.seek(0, os.SEEK_END)
      # What a killed writer left, or a person's line without an end, stays.
      if size and os.pread(file.fileno(), 1, size - 1) != b'\n':
        line = b'\n' + line
      try:
        while line:
          line = line[file.write(line) :]
        os.fsync(file.fileno())
      except OSError:
        file.truncate(size)
        raise

  def _read(self) -> bytes:
    """Returns the content, without a line that another program is writing."""
    try:
      with regular_files.open_binary(self._path) as file:
        # A file system that has no locks can still be read.
        with contextlib.suppress(OSError):
          fcntl.flock(file, fcntl.LOCK_SH)
        return file.read()
    except (FileNotFoundError, NotADirectoryError):
      return b''
    except OSError as error:
      raise ValueError(f'{failures.explain_os_error(error)} {_CURE}') from error


def _measurement(line: bytes) -> dict | None:
  """Returns the entry of a line, or None if it is not a measurement."""
  try:
    entry = json.loads(
      line.decode('utf-8-sig'), parse_constant=_finite, parse_float=_finite
    )
  except (ValueError, RecursionError):
    return None
  if not isinstance(entry, dict) or not isinstance(entry.get('kind'), str):
    return None
  whole = all(isinstance(entry.get(name), dict) for name in ('key', 'value'))
  return entry if whole else None


def _finite(text: str) -> float:
  """Returns a number; JSON has neither infinity nor NaN."""
  number = float(text)
  if not math.isfinite(number):
    raise ValueError(f'{text} is not a finite number.')
  return number


def _is_report(value: dict) -> bool:
  """Returns whether a value has what is read of a report."""
  rows = value.get('configurations')
  if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
    return False
  numbers = ('median_ms', 'mean_ms', 'predicted_ms_low', 'predicted_ms_high')
  return any(row.get('xnnpack') is True for row in rows) and all(
    isinstance(row.get('xnnpack'), bool)
    and 'partitions' in row
    and isinstance(row.get('state_before', {}), dict)
    and all(isinstance(row.get(n) or 0.0, int | float) for n in numbers)
    for row in rows
  )


def _identity(kind: str, key: dict) -> str:
  """Returns a text that is the same for equal keys."""
  return json.dumps([kind, key], sort_keys=True)


def _report_key(device: device_lib.Device, sha256: str, threads: int) -> dict:
  return {'sha256': sha256, 'threads': threads, **device.time_key()}
