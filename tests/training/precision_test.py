# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/precision.py against NumPy."""

import contextlib
import io
import os
import pathlib
from unittest import mock

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import clb
from depth_mai.training import precision

_CONVOLUTIONS = 'bfloat16_convolutions'


def _rounded(values):
  """Rounds to the nearest number of 8 significant bits, as bfloat16 does."""
  mantissa, exponent = np.frexp(np.asarray(values, np.float64))
  return np.ldexp(np.round(mantissa * 256), exponent - 8)


def _products(x, kernel):
  """Convolves [B, 6, 6, 3] with [6, 6, 3, filters], once for each image."""
  return np.tensordot(x, kernel, 3)[:, None, None]


def _network(*layers):
  network = keras.Sequential([keras.Input((6, 6, 3)), *layers])
  precision.apply(_CONVOLUTIONS, network)
  return network


class PrecisionTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    rng = np.random.default_rng(0)
    self.x = rng.normal(size=(2, 6, 6, 3)).astype(np.float32)

  def test_inputs_kernels_and_sums_are_rounded(self):
    network = _network(keras.layers.Conv2D(4, 6, bias_initializer='ones'))
    kernel, _ = network.get_weights()
    expected = _rounded(_products(_rounded(self.x), _rounded(kernel))) + 1
    # A sum in float32 may lie on the other side of the middle of two numbers.
    self.assertAllClose(network(self.x), expected, rtol=2**-8, atol=1e-3)
    same = np.mean(network(self.x).numpy() == expected.astype(np.float32))
    self.assertGreater(same, 0.9)

  def test_gradients_are_rounded_and_weights_are_not(self):
    network = _network(keras.layers.Conv2D(4, 6, use_bias=False))
    (variable,) = network.trainable_variables
    upstream = np.random.default_rng(1).normal(size=(2, 1, 1, 4))
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(network(self.x) * upstream)
    (gradient,) = tape.gradient(loss, [variable.value])
    expected = np.tensordot(
      _rounded(self.x), _rounded(upstream[:, 0, 0]), ((0,), (0,))
    )
    self.assertEqual(gradient.dtype, tf.float32)
    self.assertEqual(variable.dtype, 'float32')
    self.assertAllClose(gradient, expected, rtol=2**-8, atol=2e-2)
    self.assertAllEqual(gradient, _rounded(gradient))

  def test_a_collapsible_convolution(self):
    network = _network(clb.CollapsibleConv2D(2, 3, expansion=8))
    kernel, _ = network.layers[0].collapsed_weights()
    kernel, x = _rounded(kernel), _rounded(self.x)
    # In the middle, where nothing is padded.
    expected = _rounded(np.tensordot(x[:, 1:4, 1:4], kernel, 3))
    self.assertAllClose(
      network(self.x)[:, 2, 2], expected, rtol=2**-8, atol=1e-3
    )

  def test_a_nested_network(self):
    inner = keras.Sequential([keras.layers.Conv2D(4, 3)])
    network = _network(inner)
    self.assertIn('convolution_op', vars(inner.layers[0]))
    self.assertEqual(network(self.x).dtype, tf.float32)

  def test_other_layers_and_precisions_stay_as_they_are(self):
    layers = [
      keras.layers.DepthwiseConv2D(3),
      keras.layers.Conv2D(6, 3, groups=3),
      keras.layers.Conv2D(4, 1),
      clb.CollapsibleConv2D(4, 1),
      keras.layers.Dense(4),
    ]
    network = _network(*layers)
    for layer in network.layers:
      self.assertNotIn('convolution_op', vars(layer))
    network = keras.Sequential([keras.layers.Conv2D(4, 3)])
    precision.apply('float32', network)
    self.assertNotIn('convolution_op', vars(network.layers[0]))

  def test_the_saved_file_is_the_same(self):
    network = _network(keras.layers.Conv2D(4, 3, name='conv'))
    path = os.path.join(self.create_tempdir().full_path, 'network.keras')
    network.save(path)
    loaded = keras.models.load_model(path)
    self.assertNotIn('convolution_op', vars(loaded.get_layer('conv')))
    # In float32: more than 8 bits.
    self.assertNotAllClose(loaded(self.x), network(self.x), 1e-7, 1e-7)

  @parameterized.parameters(
    ('flags : fma avx512_bf16 clzero', _CONVOLUTIONS, False),
    ('flags : amx_bf16 amx_tile', _CONVOLUTIONS, False),
    ('flags : fma avx512f', _CONVOLUTIONS, True),
    ('flags : fma avx512f', 'float32', False),
  )
  def test_slow_processors_are_named(self, cpu, chosen, expected):
    path = pathlib.Path(self.create_tempdir().full_path, 'cpuinfo')
    path.write_text(f'processor : 0\n{cpu}\n')
    output = io.StringIO()
    with (
      mock.patch.object(precision, '_CPU_INFO', path),
      contextlib.redirect_stdout(output),
    ):
      precision.set_policy(chosen)
    self.assertEqual('avx512_bf16 nor amx_bf16' in output.getvalue(), expected)
    self.assertEqual(keras.mixed_precision.global_policy().name, 'float32')


if __name__ == '__main__':
  tf.test.main()
