# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/simple_fusion.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import simple_fusion


def _fusion(size, skip_size, channels, skip_channels, filters):
  x = keras.Input((*size, channels))
  skip = keras.Input((*skip_size, skip_channels))
  # The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
  fused = simple_fusion.simple_fusion(
    x, skip, filters, norm=conv_norm.BatchNorm(epsilon=0.0), name='sfm'
  )
  return keras.Model([x, skip], fused)


class SimpleFusionTest(tf.test.TestCase):
  def test_takes_the_size_of_the_skip(self):
    model = _fusion((6, 8), (12, 16), 64, 40, 40)
    self.assertEqual(model.output_shape, (None, 12, 16, 40))
    self.assertEqual(model.get_layer('sfm_conv').kernel.shape, (3, 3, 104, 40))

  def test_bilinear_then_skip_then_relu(self):
    """Each channel passes alone: a ramp of twice the size, and the skip."""
    model = _fusion((1, 3), (2, 6), 1, 1, 3)
    kernel = np.zeros((3, 3, 2, 3))
    kernel[1, 1] = [[1, 0, -1], [0, 1, 0]]
    model.get_layer('sfm_conv').kernel.assign(kernel)
    ramp = np.arange(3, dtype=np.float32).reshape((1, 1, 3, 1))
    skip = np.random.default_rng(0).normal(size=(1, 2, 6, 1))
    skip = skip.astype(np.float32)
    fused = model([ramp, skip], training=False)[0]
    expected = np.tile([0, 0.25, 0.75, 1.25, 1.75, 2], (2, 1))
    self.assertAllClose(expected, fused[:, :, 0])
    self.assertAllClose(np.maximum(skip[0, :, :, 0], 0), fused[:, :, 1])
    self.assertAllEqual(fused[:, :, 2], np.zeros((2, 6)))

  def test_neighbours_take_part(self):
    model = _fusion((3, 3), (3, 3), 2, 3, 4)
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(3, 3, 5, 4))
    model.get_layer('sfm_conv').kernel.assign(kernel)
    x = rng.normal(size=(3, 3, 2)).astype(np.float32)
    skip = rng.normal(size=(3, 3, 3)).astype(np.float32)
    both = np.concatenate([x, skip], axis=-1)
    centre = np.maximum(np.einsum('uvi,uvio->o', both, kernel), 0)
    actual = model([x[None], skip[None]], training=False)[0, 1, 1]
    self.assertGreater(centre.max(), 0)
    self.assertAllClose(centre, actual, atol=1e-4)


if __name__ == '__main__':
  tf.test.main()
