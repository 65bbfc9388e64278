# SPDX-License-Identifier: Apache-2.0
"""Assertions that the tests of all systems share."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import depth_head
from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.models import deployment
from depth_mai.models import network_file


def convolution_weights(kernel_size: int, inputs: int, outputs: int) -> int:
  """Returns the weights of a convolution with bias."""
  return kernel_size**2 * inputs * outputs + outputs


def separable_weights(inputs: int, outputs: int) -> int:
  """Returns the weights of a separable 3x3 convolution with biases."""
  return 9 * inputs + inputs + convolution_weights(1, inputs, outputs)


def folded_parameters(network: keras.Model) -> int:
  """Counts weights as in the file: all kernels, and a bias for each."""
  count = 0
  for layer in network.layers:
    if isinstance(layer, keras.layers.DepthwiseConv2D):
      count += np.prod(layer.kernel.shape) + layer.kernel.shape[2]
    elif isinstance(layer, keras.layers.Conv2D):
      count += np.prod(layer.kernel.shape) + layer.kernel.shape[3]
  return int(count)


class SystemCase(tf.test.TestCase):
  """Assertions on a system's network."""

  def assert_starts_at(self, network, initial_depth_m, min_depth_m):
    """Checks that an untrained network predicts about the initial depth."""
    rgb = np.random.default_rng(0).uniform(
      0, 255, (2, *network.input_shape[1:])
    )
    depth_m = network(rgb.astype(np.float32), training=False)
    self.assertEqual(depth_m.dtype, tf.float32)
    self.assertAllInRange(depth_m, min_depth_m, 20.0)
    self.assertAllClose(tf.reduce_mean(depth_m), initial_depth_m, atol=1.0)

  def assert_takes_the_depth_code(self, system, options):
    """Checks that the head has the code and starts at the initial depth."""
    network = system(
      options(depth_code='log', initial_depth_m=3.0, min_depth_m=0.2)
    )
    last = network.get_layer('depth_m')
    self.assertIsInstance(last, depth_head.DecodeDepth)
    self.assertEqual((last.code, last.min_depth_m), ('log', 0.2))
    bias = network.get_layer('head').weights[-1]
    self.assertAllClose(bias, [np.log(3.0 / 0.2)])

  def assert_takes_the_encoder_activation(self, system, options):
    """Checks that ReLU replaces hard-swish and that the same weights fit."""
    published, relu = (
      system(options(encoder_activation=activation))
      for activation in ('hard_swish', 'relu')
    )
    self.assertEqual(
      [(one.path, one.shape) for one in published.variables],
      [(one.path, one.shape) for one in relu.variables],
    )
    self.assertTrue(self._has_hard_swish(published))
    self.assertFalse(self._has_hard_swish(relu))
    with self.assertRaisesRegex(ValueError, "activation='elu' must be hard_s"):
      options(encoder_activation='elu')

  def _has_hard_swish(self, network):
    return any(
      getattr(layer, 'activation', None) is keras.activations.hard_swish
      for layer in network.layers
    )

  def assert_predicts_the_same_saved_and_loaded(self, network):
    """Checks that the file of a network has all of it."""
    path = f'{self.get_temp_dir()}/network.keras'
    network_file.save_network(network, path)
    rgb = tf.random.uniform((1, *network.input_shape[1:]), 0, 255, seed=0)
    self.assertAllEqual(
      network_file.load_network(path)(rgb, training=False),
      network(rgb, training=False),
    )

  def assert_stage_table(self, network, expected):
    """Compares the (height, width, channels) of layers with a stage table."""
    actual = {
      name: network.get_layer(name).output.shape[1:] for name in expected
    }
    self.assertEqual(actual, expected)

  def assert_convolutions_with_bias(self, network, expected):
    """Checks that only these layers and the encoder's gates have biases."""
    biased = [
      layer.name
      for layer in network.layers
      if getattr(layer, 'use_bias', False) and '_se_' not in layer.name
    ]
    self.assertEqual(biased, expected)

  def assert_inference_changes_no_weight(self, network):
    """Checks that calls without training do not change BatchNorm."""
    before = [v.numpy() for v in network.variables]
    rgb = tf.random.uniform((1, *network.input_shape[1:]), 0, 255, seed=1)
    self.assertAllEqual(network(rgb), network(rgb, training=False))
    for old, variable in zip(before, network.variables, strict=True):
      self.assertAllEqual(old, variable)

  def assert_every_weight_learns(self, network):
    """Checks that one gradient reaches all trainable weights."""
    rgb = tf.random.uniform((4, *network.input_shape[1:]), 0, 255, seed=2)
    with tf.GradientTape() as tape:
      depth_m = network(rgb, training=True)
      target_m = 1.0 + tf.random.uniform(depth_m.shape, seed=3)
      loss = tf.reduce_mean((tf.math.log(depth_m) - tf.math.log(target_m)) ** 2)
    variables = network.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
      self.assertIsNotNone(gradient, variable.path)
      self.assertTrue(np.isfinite(gradient).all(), variable.path)
      self.assertGreater(
        float(tf.reduce_max(tf.abs(gradient))), 0, variable.path
      )

  def assert_file_size_mb(self, network, precision, expected, tolerance=0.03):
    """Checks that the .tflite file has `expected` megabytes (1e6 bytes)."""
    model = deployment.deployment_model(
      collapse.collapse(network), batch_size=1
    )
    size_mb = len(converter.convert(model, precision)) / 1e6
    self.assertAllClose(expected, size_mb, rtol=tolerance)
