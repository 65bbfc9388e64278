# SPDX-License-Identifier: Apache-2.0
"""Tests that equal pictures have equal fingerprints, and others do not."""

import pathlib
import shutil

from absl.testing import absltest

from depth_mai.ranking import split as split_lib
from tests.ranking import small_contest


class DescribeTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'indoor'
    small_contest.write_data(self.root)
    self.before = self.describe()

  def describe(self, limit=None):
    return split_lib.describe(self.root, 'validation', limit)

  def fingerprint(self, limit=None):
    return self.describe(limit)['fingerprint']

  def test_description(self):
    self.assertEqual(self.before['data_dir_name'], 'indoor')
    self.assertEqual(self.before['split'], 'validation')
    self.assertEqual(self.before['images'], 3)
    self.assertRegex(self.before['fingerprint'], '^[0-9a-f]{64}$')

  def test_the_path_does_not_matter(self):
    moved = pathlib.Path(self.create_tempdir().full_path) / 'elsewhere'
    shutil.copytree(self.root, moved)
    self.assertEqual(
      split_lib.describe(str(moved), 'validation')['fingerprint'],
      self.before['fingerprint'],
    )

  def test_every_byte_and_every_name_matters(self):
    for kind in ('rgb', 'depth'):
      path = self.root / 'validation' / kind / '01.png'
      content = path.read_bytes()
      path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
      self.assertNotEqual(self.fingerprint(), self.before['fingerprint'], kind)
      path.write_bytes(content)
    self.assertEqual(self.fingerprint(), self.before['fingerprint'])
    for kind in ('rgb', 'depth'):
      folder = self.root / 'validation' / kind
      (folder / '01.png').rename(folder / '011.png')
    self.assertNotEqual(self.fingerprint(), self.before['fingerprint'])

  def test_limit(self):
    self.assertEqual(self.describe(2)['images'], 2)
    self.assertNotEqual(self.fingerprint(2), self.before['fingerprint'])
    # A limit above the number of images has no effect.
    self.assertEqual(self.describe(99), self.before)
    first = self.fingerprint(2)
    (self.root / 'validation/rgb/02.png').write_bytes(b'changed')
    self.assertEqual(self.fingerprint(2), first)
    with self.assertRaisesRegex(ValueError, 'limit must be at least 1, got 0'):
      self.describe(0)

  def test_records(self):
    records = pathlib.Path(self.create_tempdir().full_path)
    self.enter_context(
      absltest.mock.patch.object(
        split_lib.evaluation, 'split_ids', lambda *_: ['a', 'b']
      )
    )
    (records / 'dataset_info.json').write_text('{}')
    names = ('x-validation.tfrecord-0', 'x-train.tfrecord-0')
    for name in names:
      (records / name).write_bytes(b'1')

    def fingerprint():
      return split_lib.describe(records, 'validation')['fingerprint']

    before = fingerprint()
    (records / names[1]).write_bytes(b'2')
    self.assertEqual(fingerprint(), before)
    (records / names[0]).write_bytes(b'2')
    self.assertNotEqual(fingerprint(), before)

  def test_missing_split(self):
    with self.assertRaisesRegex(ValueError, "no split 'test'"):
      split_lib.describe(self.root, 'test')


if __name__ == '__main__':
  absltest.main()
