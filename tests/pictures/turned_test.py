# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.turned."""

import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.pictures import turned


class TurnedTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _problem(self, orientation, depth_shape):
    """Returns the problem of a picture that is 96 x 128 when upright."""
    exif = Image.Exif()
    exif[0x112] = orientation
    Image.new('RGB', (128, 96)).save(self.root / 'a.jpg', exif=exif)
    return turned.problem(
      self.root / 'a.png',
      np.zeros(depth_shape),
      self.root / 'a.jpg',
      np.zeros((128, 96, 3)),
    )

  def test_depth_that_was_not_turned(self):
    for orientation in (5, 6, 7, 8):
      text = str(self._problem(orientation, (96, 128)))
      self.assertIn('the depth map is 128 x 96', text)
      self.assertIn(f'EXIF orientation ({orientation})', text)
    self.assertIsNotNone(self._problem(6, (480, 640)))

  def test_an_orientation_that_explains_nothing(self):
    self.assertIsNone(self._problem(1, (96, 128)))
    self.assertIsNone(self._problem(3, (96, 128)))
    self.assertIsNone(self._problem(6, (96, 160)))

  def test_note(self):
    self.assertIn('3 pictures with an EXIF', turned.note(3, 'a.jpg', 6))


if __name__ == '__main__':
  absltest.main()
