# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/rgb_input.py."""

import dataclasses

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import rgb_input


@dataclasses.dataclass(frozen=True)
class _ToyOptions:
  input_size: tuple[int, int]


class RgbInputTest(tf.test.TestCase, parameterized.TestCase):
  def test_black_grey_white(self):
    rgb, scaled = rgb_input.rgb_input((1, 3))
    self.assertEqual(rgb.shape, (None, 1, 3, 3))
    image = np.repeat([0.0, 127.5, 255.0], 3).reshape((1, 1, 3, 3))
    actual = keras.Model(rgb, scaled)(image.astype(np.float32))
    self.assertAllClose(np.repeat([-1, 0, 1], 3).reshape(image.shape), actual)

  def test_stays_float32_in_mixed_precision(self):
    keras.config.set_dtype_policy('mixed_float16')
    try:
      rgb, scaled = rgb_input.rgb_input((1, 1))
    finally:
      keras.config.set_dtype_policy('float32')
    self.assertEqual((rgb.dtype, scaled.dtype), ('float32', 'float32'))

  @parameterized.parameters(((96, 128), 32), ((48, 16), 16))
  def test_accepts_multiples(self, size, stride):
    rgb_input.check_input_size(_ToyOptions(size), stride)

  @parameterized.parameters(((96, 130), 32), ((0, 128), 16), ((-32, 64), 16))
  def test_names_the_option(self, size, stride):
    with self.assertRaisesRegex(
      ValueError, rf'_ToyOptions\.input_size=.*multiples of {stride}'
    ):
      rgb_input.check_input_size(_ToyOptions(size), stride)


if __name__ == '__main__':
  tf.test.main()
