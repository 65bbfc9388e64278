# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/report/prediction_pictures.py."""

from absl.testing import absltest
import numpy as np

from depth_mai.report import colour_range
from depth_mai.report import colours
from depth_mai.report import prediction_pictures


class PredictionPicturesTest(absltest.TestCase):
  def test_both_pictures_have_the_colours_of_the_range(self):
    rgb_uint8 = np.full((60, 80, 3), 123, np.uint8)
    depth_m = np.full((60, 80), 2.0)
    depth_m[:, 40:] = 9.0
    colour, pair = prediction_pictures.draw(
      colour_range.ColourRange(2.0, 6.0), rgb_uint8, depth_m
    )
    nearest, farthest = colours.depth_map()[[0, -1]]
    np.testing.assert_array_equal(colour[:, :40], np.tile(nearest, (60, 40, 1)))
    np.testing.assert_array_equal(
      colour[:, 40:80], np.tile(farthest, (60, 40, 1))
    )
    # The picture to the left, both colours to the right of it.
    line = pair[pair.shape[0] // 2]
    is_picture, is_near, is_far = (
      (line == wanted).all(-1) for wanted in ((123,) * 3, nearest, farthest)
    )
    self.assertEqual(is_picture.sum(), 80)
    self.assertLess(np.nonzero(is_picture)[0][-1], np.argmax(is_near))
    self.assertLess(np.argmax(is_near), np.argmax(is_far))
    self.assertGreater(colour.shape[1], 80)  # There is a bar.


if __name__ == '__main__':
  absltest.main()
