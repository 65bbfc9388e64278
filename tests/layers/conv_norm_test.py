# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/conv_norm.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm


class ConvNormTest(tf.test.TestCase, parameterized.TestCase):
  def test_momentum_and_epsilon_are_passed_on(self):
    inputs = keras.Input((2, 2, 1))
    norm = conv_norm.BatchNorm(momentum=0.75, epsilon=0.5)
    model = keras.Model(inputs, norm(inputs, 'bn'))
    images = np.reshape([1.0, 3.0, 5.0, 7.0], (1, 2, 2, 1))
    model(images.astype(np.float32), training=True)
    layer = model.get_layer('bn')
    self.assertAllClose(layer.moving_mean, [0.25 * 4.0])
    self.assertAllClose(layer.moving_variance, [0.75 + 0.25 * 5.0])
    expected = (images - 1.0) / np.sqrt(2.0 + 0.5)
    self.assertAllClose(expected, model(images, training=False))

  @parameterized.parameters(
    ('relu', [0.0, 0.0, 0.5, 4.0]),
    ('hard_swish', [0.0, -1.0 / 3.0, 0.5 * 3.5 / 6, 4.0]),
    ('hard_sigmoid', [0.0, 1.0 / 3.0, 3.5 / 6, 1.0]),
    (None, [-4.0, -1.0, 0.5, 4.0]),
  )
  def test_activations(self, name, expected):
    values = tf.constant([-4.0, -1.0, 0.5, 4.0])
    self.assertAllClose(conv_norm.activate(values, name, 'a'), expected)

  def test_names_and_shapes(self):
    inputs = keras.Input((8, 8, 4))
    norm = conv_norm.BatchNorm()
    x = conv_norm.conv_norm(inputs, 6, 3, name='conv', norm=norm, stride=2)
    x = conv_norm.depthwise_norm(x, 5, name='depthwise', norm=norm)
    model = keras.Model(inputs, x)
    self.assertEqual(model.output_shape[1:], (4, 4, 6))
    names = [layer.name for layer in model.layers[1:]]
    self.assertEqual(
      names,
      [
        'conv',
        'conv_bn',
        'conv_act',
        'depthwise',
        'depthwise_bn',
        'depthwise_act',
      ],
    )
    self.assertFalse(model.get_layer('conv').use_bias)


if __name__ == '__main__':
  tf.test.main()
