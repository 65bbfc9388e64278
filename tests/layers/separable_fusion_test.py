# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/separable_fusion.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import separable_fusion

# The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
_NORM = conv_norm.BatchNorm(epsilon=0.0)


def _relu(x):
  return np.maximum(x, 0)


def _separable(image, depthwise, pointwise):
  """3x3 depthwise [3, 3, C] and 1x1 [C, D] on [H, W, C], zero-padded."""
  height, width, _ = image.shape
  padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
  out = np.zeros_like(image)
  for u in range(3):
    for v in range(3):
      out += padded[u : u + height, v : v + width] * depthwise[u, v]
  return _relu(_relu(out) @ pointwise)


class SeparableFusionTest(tf.test.TestCase, parameterized.TestCase):
  def test_separable_equals_numpy(self):
    inputs = keras.Input((4, 5, 3))
    model = keras.Model(
      inputs,
      separable_fusion.separable_norm(inputs, 6, name='sep', norm=_NORM),
    )
    rng = np.random.default_rng(0)
    depthwise = rng.normal(size=(3, 3, 3))
    pointwise = rng.normal(size=(3, 6))
    model.get_layer('sep_depthwise').kernel.assign(depthwise[..., None])
    model.get_layer('sep_pointwise').kernel.assign(pointwise[None, None])
    image = rng.normal(size=(4, 5, 3)).astype(np.float32)
    expected = _separable(image, depthwise, pointwise)
    self.assertGreater(expected.max(), 0)
    self.assertAllClose(
      expected, model(image[None], training=False)[0], atol=1e-4
    )

  @parameterized.parameters(((4, 5),), ((8, 10),))
  def test_fusion_takes_the_size_of_the_skip(self, size):
    model = self._fusion(size, (8, 10))
    self.assertEqual(model.output_shape[1:], (8, 10, 4))
    # Projected before it grows: a quarter of the multiplications.
    self.assertEqual(
      model.get_layer('ffm_project').output.shape[1:], (*size, 4)
    )

  def test_fusion_equals_numpy_at_equal_sizes(self):
    model = self._fusion((4, 5), (4, 5))
    rng = np.random.default_rng(1)
    project = rng.normal(size=(2, 4))
    pass_on = rng.normal(size=(3, 4))
    model.get_layer('ffm_project').kernel.assign(project[None, None])
    model.get_layer('ffm_skip').kernel.assign(pass_on[None, None])
    x = rng.normal(size=(4, 5, 2)).astype(np.float32)
    skip = rng.normal(size=(4, 5, 3)).astype(np.float32)
    expected = _relu(x @ project) + _relu(skip @ pass_on)
    for number in (1, 2):
      depthwise = rng.normal(size=(3, 3, 4))
      pointwise = rng.normal(size=(4, 4))
      prefix = f'ffm_{number}'
      model.get_layer(f'{prefix}_depthwise').kernel.assign(depthwise[..., None])
      model.get_layer(f'{prefix}_pointwise').kernel.assign(
        pointwise[None, None]
      )
      expected = _separable(expected, depthwise, pointwise)
    self.assertGreater(expected.max(), 0)
    actual = model([x[None], skip[None]], training=False)[0]
    self.assertAllClose(expected, actual, rtol=1e-4, atol=1e-3)

  def _fusion(self, size, skip_size):
    x = keras.Input((*size, 2))
    skip = keras.Input((*skip_size, 3))
    fused = separable_fusion.separable_fusion(
      x, skip, 4, name='ffm', norm=_NORM
    )
    return keras.Model([x, skip], fused)


if __name__ == '__main__':
  tf.test.main()
