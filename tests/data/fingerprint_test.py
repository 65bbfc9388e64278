# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/data/fingerprint.py."""

import json
import os
import pathlib
import shutil

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.data import fingerprint


class FingerprintTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'data'
    for split in ('train', 'validation'):
      for kind in ('rgb', 'depth'):
        (self.root / split / kind).mkdir(parents=True)
    for index in range(3):
      self._add('train', index)
    self._add('validation', 0)

  def _add(self, split, index, depth_mm=2000):
    folder = self.root / split
    rgb = np.full((4, 6, 3), index, np.uint8)
    Image.fromarray(rgb).save(folder / 'rgb' / f'{index}.png')
    depth = np.full((4, 6), depth_mm, np.uint16)
    Image.fromarray(depth).save(folder / 'depth' / f'{index}.png')

  def _describe(self, earlier=None, root=None):
    described = fingerprint.describe(
      root or self.root, ['train', 'validation'], earlier
    )
    self.assertTrue(fingerprint.is_description(described))
    return json.loads(json.dumps(described))

  def test_the_same_data_has_no_difference(self):
    before = self._describe()
    self.assertEqual(fingerprint.difference(before, self._describe()), '')
    copy = self.root.with_name('copy')
    shutil.copytree(self.root, copy, copy_function=shutil.copyfile)
    os.utime(copy / 'train/rgb/0.png', (1, 1))
    after = self._describe(before, copy)
    self.assertEqual(fingerprint.difference(before, after), '')

  def test_changes_are_counted_and_named_in_natural_order(self):
    before = self._describe()
    for index in range(3, 12):
      self._add('train', index)
    self._add('train', 1, depth_mm=2001)
    for kind in ('rgb', 'depth'):
      (self.root / 'train' / kind / '0.png').unlink()
    self.assertEqual(
      fingerprint.difference(before, self._describe(before)),
      'train: 9 pairs added (3, 4, 5, 6 and 5 more); '
      'train: 1 pair removed (0); train: 1 pair changed (1)',
    )

  def test_files_that_did_not_change_are_not_read_again(self):
    before = self._describe()
    before['train']['members']['0'][1] = 'remembered'
    after = self._describe(before)
    self.assertEqual(after['train']['members']['0'][1], 'remembered')

  def test_a_change_is_seen_though_size_and_time_are_as_before(self):
    path = self.root / 'train' / 'depth' / '0.png'
    before, times = self._describe(), path.stat()
    depth = np.full((4, 6), 2001, np.uint16)
    Image.fromarray(depth).save(path)
    self.assertEqual(path.stat().st_size, times.st_size)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    self.assertIn(
      'train: 1 pair changed (0)',
      fingerprint.difference(before, self._describe(before)),
    )

  def test_a_new_split(self):
    before = self._describe()
    del before['validation']
    after = self._describe()
    self.assertEqual(fingerprint.difference(before, after), 'validation is new')
    self.assertEqual(
      fingerprint.difference(after, before), 'validation is gone'
    )

  def test_other_objects_are_no_description(self):
    for value in (None, [], {'train': 1}, {'train': {'kind': 'pair'}}):
      self.assertFalse(fingerprint.is_description(value))
    damaged = {'train': {'kind': 'pair', 'members': {'0': 'x'}}}
    self.assertFalse(fingerprint.is_description(damaged))

  def test_several_data_sets(self):
    other = self.root.with_name('other')
    shutil.copytree(self.root, other)
    data_dirs = [self.root, other]
    splits = ['train', 'validation']
    before = fingerprint.describe_all(data_dirs, splits)
    self.assertTrue(fingerprint.is_description(before))
    self.assertCountEqual(before, [*splits, 'train of data set 2'])
    alone = fingerprint.describe_all([self.root], splits)
    self.assertEqual(alone, self._describe())
    self.assertEqual(
      fingerprint.difference(before, alone), 'train of data set 2 is gone'
    )
    for kind in ('rgb', 'depth'):
      (other / 'train' / kind / '2.png').unlink()
    after = fingerprint.describe_all(data_dirs, splits, before)
    self.assertEqual(
      fingerprint.difference(before, after),
      'train of data set 2: 1 pair removed (2)',
    )
    self.assertEqual(
      after, fingerprint.describe_all(data_dirs, splits)
    )  # With and without what is known.


if __name__ == '__main__':
  absltest.main()
