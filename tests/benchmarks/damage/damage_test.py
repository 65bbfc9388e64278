# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damage/damage.py."""

import pathlib
import stat

from absl.testing import absltest
import numpy as np

from benchmarks.damage import damage

_CONTENT = bytes(range(256)) * 9


class DamageTest(absltest.TestCase):
  def test_a_seed_gives_one_damage(self):
    def damaged(seed):
      return damage.damaged_bytes(_CONTENT, np.random.default_rng(seed))

    found = [damaged([1, number]) for number in range(200)]
    self.assertEqual(found, [damaged([1, number]) for number in range(200)])
    self.assertGreater(len({one.content for one in found}), 150)
    self.assertNotIn(_CONTENT, [one.content for one in found])

  def test_what_is_said_about_a_cut_is_true(self):
    for number in range(300):
      one = damage.damaged_bytes(_CONTENT, np.random.default_rng(number))
      if one.cut:
        self.assertEqual(_CONTENT[: len(one.content)], one.content)
        self.assertEqual(one.what, f'cut off after {len(one.content)} bytes')

  def test_an_empty_file_can_be_damaged(self):
    for number in range(200):
      one = damage.damaged_bytes(b'', np.random.default_rng(number))
      self.assertNotEmpty(one.content)

  def test_other_things_in_the_place_of_a_file(self):
    path = pathlib.Path(self.create_tempdir().full_path, 'a.png')
    seen = set()
    for number in range(60):
      path.write_bytes(_CONTENT)
      one = damage.replaced(_CONTENT, np.random.default_rng(number))
      damage.put(one, path)
      seen.add(one.place)
      self.assertFalse(path.is_file())
      if one.place == damage.ABSENT:
        self.assertFalse(path.is_symlink())
      elif one.place == 'a folder':
        path.rmdir()
      else:
        is_pipe = stat.S_ISFIFO(path.lstat().st_mode)
        self.assertEqual(is_pipe, one.place == 'a pipe')
        path.unlink()
    self.assertLen(seen, 4)


if __name__ == '__main__':
  absltest.main()
