# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/live_picture.py."""

from absl.testing import absltest
import numpy as np

from depth_mai.report import picture
from depth_mai.streaming import live_picture
from depth_mai.streaming import view


class LivePictureTest(absltest.TestCase):
  def test_picture_depth_and_bar(self):
    rng = np.random.default_rng(0)
    rgb, depth = rng.integers(0, 256, (2, 60, 80, 3)).astype(np.uint8)
    shown = view.Shown(rgb, depth, 1.0, 4.0, '', {}, np.ones((60, 80)), '')
    bar = picture.colour_bar(60, 1.0, 4.0)
    whole = live_picture.side_by_side(shown)
    np.testing.assert_array_equal(whole[:, :80], rgb)
    np.testing.assert_array_equal(whole[:, 80:160], depth)
    np.testing.assert_array_equal(whole[:, 160:], bar)
    np.testing.assert_array_equal(
      live_picture.side_by_side(shown, with_bar=False), whole[:, :160]
    )


if __name__ == '__main__':
  absltest.main()
