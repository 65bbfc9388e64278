# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.point_cloud."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import point_cloud


class PointCloudTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(((480, 640),), ((6, 8),), ((5, 7),))
  def test_projects_back_to_its_pixels(self, map_size):
    height, width = map_size
    rng = np.random.default_rng(0)
    depth_m = rng.uniform(0.4, 20, [2, height, width, 1]).astype(np.float32)
    pixels = rng.integers(height * width, size=[3, 9]).astype(np.int32)
    points_m = point_cloud.points_m(
      tf.constant(depth_m), tf.constant(pixels), (500.0, 520.0), (480, 640)
    )
    self.assertAllEqual(points_m.shape, [2, 3, 9, 3])
    x, y, z = np.moveaxis(points_m.numpy(), -1, 0)
    row, column = np.divmod(pixels, width)
    u = width // 2 + 500.0 * width / 640 * x / z
    v = height // 2 + 520.0 * height / 480 * y / z
    self.assertAllClose(u, np.stack([column] * 2), rtol=1e-5, atol=1e-5)
    self.assertAllClose(v, np.stack([row] * 2), rtol=1e-5, atol=1e-5)
    self.assertAllEqual(z, depth_m[:, row, column, 0])

  def test_by_hand(self):
    # A quarter of the picture: focal lengths 100 and 50 pixels.
    depth_m = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    points_m = point_cloud.points_m(
      tf.constant(depth_m), tf.constant([[0, 6, 11]]), (400, 200), (12, 16)
    )
    expected = [[0, 0, 0], [0, 0, 6], [0.11, 0.22, 11]]
    self.assertAllClose(points_m[0, 0], expected)

  def test_a_negative_depth_keeps_its_side(self):
    points_m = point_cloud.points_m(
      tf.fill([1, 2, 2, 1], -3.0), tf.constant([[0]]), (1, 1), (2, 2)
    )
    self.assertAllClose(points_m[0, 0, 0], [-3, -3, -3])


if __name__ == '__main__':
  tf.test.main()
