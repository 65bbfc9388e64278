# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/data/embedded.py."""

import os
import pathlib

from absl.testing import absltest

from depth_mai.data import embedded
from depth_mai.files import folder


class EmbeddedTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'rooms'
    os.environ[embedded.FOLDER_VARIABLE] = str(self.root)
    self.addCleanup(os.environ.pop, embedded.FOLDER_VARIABLE)

  def test_the_name_becomes_a_folder_in_the_challenges_layout(self):
    counts = {'train': 1, 'validation': 1}
    root = embedded.resolve('procedural_rooms', counts)
    self.assertEqual(root, str(self.root))
    self.assertEmpty(folder.find_problems(root))
    self.assertLen(folder.list_pairs(root, 'train'), 1)
    written = {p: p.stat().st_mtime_ns for p in self.root.rglob('*.png')}
    self.assertLen(written, 4)
    embedded.resolve('procedural_rooms', counts)
    again = {p: p.stat().st_mtime_ns for p in self.root.rglob('*.png')}
    self.assertEqual(written, again)

  def test_a_folder_stays_what_it_is(self):
    self.assertEqual(embedded.resolve('DATA/indoor'), 'DATA/indoor')
    self.assertIsNone(embedded.resolve(None))
    self.assertFalse(self.root.exists())


if __name__ == '__main__':
  absltest.main()
