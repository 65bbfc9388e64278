# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.upright."""

from absl.testing import absltest
import numpy as np

from depth_mai.pictures import upright
from tests.pictures import odd_pictures


class UprightTest(absltest.TestCase):
  def test_all_orientations(self):
    seen = odd_pictures.noise()
    for orientation, stored in odd_pictures.STORED.items():
      np.testing.assert_array_equal(
        upright.upright(stored(seen), orientation), seen
      )

  def test_6_turns_clockwise(self):
    stored = np.array([[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(
      upright.upright(stored, 6), [[5, 3, 1], [6, 4, 2]]
    )

  def test_an_upright_picture_is_not_copied(self):
    stored = odd_pictures.noise()
    self.assertIs(upright.upright(stored, 1), stored)


if __name__ == '__main__':
  absltest.main()
