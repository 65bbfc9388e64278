# SPDX-License-Identifier: Apache-2.0
"""Tests of the store of measurements."""

import json
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import store


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


class StoreTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    folder = pathlib.Path(self.create_tempdir().full_path)
    self.path = folder / 'new' / 'kept.jsonl'

  def test_stores_values(self):
    first = store.Store(self.path)
    self.assertIsNone(first.get('times', {'sha256': 'a'}))
    first.put('times', {'sha256': 'a', 'threads': 1}, {'ms': 0.1})
    first.put('times', {'sha256': 'a', 'threads': 2}, {'ms': 5.0})
    first.put('errors', {'sha256': 'a', 'threads': 1}, {'rel': None})
    for kept in (first, store.Store(self.path)):
      # The order of a key's entries does not matter.
      self.assertEqual(
        kept.get('times', {'threads': 1, 'sha256': 'a'}), {'ms': 0.1}
      )
      self.assertEqual(
        kept.get('times', {'threads': 2, 'sha256': 'a'}), {'ms': 5.0}
      )
      self.assertEqual(
        kept.get('errors', {'threads': 1, 'sha256': 'a'}), {'rel': None}
      )
      self.assertIsNone(kept.get('times', {'threads': 3, 'sha256': 'a'}))

  def test_the_last_of_equal_keys_counts(self):
    kept = store.Store(self.path)
    kept.put('times', {'a': 1}, {'ms': 1})
    kept.put('times', {'a': 2}, {'ms': 2})
    store.Store(self.path).put('times', {'a': 1}, {'ms': 3})
    self.assertEqual(
      [json.loads(line) for line in self.path.read_text().splitlines()],
      [
        {'kind': 'times', 'key': {'a': 1}, 'value': {'ms': 1}},
        {'kind': 'times', 'key': {'a': 2}, 'value': {'ms': 2}},
        {'kind': 'times', 'key': {'a': 1}, 'value': {'ms': 3}},
      ],
    )
    again = store.Store(self.path)
    self.assertEqual(again.get('times', {'a': 1}), {'ms': 3})

  def test_an_unfinished_line_is_ignored_and_removed(self):
    kept = store.Store(self.path)
    kept.put('times', {'a': 1}, {'ms': 1})
    whole = self.path.read_text()
    self.path.write_text(whole + whole[:20])
    again = store.Store(self.path)
    self.assertEqual(again.get('times', {'a': 1}), {'ms': 1})
    again.put('times', {'a': 2}, {'ms': 2})
    self.assertLen(self.path.read_text().splitlines(), 2)
    self.assertEqual(store.Store(self.path).get('times', {'a': 2}), {'ms': 2})

  def test_default_path(self):
    with absltest.mock.patch.dict(os.environ, {store.VARIABLE: '/x/y'}):
      self.assertEqual(store.default_path(), '/x/y')
    with absltest.mock.patch.dict(os.environ):
      os.environ.pop(store.VARIABLE, None)
      self.assertIn('~/.cache/depth_mai', store.default_path())

  def test_a_removed_line_is_forgotten(self):
    kept = store.Store(self.path)
    kept.put('times', {'a': 1}, {'ms': 1})
    kept.put('errors', {'a': 1}, {'rel': 2})
    lines = self.path.read_text().splitlines(keepends=True)
    self.path.write_text(lines[1])
    again = store.Store(self.path)
    self.assertIsNone(again.get('times', {'a': 1}))
    self.assertEqual(again.get('errors', {'a': 1}), {'rel': 2})

  def test_values_that_json_lacks_change_nothing(self):
    kept = store.Store(self.path)
    kept.put('times', {'a': 1}, {'ms': 1})
    before = self.path.read_text()
    with self.assertRaises(ValueError):
      kept.put('times', {'a': 2}, {'ms': float('nan')})
    self.assertEqual(self.path.read_text(), before)
    self.assertEqual(os.listdir(self.path.parent), ['kept.jsonl'])
    self.assertIsNone(kept.get('times', {'a': 2}))
    kept.put('times', {'a': 2}, {'ms': 2})
    self.assertEqual(store.Store(self.path).get('times', {'a': 2}), {'ms': 2})

  @parameterized.parameters('{"kind": "times"', '[]', '{"kind": "times"}', '7')
  def test_invalid_lines(self, line):
    good = '{"kind": "times", "key": {}, "value": {}}'
    self.path.parent.mkdir()
    self.path.write_text(f'{good}\n{line}\n')
    with self.assertRaisesRegex(ValueError, 'line 2, is not a measurement'):
      store.Store(self.path)

  def test_a_report_is_found_by_each_number_of_threads(self):
    first, board = store.Store(self.path), _Device('board')
    first.put_report(board, _report('a', 4, 1))
    for kept in (first, store.Store(self.path)):
      found = kept.get_report(board, 'a', 4)
      self.assertEqual(found['note'], 'A note.')
      self.assertEqual(
        [(row['threads'], row['xnnpack']) for row in found['configurations']],
        [(4, True), (4, False)],
      )
      self.assertIsNone(kept.get_report(board, 'a', 2))
      self.assertIsNone(kept.get_report(board, 'b', 4))
      self.assertIsNone(kept.get_report(_Device('other'), 'a', 4))

  def test_a_folder_is_refused(self):
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(ValueError, 'is a folder; give --store a file'):
      store.Store(folder)


if __name__ == '__main__':
  absltest.main()
