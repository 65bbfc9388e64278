# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/repeated_pairs.py."""

import pathlib

from absl.testing import absltest

from benchmarks import repeated_pairs
from depth_mai.challenge_folder import folder
from tests.data import dummy_data


class RepeatedPairsTest(absltest.TestCase):
  def test_pairs_are_repeated(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    rooms = dummy_data.write_folder(root / 'rooms', {'train': 3})
    repeated_pairs.repeat(rooms, root / 'seven', 7)
    self.assertEmpty(folder.find_problems(root / 'seven'))
    pairs = folder.list_pairs(root / 'seven', 'train')
    self.assertLen(pairs, 7)
    for number in (0, 3, 6):
      for path, kind in (
        (pairs[number].rgb_path, 'rgb'),
        (pairs[number].depth_path, 'depth'),
      ):
        first = rooms / 'train' / kind / '00000.png'
        self.assertTrue(path.samefile(first))


if __name__ == '__main__':
  absltest.main()
