# SPDX-License-Identifier: Apache-2.0
"""Tests of reports in the store."""

import pathlib

from absl.testing import absltest

from depth_mai.devices import measurements
from depth_mai.devices import store as store_lib


class _Device:
  def __init__(self, name):
    self._name = name

  def time_key(self):
    return {'device': self._name}


def _report(sha256, *threads):
  return {
    'model': {'sha256': sha256},
    'note': 'A note.',
    'configurations': [
      {'threads': count, 'xnnpack': on, 'median_ms': 10.0 * count}
      for count in threads
      for on in (True, False)
    ],
  }


class MeasurementsTest(absltest.TestCase):
  def test_each_number_of_threads_is_found(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'kept.jsonl'
    store, board = store_lib.Store(path), _Device('board')
    measurements.keep(store, board, _report('a', 4, 1))
    for again in (store, store_lib.Store(path)):
      found = measurements.recall(again, board, 'a', 4)
      self.assertEqual(found['note'], 'A note.')
      self.assertEqual(
        [(row['threads'], row['xnnpack']) for row in found['configurations']],
        [(4, True), (4, False)],
      )
      self.assertIsNone(measurements.recall(again, board, 'a', 2))
      self.assertIsNone(measurements.recall(again, board, 'b', 4))
      self.assertIsNone(measurements.recall(again, _Device('other'), 'a', 4))


if __name__ == '__main__':
  absltest.main()
