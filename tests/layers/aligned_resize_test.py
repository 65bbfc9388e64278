# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/aligned_resize.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import aligned_resize
from tests.models import transformer_twin


class AlignedResizeTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters((8, 10), (7, 3), (4, 5), (1, 9))
  def test_equals_numpy(self, height, width):
    x = np.float32(np.random.default_rng(0).normal(size=(2, 4, 5, 3)))
    y = aligned_resize.AlignedResize(height, width)(x)
    expected = [transformer_twin.resize(one, height, width) for one in x]
    self.assertAllClose(y, expected, atol=1e-6)

  def test_corners_stay(self):
    x = np.float32([[[[0.0], [3.0]]]])
    y = aligned_resize.AlignedResize(1, 4)(x)
    self.assertAllClose(y[0, 0, :, 0], [0, 1, 2, 3])

  def test_keeps_the_type(self):
    layer = aligned_resize.AlignedResize(4, 4, dtype='mixed_float16')
    self.assertEqual(layer(np.zeros((1, 2, 2, 1), np.float32)).dtype, 'float16')

  def test_survives_saving(self):
    inputs = keras.Input((2, 3, 1))
    model = keras.Model(inputs, aligned_resize.AlignedResize(4, 6)(inputs))
    path = f'{self.get_temp_dir()}/resize.keras'
    model.save(path)
    self.assertEqual(
      keras.models.load_model(path).output_shape, (None, 4, 6, 1)
    )


if __name__ == '__main__':
  tf.test.main()
