# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.encodings."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.rgbd_folder import encodings


class EncodingsTest(parameterized.TestCase):
  def test_rotated_bits(self):
    # Millimetres and their 16 bits, moved by hand.
    known = {1: 8, 4096: 32768, 8191: 65528, 8192: 1, 9000: 6465, 65535: 65535}
    codes = np.array([list(known.values())], np.uint16)
    np.testing.assert_array_equal(encodings.rotated_right(codes), [list(known)])

  def test_24_bits(self):
    colours = np.array([[[255, 255, 255], [1, 2, 3], [0, 0, 0]]], np.uint8)
    numbers = encodings.joined_24_bits(colours)
    np.testing.assert_array_equal(numbers, [[16777215, 197121, 0]])
    depth_m = encodings.to_metres(numbers, encodings.ENCODINGS['rgb24'])
    np.testing.assert_allclose(depth_m, [[1000, 11.749327, 0]], rtol=1e-6)
    unpack = encodings.ENCODINGS['bgr24'].unpack
    np.testing.assert_array_equal(unpack(colours[..., ::-1]), numbers)

  @parameterized.parameters(
    ('m', 2.5, 2.5), ('cm', 250, 2.5), ('mm', 2500, 2.5), ('kitti', 640, 2.5),
    ('tum', 12500, 2.5), ('matterport', 10000, 2.5), ('taskonomy', 1280, 2.5),
  )  # fmt: skip
  def test_linear_units(self, unit, number, depth_m):
    found = encodings.to_metres(
      np.array([[number, 0]]), encodings.ENCODINGS[unit]
    )
    np.testing.assert_allclose(found, [[depth_m, 0]])

  @parameterized.parameters(
    ('disparity', 40.0), ('disparity_256', 10240), ('cityscapes', 10241)
  )
  def test_disparities(self, unit, number):
    # 0.2 m between the cameras, 2000 pixels of focal length: 400 / 40 = 10 m.
    found = encodings.to_metres(
      np.array([[number, 0]]), encodings.ENCODINGS[unit], 0.2, 2000
    )
    np.testing.assert_allclose(found, [[10, 0]])

  def test_no_disparity_is_infinitely_far(self):
    found = encodings.to_metres(
      np.array([[1, 2]], np.uint16),
      encodings.ENCODINGS['cityscapes'],
      0.2,
      2000,
    )
    np.testing.assert_allclose(found, [[np.inf, 102400]])


if __name__ == '__main__':
  absltest.main()
