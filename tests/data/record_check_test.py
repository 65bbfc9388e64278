# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.data.record_check."""

import os
import pathlib

from absl.testing import parameterized
import tensorflow as tf

from depth_mai.data import record_check
from depth_mai.data import records
from depth_mai.data import source
from tests.data import dummy_data


class RecordCheckTest(tf.test.TestCase, parameterized.TestCase):
  """Tests records that nobody can make again, such as those of other people."""

  def setUp(self):
    super().setUp()
    tmp = pathlib.Path(self.create_tempdir().full_path)
    root = dummy_data.write_folder(tmp / 'data', {'train': 2}, size=(6, 8))
    self.directory = records.prepare(root, tmp / 'records')

  def _change(self, pattern, change):
    (path,) = self.directory.glob(pattern)
    content = path.read_bytes()
    path.write_bytes(change(content))

  @parameterized.named_parameters(
    ('bit', lambda b: b[:200] + bytes([b[200] ^ 1]) + b[201:], 'corrupted'),
    ('cut_off', lambda b: b[:-7], 'truncated'),
    ('empty', lambda b: b'', '0 records instead of 2'),
    ('twice', lambda b: b + b, '4 records instead of 2'),
  )
  def test_damage_is_named_with_a_cure(self, change, what):
    self._change('*-train.*', change)
    with self.assertRaisesRegex(
      record_check.DamagedRecordsError,
      f'{self.directory} are damaged: mai_depth-train.*{what}.* Remove',
    ):
      source.open_split(self.directory, 'train')

  @parameterized.parameters('dataset_info.json', 'features.json')
  def test_damaged_descriptions(self, name):
    self._change(name, lambda content: content[:40])
    with self.assertRaisesRegex(
      ValueError, f'{self.directory} cannot be opened: .*{name}.* Remove'
    ):
      source.open_split(self.directory, 'train')
    if name == 'dataset_info.json':
      with self.assertRaisesRegex(ValueError, f'{name} is damaged'):
        source.split_names(self.directory)

  def test_good_records_are_read_once(self):
    builder = record_check.open_builder(self.directory)
    info = builder.info.splits['train']
    record_check.check_split(self.directory, info)
    (path,) = self.directory.glob('*-train.*')
    stat = path.stat()
    self._change('*-train.*', lambda content: content[:-1] + b'x')
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    record_check.check_split(self.directory, info)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with self.assertRaises(record_check.DamagedRecordsError):
      record_check.check_split(self.directory, info)


if __name__ == '__main__':
  tf.test.main()
