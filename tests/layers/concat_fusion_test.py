# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/concat_fusion.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import concat_fusion
from depth_mai.layers import conv_norm


def _fusion(size, skip_size, channels=2, skip_channels=3, filters=4):
  x = keras.Input((*size, channels))
  skip = keras.Input((*skip_size, skip_channels))
  # The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
  fused = concat_fusion.concat_fusion(
    x, skip, filters, name='ffm', norm=conv_norm.BatchNorm(epsilon=0.0)
  )
  return keras.Model([x, skip], fused)


class ConcatFusionTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(((4, 5),), ((8, 10),))
  def test_takes_the_size_of_the_skip(self, size):
    model = _fusion(size, (8, 10))
    self.assertEqual(model.output_shape[1:], (8, 10, 4))
    kernels = [v.shape for v in model.variables if 'kernel' in v.path]
    self.assertEqual(kernels, [(1, 1, 5, 4), (3, 3, 4, 4)])

  def test_equals_numpy_at_equal_sizes(self):
    model = _fusion((3, 3), (3, 3))
    rng = np.random.default_rng(0)
    reduce = rng.normal(size=(5, 4))
    mix = rng.normal(size=(3, 3, 4, 4))
    model.get_layer('ffm_reduce').kernel.assign(reduce[None, None])
    model.get_layer('ffm_mix').kernel.assign(mix)
    x = rng.normal(size=(3, 3, 2)).astype(np.float32)
    skip = rng.normal(size=(3, 3, 3)).astype(np.float32)
    reduced = np.maximum(np.concatenate([x, skip], axis=-1) @ reduce, 0)
    # The centre pixel sees the whole 3x3 map.
    centre = np.maximum(np.einsum('uvi,uvio->o', reduced, mix), 0)
    actual = model([x[None], skip[None]], training=False)[0, 1, 1]
    self.assertGreater(centre.max(), 0)
    self.assertAllClose(centre, actual, atol=1e-4)

  def test_bilinear_between_the_sizes(self):
    """Only the decoder features pass: a ramp stays a ramp inside."""
    model = _fusion((1, 4), (1, 8), channels=1, skip_channels=1, filters=1)
    model.get_layer('ffm_reduce').kernel.assign([[[[1.0], [0.0]]]])
    mix = np.zeros((3, 3, 1, 1))
    mix[1, 1] = 1
    model.get_layer('ffm_mix').kernel.assign(mix)
    ramp = np.arange(4, dtype=np.float32).reshape((1, 1, 4, 1))
    row = model([ramp, np.ones((1, 1, 8, 1), np.float32)], training=False)
    self.assertAllClose(
      [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], row[0, 0, :, 0]
    )


if __name__ == '__main__':
  tf.test.main()
