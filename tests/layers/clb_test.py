# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/clb.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import clb


def _convolve(image, kernel, bias):
  """Zero-padded convolution of [H, W, in], written as loops over the taps."""
  size = kernel.shape[0]
  half = size // 2
  height, width, _ = image.shape
  padded = np.pad(image, ((half, half), (half, half), (0, 0)))
  out = np.zeros((height, width, kernel.shape[3])) + bias
  for u in range(size):
    for v in range(size):
      out += padded[u : u + height, v : v + width] @ kernel[u, v]
  return out


class CollapsibleConv2DTest(tf.test.TestCase, parameterized.TestCase):
  def _layer(self, channels, **kwargs):
    keras.utils.set_random_seed(3)
    layer = clb.CollapsibleConv2D(expansion=32, **kwargs)
    layer.build((None, 6, 7, channels))
    rng = np.random.default_rng(0)
    for variable in layer.variables:
      variable.assign(rng.normal(size=variable.shape) * 0.3)
    return layer

  @parameterized.parameters((3, 5, 4, False), (5, 4, 4, True), (1, 2, 6, False))
  def test_equals_the_two_convolutions_it_replaces(
    self, kernel_size, channels, filters, residual
  ):
    layer = self._layer(
      channels, filters=filters, kernel_size=kernel_size, residual=residual
    )
    image = np.random.default_rng(1).normal(size=(6, 7, channels))
    wide = _convolve(
      image, layer.expand_kernel.numpy(), layer.expand_bias.numpy()
    )
    expected = wide @ layer.project_kernel.numpy() + layer.project_bias.numpy()
    if residual:
      expected = expected + image
    actual = layer(image[None].astype(np.float32), training=True)[0]
    self.assertAllClose(expected, actual, rtol=1e-4, atol=1e-4)

  def test_collapsed_weights_are_those_of_one_convolution(self):
    layer = self._layer(4, filters=4, residual=True)
    image = np.random.default_rng(2).normal(size=(6, 7, 4))
    kernel, bias = layer.collapsed_weights()
    self.assertEqual(kernel.shape, (3, 3, 4, 4))
    self.assertAllClose(
      _convolve(image, kernel, bias),
      layer(image[None].astype(np.float32))[0],
      rtol=1e-4,
      atol=1e-4,
    )

  def test_gradients_reach_the_wide_weights(self):
    layer = self._layer(2, filters=3)
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(layer(tf.ones((1, 5, 5, 2))) ** 2)
    gradients = tape.gradient(loss, [v.value for v in layer.variables])
    for gradient in gradients:
      self.assertGreater(float(tf.reduce_max(tf.abs(gradient))), 0)

  def test_refuses_even_kernels_and_impossible_residuals(self):
    with self.assertRaisesRegex(ValueError, 'odd'):
      clb.CollapsibleConv2D(4, kernel_size=2)
    with self.assertRaisesRegex(ValueError, 'residual=False'):
      clb.CollapsibleConv2D(4, residual=True).build((None, 5, 5, 3))

  def test_config_round_trip(self):
    layer = clb.CollapsibleConv2D(
      4,
      expansion=8,
      residual=True,
      bias_initializer=keras.initializers.Constant(2.0),
    )
    copy = clb.CollapsibleConv2D.from_config(layer.get_config())
    self.assertEqual(copy.get_config(), layer.get_config())
    copy.build((None, 4, 4, 4))
    self.assertAllEqual(copy.project_bias, [2.0] * 4)


if __name__ == '__main__':
  tf.test.main()
