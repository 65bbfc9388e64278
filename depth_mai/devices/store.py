# SPDX-License-Identifier: Apache-2.0
"""Stores measurements, so that nothing is measured twice.

Each line of the file is a JSON object: `kind` is the kind of measurement, `key`
everything that it depends on, `value` its result. Lines are only ever added; of
equal keys the last one counts. To repeat a measurement, remove its line, or the
file.
"""

import json
import os
import pathlib

from depth_mai.devices import device as device_lib

# Environment variable with another path than the default one.
VARIABLE = 'DEPTH_MAI_MEASUREMENTS'
_DEFAULT = '~/.cache/depth_mai/measurements.jsonl'
# Kind of the lines with the report of a device.
REPORT_KIND = 'benchmark'


def default_path() -> str:
  """Returns $DEPTH_MAI_MEASUREMENTS, or a file under ~/.cache/depth_mai."""
  return os.environ.get(VARIABLE) or _DEFAULT


class Store:
  """A file of measurements."""

  def __init__(self, path: str | os.PathLike[str]):
    """Reads the stored measurements.

    Args:
      path: the file; it need not exist yet.

    Raises:
      ValueError: the path is a folder, or a line of the file is not a
        measurement.
    """
    self._path = pathlib.Path(path).expanduser()
    if self._path.is_dir():
      raise ValueError(
        f'{self._path} is a folder; give --store a file such as {_DEFAULT}.'
      )
    self._values: dict[str, dict] = {}
    # A killed writer may have left an unfinished line at the end.
    whole, _, _ = self._read().rpartition('\n')
    for number, line in enumerate(whole.splitlines(), start=1):
      try:
        entry = json.loads(line)
        kind, key, value = (entry[name] for name in ('kind', 'key', 'value'))
        self._values[_identity(kind, key)] = value
      except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
          f'{self._path}, line {number}, is not a measurement ({error!r}). '
          'Remove the line, or remove the file to measure everything anew.'
        ) from error

  def get(self, kind: str, key: dict) -> dict | None:
    """Returns the result of a measurement, or None if it is not stored.

    Args:
      kind: the kind of measurement.
      key: everything that it depends on, ready for JSON.
    """
    return self._values.get(_identity(kind, key))

  def put(self, kind: str, key: dict, value: dict) -> None:
    """Stores a measurement; it is on the disk when this returns.

    Args:
      kind: the kind of measurement.
      key: everything that it depends on, ready for JSON.
      value: the result, ready for JSON.

    Raises:
      ValueError: the value contains a number that JSON does not have.
      OSError: the file cannot be written.
    """
    entry = {'kind': kind, 'key': key, 'value': value}
    line = json.dumps(entry, allow_nan=False) + '\n'
    self._path.parent.mkdir(parents=True, exist_ok=True)
    with open(self._path, 'a+b', buffering=0) as stream:
      # Removes the unfinished line of a killed writer.
      stream.seek(0)
      stream.truncate(stream.read().rfind(b'\n') + 1)
      # One write at the end, so that lines of two programs do not mix.
      stream.write(line.encode())
      os.fsync(stream.fileno())
    self._values[_identity(kind, key)] = value

  def get_report(
    self, device: device_lib.Device, sha256: str, threads: int
  ) -> dict | None:
    """Returns a device's report on a file, or None if it is not stored.

    Args:
      device: the device that measured the file.
      sha256: hash of the file.
      threads: number of threads of the report's configurations.
    """
    return self.get(REPORT_KIND, _report_key(device, sha256, threads))

  def put_report(self, device: device_lib.Device, report: dict) -> None:
    """Stores a report, one line for each number of threads.

    Args:
      device: the device that made it.
      report: the result of its `measure`.
    """
    rows, sha256 = report['configurations'], report['model']['sha256']
    for threads in sorted({row['threads'] for row in rows}):
      chosen = [row for row in rows if row['threads'] == threads]
      self.put(
        REPORT_KIND,
        _report_key(device, sha256, threads),
        {**report, 'configurations': chosen},
      )

  def _read(self) -> str:
    if not self._path.exists():
      return ''
    return self._path.read_text(encoding='utf-8', errors='replace')


def _identity(kind: str, key: dict) -> str:
  """Returns a text that is the same for equal keys."""
  return json.dumps([kind, key], sort_keys=True)


def _report_key(device: device_lib.Device, sha256: str, threads: int) -> dict:
  return {'sha256': sha256, 'threads': threads, **device.time_key()}
