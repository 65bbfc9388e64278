# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/depth_head.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import clb
from depth_mai.layers import depth_head


def _head(
  kernel_size=1, min_depth_m=0.5, initial_depth_m=2.0, depth_code='linear'
):
  inputs = keras.Input((4, 5, 3))
  depth_m = depth_head.depth_head(
    inputs,
    kernel_size=kernel_size,
    options=depth_head.HeadOptions(
      min_depth_m=min_depth_m,
      initial_depth_m=initial_depth_m,
      depth_code=depth_code,
    ),
  )
  return keras.Model(inputs, depth_m)


class DepthHeadTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(kernel_size=(1, 3), code=depth_head.DEPTH_CODES)
  def test_zero_features_give_the_initial_depth(self, kernel_size, code):
    model = _head(kernel_size, depth_code=code)
    self.assertEqual(
      model.get_layer('head').kernel.shape, (kernel_size, kernel_size, 3, 1)
    )
    self.assertAllClose(
      np.full((1, 4, 5, 1), 2.0), model(np.zeros((1, 4, 5, 3), np.float32))
    )

  def test_is_the_lifted_relu_of_a_linear_map(self):
    model = _head()
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=3)
    model.get_layer('head').kernel.assign(kernel.reshape((1, 1, 3, 1)))
    features = rng.normal(scale=2.0, size=(2, 4, 5, 3)).astype(np.float32)
    expected = np.maximum(features @ kernel + 1.5, 0) + 0.5
    self.assertEqual(expected.min(), 0.5)
    self.assertAllClose(expected[..., None], model(features), atol=1e-5)

  def test_a_log_head_multiplies(self):
    inputs = keras.Input((1, 4, 1))
    model = keras.Model(inputs, depth_head.to_depth_m(inputs, 0.1, 'log'))
    # ReLU6 clips to 0 and 6.
    output = np.float32([-3.0, 0.0, 2.5, 7.0])
    depth_m = model(output.reshape((1, 1, 4, 1)))[0, 0, :, 0]
    expected = [0.1, 0.1, 0.1 * 2.718281828**2.5, 0.1 * 2.718281828**6]
    self.assertAllClose(depth_m, expected, rtol=1e-5)
    self.assertAllClose(depth_m[-1], 40.343, atol=1e-3)

  def test_an_inverse_head_divides(self):
    inputs = keras.Input((1, 4, 1))
    model = keras.Model(inputs, depth_head.to_depth_m(inputs, 0.1, 'inverse'))
    output = np.float32([-1.0, 0.0, 0.5 - 1 / 65.535, 4 - 1 / 65.535])
    depth_m = model(output.reshape((1, 1, 4, 1)))[0, 0, :, 0]
    self.assertAllClose(depth_m, [65.535, 65.535, 2.0, 0.25], rtol=1e-5)

  @parameterized.parameters(*depth_head.DEPTH_CODES)
  def test_decoding_inverts_encoding(self, code):
    depth_m = np.float32([0.3, 1.0, 2.5, 9.0])
    inputs = keras.Input((1, 4, 1))
    model = keras.Model(inputs, depth_head.to_depth_m(inputs, 0.1, code))
    output = depth_head.encode_depth(depth_m, code, 0.1)
    self.assertAllClose(
      model(output.reshape((1, 1, 4, 1)))[0, 0, :, 0], depth_m, rtol=1e-5
    )

  @parameterized.parameters('log', 'inverse')
  def test_the_decoder_saves_and_loads(self, code):
    model = _head(depth_code=code)
    path = f'{self.get_temp_dir()}/{code}.keras'
    model.save(path)
    features = np.random.default_rng(0).normal(size=(2, 4, 5, 3))
    loaded = keras.models.load_model(path, compile=False)
    self.assertAllEqual(loaded(features), model(features))

  def test_metres_are_float32_in_mixed_precision(self):
    inputs = keras.Input((1, 1, 1), dtype='float16')
    keras.config.set_dtype_policy('mixed_float16')
    try:
      model = keras.Model(inputs, depth_head.to_depth_m(inputs, 0.1))
    finally:
      keras.config.set_dtype_policy('float32')
    # 8 m + 0.1 m is 8.1016 m in half precision.
    depth_m = model(np.full((1, 1, 1, 1), 8.0, np.float16))
    self.assertEqual(depth_m.dtype, tf.float32)
    self.assertAllClose(8.1, depth_m[0, 0, 0, 0], rtol=1e-6)
    self.assertEqual(
      [layer.name for layer in model.layers[1:]], ['head_act', 'depth_m']
    )

  def test_another_convolution(self):
    inputs = keras.Input((4, 5, 3))
    depth_m = depth_head.depth_head(
      inputs,
      kernel_size=3,
      options=depth_head.HeadOptions(initial_depth_m=3.0),
      convolution=clb.CollapsibleConv2D,
    )
    model = keras.Model(inputs, depth_m)
    self.assertIsInstance(model.get_layer('head'), clb.CollapsibleConv2D)
    self.assertAllClose(
      np.full((1, 4, 5, 1), 3.0), model(np.zeros((1, 4, 5, 3), np.float32))
    )

  def test_refuses_a_start_without_gradient(self):
    with self.assertRaisesRegex(ValueError, 'initial_depth_m=0.5'):
      _head(min_depth_m=0.5, initial_depth_m=0.5)
    # ReLU6 ends at 0.1 m * exp(6) = 40.3 m, the other at 65.535 m.
    with self.assertRaisesRegex(ValueError, "'log'"):
      _head(min_depth_m=0.1, initial_depth_m=41.0, depth_code='log')
    with self.assertRaisesRegex(ValueError, "'inverse'"):
      _head(initial_depth_m=66.0, depth_code='inverse')

  def test_refuses_an_unknown_code(self):
    with self.assertRaisesRegex(ValueError, "'cubic' is not one of"):
      _head(depth_code='cubic')


if __name__ == '__main__':
  tf.test.main()
