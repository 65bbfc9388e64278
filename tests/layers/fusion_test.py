# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/fusion.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import fusion


def _concat_fusion(size, skip_size, channels=2, skip_channels=3, filters=4):
  x = keras.Input((*size, channels))
  skip = keras.Input((*skip_size, skip_channels))
  # The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
  fused = fusion.concat_fusion(
    x, skip, filters, name='ffm', norm=conv_norm.BatchNorm(epsilon=0.0)
  )
  return keras.Model([x, skip], fused)


class ConcatFusionTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(((4, 5),), ((8, 10),))
  def test_takes_the_size_of_the_skip(self, size):
    model = _concat_fusion(size, (8, 10))
    self.assertEqual(model.output_shape[1:], (8, 10, 4))
    kernels = [v.shape for v in model.variables if 'kernel' in v.path]
    self.assertEqual(kernels, [(1, 1, 5, 4), (3, 3, 4, 4)])

  def test_equals_numpy_at_equal_sizes(self):
    model = _concat_fusion((3, 3), (3, 3))
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
    model = _concat_fusion(
      (1, 4), (1, 8), channels=1, skip_channels=1, filters=1
    )
    model.get_layer('ffm_reduce').kernel.assign([[[[1.0], [0.0]]]])
    mix = np.zeros((3, 3, 1, 1))
    mix[1, 1] = 1
    model.get_layer('ffm_mix').kernel.assign(mix)
    ramp = np.arange(4, dtype=np.float32).reshape((1, 1, 4, 1))
    row = model([ramp, np.ones((1, 1, 8, 1), np.float32)], training=False)
    self.assertAllClose(
      [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], row[0, 0, :, 0]
    )


def _simple_fusion(size, skip_size, channels, skip_channels, filters):
  x = keras.Input((*size, channels))
  skip = keras.Input((*skip_size, skip_channels))
  # The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
  fused = fusion.simple_fusion(
    x, skip, filters, norm=conv_norm.BatchNorm(epsilon=0.0), name='sfm'
  )
  return keras.Model([x, skip], fused)


class SimpleFusionTest(tf.test.TestCase):
  def test_takes_the_size_of_the_skip(self):
    model = _simple_fusion((6, 8), (12, 16), 64, 40, 40)
    self.assertEqual(model.output_shape, (None, 12, 16, 40))
    self.assertEqual(model.get_layer('sfm_conv').kernel.shape, (3, 3, 104, 40))

  def test_bilinear_then_skip_then_relu(self):
    """Each channel passes alone: a ramp of twice the size, and the skip."""
    model = _simple_fusion((1, 3), (2, 6), 1, 1, 3)
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
    model = _simple_fusion((3, 3), (3, 3), 2, 3, 4)
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
      fusion.separable_norm(inputs, 6, name='sep', norm=_NORM),
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
    fused = fusion.separable_fusion(x, skip, 4, name='ffm', norm=_NORM)
    return keras.Model([x, skip], fused)


if __name__ == '__main__':
  tf.test.main()
