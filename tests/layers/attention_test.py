# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/attention.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import attention
from tests.models import transformer_twin


class AttentionTest(tf.test.TestCase):
  def test_equals_numpy(self):
    x = np.float32(np.random.default_rng(0).normal(size=(2, 7, 3 * 12)))
    for heads in (1, 3):
      layer = attention.SelfAttention(heads)
      expected = [transformer_twin.attention(row, heads) for row in x]
      self.assertAllClose(layer(x), expected, atol=1e-5)
      self.assertEqual(layer.compute_output_shape(x.shape), (2, 7, 12))

  def test_groups_are_separate_and_biases_are_added(self):
    rng = np.random.default_rng(1)
    x = np.float32(rng.normal(size=(2, 4, 5, 3 * 6)))
    bias = np.float32(rng.normal(size=(4, 2, 5, 5)))
    expected = [
      [transformer_twin.attention(x[i, j], 2, bias[j]) for j in range(4)]
      for i in range(2)
    ]
    self.assertAllClose(attention.attend(x, 2, bias), expected, atol=1e-5)

  def test_survives_saving(self):
    inputs = keras.Input((5, 24))
    model = keras.Model(inputs, attention.SelfAttention(4)(inputs))
    path = f'{self.get_temp_dir()}/attention.keras'
    model.save(path)
    self.assertEqual(keras.models.load_model(path).layers[-1].heads, 4)

  def test_refuses_channels_that_cannot_be_divided(self):
    with self.assertRaisesRegex(ValueError, '8 channels.*among 3 heads'):
      attention.SelfAttention(3)(np.zeros((1, 5, 24), np.float32))


if __name__ == '__main__':
  tf.test.main()
