# SPDX-License-Identifier: Apache-2.0
"""Tests of the store of measurements."""

import errno
import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.devices import store

_WRITER = """
import sys
from depth_mai.devices import store
mine = store.Store(sys.argv[1])
for number in range(50):
  key = {'writer': int(sys.argv[2]), 'number': number}
  mine.put('times', key, {'text': 'x' * (97 * number % 5000)})
"""
_READER = """
import sys
from depth_mai.devices import store
said = []
while not said:
  store.Store(sys.argv[1], said.append)
  if open(sys.argv[1], 'rb').read().count(b'\\n') == 400:
    break
print(said)
"""


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
      {
        'threads': count,
        'xnnpack': on,
        'median_ms': 10.0 * count,
        'partitions': 1,
      }
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
      self.assertEqual(
        kept.of_kind('errors'), [({'sha256': 'a', 'threads': 1}, {'rel': None})]
      )

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

  def _opened(self):
    """Returns the store, and the list of what it reports."""
    said = []
    return store.Store(self.path, said.append), said

  def test_writers_at_once_lose_and_mix_no_line(self):
    self.path.parent.mkdir()
    self.path.write_text('')
    environment = os.environ | {'PYTHONPATH': os.pathsep.join(sys.path)}
    start = lambda *arguments: subprocess.Popen(
      [sys.executable, '-c', *arguments],
      env=environment,
      stdout=subprocess.PIPE,
      text=True,
    )
    reader = start(_READER, str(self.path))
    writers = [start(_WRITER, str(self.path), str(n)) for n in range(8)]
    self.assertEqual([one.wait() for one in writers], [0] * 8)
    self.assertEqual(reader.communicate()[0], '[]\n')
    entries = [json.loads(line) for line in self.path.read_bytes().splitlines()]
    self.assertCountEqual(
      [(one['key']['writer'], one['key']['number']) for one in entries],
      [(writer, number) for writer in range(8) for number in range(50)],
    )
    for one in entries:
      self.assertLen(one['value']['text'], 97 * one['key']['number'] % 5000)

  def test_an_unfinished_line_is_left_out_and_kept(self):
    kept = store.Store(self.path)
    kept.put('times', {'a': 1}, {'ms': 1})
    whole = self.path.read_text()
    self.path.write_text(whole + whole[:20])
    again, said = self._opened()
    self.assertEqual(again.get('times', {'a': 1}), {'ms': 1})
    self.assertRegex(said[0], 'kept.jsonl: 1 .*the first is line 2')
    again.put('times', {'a': 2}, {'ms': 2})
    lines = self.path.read_text().splitlines(keepends=True)
    self.assertEqual(lines[:2], [whole, whole[:20] + '\n'])
    self.assertLen(lines, 3)
    self.assertEqual(store.Store(self.path).get('times', {'a': 2}), {'ms': 2})

  def test_a_last_line_without_an_end_is_kept(self):
    store.Store(self.path).put('times', {'a': 1}, {'ms': 1})
    text = self.path.read_text().rstrip('\n')
    self.path.write_text(text)
    again, said = self._opened()
    self.assertEqual(again.get('times', {'a': 1}), {'ms': 1})
    again.put('times', {'a': 2}, {'ms': 2})
    self.assertStartsWith(self.path.read_text(), text + '\n')
    third = store.Store(self.path)
    self.assertEqual(third.get('times', {'a': 1}), {'ms': 1})
    self.assertEqual(third.get('times', {'a': 2}), {'ms': 2})
    self.assertEmpty(said)

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

  @parameterized.parameters(
    b'{"kind": "times"',
    b'[]',
    b'{"kind": "times"}',
    b'7',
    b'{"kind": "times", "key": {"a": 1}, "value": 7}',
    b'{"kind": "times", "key": {"a": 1}, "value": {"ms": NaN}}',
    b'{"kind": "times", "key": {"a": 1}, "value": {"ms": 1e999}}',
    b'{"kind": 7, "key": {"a": 1}, "value": {}}',
    b'\0\0\0\0',
    b'\xff\xfe\x00TFL3',
    b'[' * 20000,
  )
  def test_a_line_that_is_no_measurement_is_left_out_and_kept(self, line):
    good = b'{"kind": "times", "key": {"a": 1}, "value": {"ms": 1}}'
    self.path.parent.mkdir()
    # An editor of another system: its mark at the start, its ends of lines.
    content = b'\xef\xbb\xbf' + good + b'\r\n\n' + line + b'\n'
    self.path.write_bytes(content)
    kept, said = self._opened()
    self.assertEqual(kept.get('times', {'a': 1}), {'ms': 1})
    self.assertLen(said, 1)
    self.assertRegex(said[0], 'the first is line 3. They stay in the file')
    kept.put('times', {'a': 2}, {'ms': 2})
    self.assertStartsWith(self.path.read_bytes(), content)

  def test_a_line_that_a_full_disk_cut_off_leaves_the_file_as_it_was(self):
    kept, said = self._opened()
    kept.put('times', {'a': 1}, {'ms': 1})
    before = self.path.read_bytes()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with absltest.mock.patch.object(os, 'fsync', side_effect=full):
      self.assertFalse(kept.put('times', {'a': 2}, {'ms': 2}))
      self.assertFalse(kept.put('times', {'a': 3}, {'ms': 3}))
    self.assertEqual(self.path.read_bytes(), before)
    self.assertLen(said, 1)
    self.assertRegex(said[0], r'not stored: No space left.* Give --store')
    # Nothing that was measured is lost for this run.
    self.assertEqual(kept.get('times', {'a': 2}), {'ms': 2})
    self.assertTrue(kept.put('times', {'a': 4}, {'ms': 4}))

  def test_a_place_that_cannot_be_written(self):
    self.path = pathlib.Path('/proc/nowhere/kept.jsonl')
    kept, said = self._opened()
    self.assertFalse(kept.put('times', {'a': 1}, {'ms': 1}))
    self.assertRegex(said[0], '/proc.*--store another file.*MEASUREMENTS')

  def test_no_home(self):
    with absltest.mock.patch.dict(os.environ):
      os.environ.pop('HOME', None)
      with absltest.mock.patch.object(os, 'getuid', return_value=54321):
        with self.assertRaisesRegex(ValueError, f'HOME .*{store.VARIABLE}'):
          store.Store('~/kept.jsonl')

  @parameterized.parameters(
    {'configurations': 7},
    {'configurations': []},
    {'configurations': [7]},
    {'configurations': [{'threads': 1, 'xnnpack': True, 'median_ms': 'x'}]},
    {'configurations': [{'threads': 1, 'xnnpack': False, 'partitions': 1}]},
  )
  def test_a_report_that_is_none_is_measured_again(self, **value):
    kept, board = store.Store(self.path), _Device('board')
    key = {'sha256': 'a', 'threads': 1, **board.time_key()}
    kept.put(store.REPORT_KIND, key, value)
    self.assertIsNone(store.Store(self.path).get_report(board, 'a', 1))

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

  def test_a_pipe_is_refused_at_once(self):
    path = pathlib.Path(self.create_tempdir().full_path) / 'pipe.jsonl'
    os.mkfifo(path)
    with self.assertRaisesRegex(ValueError, 'pipe.jsonl: .*a pipe'):
      store.Store(path)


if __name__ == '__main__':
  absltest.main()
