# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/window_attention.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import window_attention
from tests.models import transformer_twin


def _layer(heads, window, shift, shape):
  layer = window_attention.WindowAttention(heads, window, shift)
  layer.build(shape)
  rng = np.random.default_rng(0)
  table = layer.relative_position_bias
  table.assign(rng.normal(size=table.shape))
  return layer


class WindowAttentionTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (12, 8, 4, 0),
    (12, 8, 4, 2),
    (9, 12, 3, 1),
    (7, 7, 7, 3),  # One window, larger than the map of a last stage.
  )
  def test_equals_numpy(self, height, width, window, shift):
    x = np.random.default_rng(1).normal(size=(2, height, width, 3 * 6))
    x = np.float32(x)
    layer = _layer(2, window, shift, x.shape)
    expected = [
      transformer_twin.window_attention(
        one, layer.relative_position_bias.numpy(), 2, window, shift
      )
      for one in x
    ]
    self.assertAllClose(layer(x), expected, atol=1e-5)
    self.assertEqual(layer.compute_output_shape(x.shape), (*x.shape[:3], 6))

  def test_relative_positions_of_the_paper(self):
    """The first row of a 2x2 window, by hand: 3x3 differences of places."""
    self.assertAllEqual(
      window_attention.relative_positions(2),
      [[4, 3, 1, 0], [5, 4, 2, 1], [7, 6, 4, 3], [8, 7, 5, 4]],
    )

  def test_shift_mask_by_hand(self):
    """Two neighbouring windows; the second one holds both borders."""
    mask = window_attention.shift_mask(2, 4, 2, 1)
    self.assertEqual(mask.shape, (2, 4, 4))
    # Rows are from both sides of the map in each window, columns in the second.
    apart = np.float32([[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]])
    self.assertAllEqual(mask[0], -100 * apart)
    self.assertAllEqual(mask[1], -100 * (1 - np.eye(4)))

  def test_bias_learns_densely(self):
    """Sparse gradients cannot be clipped and averaged as others are."""
    layer = _layer(2, 2, 1, (1, 4, 4, 24))
    with tf.GradientTape() as tape:
      loss = tf.reduce_sum(layer(tf.random.normal((1, 4, 4, 24), seed=0)) ** 2)
    gradient = tape.gradient(loss, layer.relative_position_bias.value)
    self.assertIsInstance(gradient, tf.Tensor)
    self.assertAllGreater(tf.abs(gradient), 0)

  def test_survives_saving(self):
    inputs = keras.Input((4, 6, 24))
    layer = window_attention.WindowAttention(4, 2, shift=1)
    model = keras.Model(inputs, layer(inputs))
    path = f'{self.get_temp_dir()}/attention.keras'
    model.save(path)
    x = np.float32(np.random.default_rng(2).normal(size=(1, 4, 6, 24)))
    self.assertAllEqual(keras.models.load_model(path)(x), model(x))

  @parameterized.parameters(
    ((5, 6, 24), 4, 2, 1, '5x6 cannot be cut.*2x2'),
    ((4, 6, 24), 3, 2, 1, '8 channels.*3 heads'),
    ((4, 6, 24), 4, 2, 2, 'shift=2 must be in 0..1'),
  )
  def test_refuses(self, shape, heads, window, shift, message):
    layer = window_attention.WindowAttention(heads, window, shift)
    with self.assertRaisesRegex(ValueError, message):
      layer(np.zeros((1, *shape), np.float32))


if __name__ == '__main__':
  tf.test.main()
