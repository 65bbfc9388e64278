# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/pointwise.py against NumPy and Keras' layer."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import pointwise

_SHAPE = (2, 5, 7, 6)


def _network(size=(5, 7), **options):
  layer = keras.layers.Conv2D(
    **{'filters': 4, 'kernel_size': 1, 'name': 'conv', **options}
  )
  network = keras.Sequential([keras.Input((*size, 6)), layer])
  pointwise.use(network)
  return network


def _kernels(network):
  """Returns the operators of the network in training."""
  x = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
  graph = tf.function(lambda x: network(x, training=True)).get_concrete_function
  return {operation.type for operation in graph(x).graph.get_operations()}


class PointwiseTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.x = np.random.default_rng(0).normal(size=_SHAPE).astype(np.float32)

  def test_values_and_gradients_are_those_of_numpy(self):
    network = _network(bias_initializer='ones')
    kernel, bias = network.get_weights()
    upstream = np.random.default_rng(1).normal(size=(2, 5, 7, 4))
    x = tf.constant(self.x)
    with tf.GradientTape() as tape:
      tape.watch(x)
      y = network(x, training=True)
      loss = tf.reduce_sum(y * upstream)
    variable = network.trainable_variables[0].value
    of_kernel, of_x = tape.gradient(loss, [variable, x])
    self.assertAllClose(y, self.x @ kernel[0, 0] + bias, 1e-5, 1e-5)
    everywhere = (0, 1, 2)
    self.assertAllClose(
      of_kernel[0, 0],
      np.tensordot(self.x, upstream, (everywhere, everywhere)),
      1e-5,
      1e-5,
    )
    self.assertAllClose(of_x, upstream @ kernel[0, 0].T, 1e-5, 1e-5)

  @parameterized.parameters({}, {'padding': 'same'}, {'use_bias': False})
  def test_it_is_a_product(self, **options):
    kernels = _kernels(_network(**options))
    self.assertIn('MatMul', kernels)
    self.assertNotIn('Conv2D', kernels)

  @parameterized.parameters(
    {'kernel_size': 3}, {'strides': 2}, {'groups': 2}, {'size': (None, None)}
  )
  def test_other_convolutions_stay_as_they_are(self, **options):
    network = _network(**options)
    self.assertNotIn('MatMul', _kernels(network))
    layer = network.get_layer('conv')
    expected = type(layer).call(layer, self.x)
    self.assertAllEqual(network(self.x, training=True), expected)

  def test_half_precision_keeps_its_type(self):
    policy = keras.mixed_precision.DTypePolicy('mixed_float16')
    y = _network(dtype=policy)(self.x, training=True)
    self.assertEqual(y.dtype, tf.float16)

  def test_the_saved_file_is_of_keras_alone(self):
    network = _network()
    path = os.path.join(self.create_tempdir().full_path, 'network.keras')
    network.save(path)
    layer = keras.models.load_model(path).get_layer('conv')
    self.assertNotIn('convolution_op', vars(layer))


if __name__ == '__main__':
  tf.test.main()
