# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/fused_norm.py against NumPy and Keras' layer."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import fused_norm

_SHAPE = (3, 5, 7, 4)


def _network(fuse=False, **options):
  inputs = keras.Input(_SHAPE[1:])
  layer = keras.layers.BatchNormalization(
    momentum=0.8, epsilon=1e-3, name='norm', **options
  )
  network = keras.Model(inputs, layer(inputs))
  rng = np.random.default_rng(0)
  network.set_weights(
    [rng.uniform(0.5, 2, w.shape) for w in network.get_weights()]
  )
  if fuse:
    fused_norm.fuse(network)
  return network


def _kernels(network):
  """Returns the operators of the network in training."""
  x = tf.TensorSpec((None, *_SHAPE[1:]), tf.float32)
  graph = tf.function(lambda x: network(x, training=True)).get_concrete_function
  return {op.type for op in graph(x).graph.get_operations()}


class FusedNormTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.x = np.random.default_rng(1).normal(2, 3, _SHAPE).astype(np.float32)

  def test_values_and_statistics_are_those_of_numpy(self):
    network = _network(fuse=True)
    gamma, beta, old_mean, old_variance = network.get_weights()
    mean, variance = self.x.mean((0, 1, 2)), self.x.var((0, 1, 2))
    expected = gamma * (self.x - mean) / np.sqrt(variance + 1e-3) + beta
    self.assertAllClose(network(self.x, training=True), expected, 1e-5, 1e-5)
    layer = network.get_layer('norm')
    self.assertAllClose(layer.moving_mean, 0.8 * old_mean + 0.2 * mean, 1e-6)
    self.assertAllClose(
      layer.moving_variance, 0.8 * old_variance + 0.2 * variance, 1e-6
    )

  def test_gradients_are_those_of_keras(self):
    gradients = []
    for network in (_network(), _network(fuse=True)):
      x = tf.constant(self.x)
      with tf.GradientTape() as tape:
        tape.watch(x)
        y = network(x, training=True)
        loss = tf.reduce_sum(tf.sin(y) * y * y)
      variables = [x, *(v.value for v in network.trainable_variables)]
      gradients.append(tape.gradient(loss, variables))
    self.assertLen(gradients[0], 3)
    for expected, found in zip(*gradients, strict=True):
      self.assertAllClose(found, expected, 1e-4, 1e-4)

  def test_one_value_for_each_channel(self):
    # The unbiased variance of one value does not exist.
    inputs = keras.Input((1, 1, 4))
    network = keras.Model(inputs, keras.layers.BatchNormalization()(inputs))
    fused_norm.fuse(network)
    y = network(self.x[:1, :1, :1], training=True)
    self.assertAllClose(y, np.zeros((1, 1, 1, 4)))
    for weight in network.get_weights():
      self.assertTrue(np.isfinite(weight).all())

  def test_the_fused_kernel_is_used(self):
    self.assertNotIn('FusedBatchNormV3', _kernels(_network()))
    kernels = _kernels(_network(fuse=True))
    self.assertIn('FusedBatchNormV3', kernels)
    self.assertNotIn('SquaredDifference', kernels)

  @parameterized.parameters(
    {'axis': 1}, {'scale': False}, {'center': False}, {'renorm': True},
    {'synchronized': True},
  )  # fmt: skip
  def test_other_layers_stay_as_they_are(self, **options):
    network = _network(**options)
    before = network(self.x, training=True).numpy()
    weights = network.get_weights()
    other = _network(fuse=True, **options)
    self.assertNotIn('FusedBatchNormV3', _kernels(other))
    other = _network(fuse=True, **options)
    self.assertAllEqual(other(self.x, training=True), before)
    self.assertAllEqual(other.get_weights(), weights)

  def test_inference_and_frozen_layers_use_the_averages(self):
    network, fused = _network(), _network(fuse=True)
    for model in (network, fused):
      model.get_layer('norm').trainable = False
    for training in (False, True):
      self.assertAllEqual(
        fused(self.x, training=training), network(self.x, training=training)
      )
    self.assertAllEqual(fused.get_weights(), network.get_weights())

  def test_half_precision_keeps_its_type(self):
    policy = keras.mixed_precision.DTypePolicy('mixed_float16')
    y = _network(fuse=True, dtype=policy)(self.x, training=True)
    self.assertEqual(y.dtype, tf.float16)

  def test_the_saved_file_is_of_keras_alone(self):
    network = _network(fuse=True)
    path = os.path.join(self.create_tempdir().full_path, 'network.keras')
    network.save(path)
    layer = keras.models.load_model(path).get_layer('norm')
    self.assertIs(type(layer), keras.layers.BatchNormalization)
    self.assertNotIn('call', vars(layer))
    self.assertNotIn(
      'call', vars(keras.models.clone_model(network).get_layer('norm'))
    )


if __name__ == '__main__':
  tf.test.main()
