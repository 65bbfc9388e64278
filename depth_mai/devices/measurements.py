# SPDX-License-Identifier: Apache-2.0
"""Reports in the store: one line for each number of threads of a file."""

from depth_mai.devices import device as device_lib
from depth_mai.devices import store as store_lib

KIND = 'benchmark'


def keep(
  store: store_lib.Store, device: device_lib.Device, report: dict
) -> None:
  """Adds a report to the store.

  Args:
    store: where to.
    device: what measured it.
    report: of its `measure`.
  """
  rows = report['configurations']
  for threads in sorted({row['threads'] for row in rows}):
    chosen = [row for row in rows if row['threads'] == threads]
    store.put(
      KIND,
      _key(device, report['model']['sha256'], threads),
      {**report, 'configurations': chosen},
    )


def recall(
  store: store_lib.Store,
  device: device_lib.Device,
  sha256: str,
  threads: int,
) -> dict | None:
  """Returns the report of a file that the store has, or None.

  Args:
    store: where from.
    device: what shall have measured it.
    sha256: of the file.
    threads: of the report's configurations.
  """
  return store.get(KIND, _key(device, sha256, threads))


def _key(device: device_lib.Device, sha256: str, threads: int) -> dict:
  return {'sha256': sha256, 'threads': threads, **device.time_key()}
