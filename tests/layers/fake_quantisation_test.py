# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/fake_quantisation.py."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import fake_quantisation


def _rounded(values, low, high):
  """TFLite's asymmetric int8: real = (q - zero_point) * step."""
  step = (high - low) / 255
  zero_point = np.round(-128 - low / step)
  quantised = np.clip(np.round(values / step) + zero_point, -128, 127)
  return (quantised - zero_point) * step


def _values(shape=(2, 5, 7, 3), seed=0):
  return np.random.default_rng(seed).normal(0.4, 1.0, shape).astype(np.float32)


class FakeQuantiseTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0.0, 5.0, -5.0)
  def test_rounds_as_int8_over_a_range_that_contains_zero(self, offset):
    values = _values() + offset
    layer = fake_quantisation.FakeQuantise()
    rounded = layer(values, training=True)
    low, high = min(values.min(), 0), max(values.max(), 0)
    self.assertAllClose(layer.low, low)
    self.assertAllClose(layer.high, high)
    self.assertAllClose(rounded, _rounded(values, low, high), atol=1e-5)
    self.assertLess(np.unique(rounded).size, 257)

  def test_changes_nothing_before_its_first_training_call(self):
    layer = fake_quantisation.FakeQuantise()
    self.assertAllEqual(layer(_values(), training=False), _values())
    self.assertAllEqual([layer.low, layer.high], [0.0, 0.0])

  def test_inference_clips_and_moves_nothing(self):
    layer = fake_quantisation.FakeQuantise()
    layer(np.float32([-1.0, 1.0]), training=True)
    self.assertAllClose(
      layer(np.float32([-9.0, 9.0]), training=False), [-1, 1], atol=2 / 255
    )
    self.assertAllEqual([layer.low, layer.high], [-1.0, 1.0])

  def test_the_range_widens_at_once_and_narrows_slowly(self):
    layer = fake_quantisation.FakeQuantise(momentum=0.75)
    low, high = 0.0, 0.0
    for batch in ([-1, 4], [-3, 2], [-1, 8], [1, 2]):
      layer(np.float32(batch), training=True)
      batch_low, batch_high = min(batch[0], 0), max(batch[1], 0)
      low = batch_low if batch_low < low else 0.75 * low + 0.25 * batch_low
      high = (
        batch_high if batch_high > high else 0.75 * high + 0.25 * batch_high
      )
      self.assertAllClose([layer.low, layer.high], [low, high])

  def test_freezes(self):
    layer = fake_quantisation.FakeQuantise(freeze_after=2)
    for size in (1.0, 2.0, 9.0):
      layer(np.float32([-size, size]), training=True)
    self.assertAllEqual([layer.low, layer.high], [-2.0, 2.0])

  def test_a_fixed_range_stays(self):
    layer = fake_quantisation.FakeQuantise(fixed_range=(0.0, 255 / 256))
    values = np.linspace(0, 0.99, 30, dtype=np.float32)
    rounded = layer(values, training=True)
    self.assertAllClose(rounded, np.round(values * 256) / 256, atol=1e-6)

  def test_gradients_pass_the_rounding_and_stop_at_the_ends(self):
    layer = fake_quantisation.FakeQuantise(fixed_range=(-1.0, 1.0))
    values = tf.constant([-3.0, -0.51, 0.0, 0.37, 3.0])
    with tf.GradientTape() as tape:
      tape.watch(values)
      total = tf.reduce_sum(layer(values, training=True) * [1.0, 2, 3, 4, 5])
    self.assertAllClose(tape.gradient(total, values), [0, 2, 3, 4, 0])


class QuantisedConvolutionsTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(3, 2)
  def test_kernels_have_127_steps_for_each_channel(self, axis):
    kernel = _values((3, 3, 4, 5))
    largest = np.abs(np.moveaxis(kernel, axis, 0)).reshape(
      5 if axis == 3 else 4, -1
    )
    step = largest.max(axis=1) / 127
    step = step if axis == 3 else step[:, np.newaxis]
    rounded = fake_quantisation.fake_quantise_kernel(tf.constant(kernel), axis)
    self.assertAllClose(rounded, np.round(kernel / step) * step, atol=1e-6)
    self.assertGreater(np.abs(rounded - kernel).max(), 1e-3)

  def test_a_channel_of_zeros_stays(self):
    kernel = tf.zeros((1, 1, 2, 3))
    self.assertAllEqual(
      fake_quantisation.fake_quantise_kernel(kernel, 3), kernel
    )

  @parameterized.parameters(
    (fake_quantisation.QuantisedConv2D, keras.layers.Conv2D, (6, 3), 3),
    (
      fake_quantisation.QuantisedDepthwiseConv2D,
      keras.layers.DepthwiseConv2D,
      (3,),
      2,
    ),
  )
  def test_convolve_with_the_rounded_kernel(self, rounding, plain, args, axis):
    settings = {'strides': 2, 'padding': 'same', 'dtype': 'float32'}
    layer, reference = rounding(*args, **settings), plain(*args, **settings)
    layer.build((None, 8, 8, 4))
    reference.build((None, 8, 8, 4))
    bias = _values(layer.bias.shape, seed=2)
    reference.set_weights(
      [
        fake_quantisation.fake_quantise_kernel(
          tf.convert_to_tensor(layer.kernel), axis
        ),
        bias,
      ]
    )
    layer.bias.assign(bias)
    images = _values((2, 8, 8, 4))
    with tf.GradientTape() as tape:
      outputs = layer(images)
      total = tf.reduce_sum(outputs)
    self.assertAllClose(outputs, reference(images), atol=1e-5)
    # The gradient of the kernel is that of the convolution: no rounding in it.
    gradient = tape.gradient(total, layer.kernel.value)
    with tf.GradientTape() as tape:
      total = tf.reduce_sum(reference(images))
    self.assertAllClose(
      gradient, tape.gradient(total, reference.kernel.value), atol=1e-4
    )

  def test_saves_and_loads(self):
    image = keras.Input((8, 8, 3))
    x = fake_quantisation.QuantisedConv2D(4, 3)(image)
    x = fake_quantisation.FakeQuantise(momentum=0.5, freeze_after=3)(x)
    x = fake_quantisation.QuantisedDepthwiseConv2D(3)(x)
    x = fake_quantisation.FakeQuantise(fixed_range=(-1.0, 2.0))(x)
    network = keras.Model(image, x)
    network(_values((1, 8, 8, 3)), training=True)
    path = os.path.join(self.create_tempdir().full_path, 'network.keras')
    network.save(path)
    loaded = keras.models.load_model(path, compile=False)
    for old, new in zip(network.layers, loaded.layers, strict=True):
      self.assertEqual(new.get_config(), old.get_config())
    images = _values((1, 8, 8, 3), seed=5)
    self.assertAllEqual(
      loaded(images, training=False), network(images, training=False)
    )


if __name__ == '__main__':
  tf.test.main()
