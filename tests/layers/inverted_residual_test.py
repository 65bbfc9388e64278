# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/inverted_residual.py and conv_norm.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import inverted_residual


def _block(channels, **kwargs):
  inputs = keras.Input((8, 8, channels))
  outputs = inverted_residual.inverted_residual(
    inputs,
    **{
      'kernel_size': 3,
      'expanded': 16,
      'filters': 8,
      'use_squeeze_excite': False,
      'activation': 'relu',
      'stride': 1,
      'norm': conv_norm.BatchNorm(),
      'name': 'block',
      **kwargs,
    },
  )
  return keras.Model(inputs, outputs)


class InvertedResidualTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters((1, 8, True), (2, 8, False), (1, 12, False))
  def test_shortcut_only_where_shapes_agree(self, stride, filters, shortcut):
    model = _block(8, stride=stride, filters=filters)
    size = 8 // stride
    self.assertEqual(model.output_shape[1:], (size, size, filters))
    projection = model.get_layer('block_project_bn')
    projection.gamma.assign(tf.zeros(filters))
    image = tf.random.normal((1, 8, 8, 8))
    output = model(image, training=False)
    if shortcut:
      self.assertAllClose(image, output)
    else:
      self.assertAllEqual(output, tf.zeros_like(output))

  def test_no_expansion_where_channels_stay(self):
    names = [layer.name for layer in _block(16, expanded=16).layers]
    self.assertNotIn('block_expand', names)

  def test_gate_scales_channels_by_hard_sigmoid_of_means(self):
    inputs = keras.Input((4, 4, 8))
    model = keras.Model(inputs, inverted_residual.squeeze_excite(inputs, 'se'))
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=v.shape) for v in model.variables]
    for variable, value in zip(model.variables, weights, strict=True):
      variable.assign(value)
    image = rng.normal(size=(1, 4, 4, 8))
    hidden = image.mean(axis=(1, 2)) @ weights[0][0, 0] + weights[1]
    gate = np.maximum(hidden, 0) @ weights[2][0, 0] + weights[3]
    gate = np.clip(gate + 3, 0, 6) / 6
    self.assertAllClose(image * gate[:, None, None], model(image), atol=1e-5)

  @parameterized.parameters((18, 24), (16, 16), (4, 8), (30, 32), (60, 64))
  def test_round_channels(self, channels, expected):
    self.assertEqual(inverted_residual.round_channels(channels), expected)


if __name__ == '__main__':
  tf.test.main()
