# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/separable_resize.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import separable_resize


def _along(values, size, axis):
  """Interpolates between pixel centres; holds the first and last pixel."""
  low = values.shape[axis]
  positions = (np.arange(size) + 0.5) * low / size - 0.5
  return np.apply_along_axis(
    lambda line: np.interp(positions, np.arange(low), line), axis, values
  )


class SeparableResizeTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ((6, 8), (60, 80)), ((6, 8), (6, 8)), ((6, 8), (7, 8)), ((6, 8), (6, 31)),
    ((6, 8), (3, 5)), ((1, 2), (4, 9)),
  )  # fmt: skip
  def test_is_bilinear_with_half_pixel_centres(self, low_size, size):
    depth = np.random.default_rng(0).uniform(1, 9, size=(2, *low_size, 1))
    depth = depth.astype(np.float32)
    result = separable_resize.SeparableResize(*size)(depth)
    expected = _along(_along(depth.astype(np.float64), size[0], 1), size[1], 2)
    self.assertAllClose(expected, result, rtol=1e-5, atol=0)

  def test_shape_of_an_open_batch(self):
    depth = keras.Input((3, 4, 1))
    layer = separable_resize.SeparableResize(30, 20)
    self.assertEqual(layer(depth).shape, (None, 30, 20, 1))

  def test_comes_back_from_its_config(self):
    layer = separable_resize.SeparableResize(30, 20)
    twin = keras.layers.deserialize(keras.layers.serialize(layer))
    self.assertEqual((twin.height, twin.width), (30, 20))


if __name__ == '__main__':
  tf.test.main()
