# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.arguments."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import arguments


class LossArgumentsTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters('float16', 'bfloat16', 'float32', 'float64')
  def test_casts_to_float32(self, dtype):
    pred = tf.cast(tf.fill([1, 2, 2, 1], 1.5), dtype)
    mask = np.ones([1, 2, 2, 1], bool)
    pred_out, depth_out, valid = arguments.loss_arguments(pred, pred, mask)
    self.assertEqual(pred_out.dtype, tf.float32)
    self.assertEqual(depth_out.dtype, tf.float32)
    self.assertEqual(valid.dtype, tf.bool)
    self.assertAllEqual(pred_out, np.full([1, 2, 2, 1], 1.5))

  @parameterized.parameters(bool, np.uint8, np.float32, np.float64)
  def test_takes_masks_of_any_type(self, dtype):
    mask = np.array([0, 1, 1, 0], dtype).reshape(1, 2, 2, 1)
    ones = np.ones([1, 2, 2, 1], np.float32)
    _, _, valid = arguments.loss_arguments(ones, ones, mask)
    self.assertAllEqual(valid[0, ..., 0], [[False, True], [True, False]])

  def test_invalid_pixels_become_one_metre_without_gradient(self):
    pred = tf.Variable(np.array([np.nan, 3, np.inf, 4]).reshape(1, 2, 2, 1))
    depth = np.array([np.inf, 5, np.nan, 0]).reshape(1, 2, 2, 1)
    mask = np.array([0, 1, 0, 0]).reshape(1, 2, 2, 1)
    with tf.GradientTape() as tape:
      pred_out, depth_out, _ = arguments.loss_arguments(pred, depth, mask)
    self.assertAllEqual(tf.reshape(pred_out, [-1]), [1, 3, 1, 1])
    self.assertAllEqual(tf.reshape(depth_out, [-1]), [1, 5, 1, 1])
    grad = tape.gradient(pred_out, pred)
    self.assertAllEqual(tf.reshape(grad, [-1]), [0, 1, 0, 0])

  @parameterized.parameters(
    ([1, 2, 2, 1], [1, 2, 3, 1], 'depth_m'),
    ([2, 2, 2, 1], [1, 2, 2, 1], 'depth_m'),
    ([1, 2, 2], [1, 2, 2], 'pred_depth_m'),
    ([1, 2, 2, 3], [1, 2, 2, 3], 'pred_depth_m'),
  )
  def test_other_shapes_are_errors(self, pred_shape, depth_shape, culprit):
    with self.assertRaisesRegex(ValueError, f'{culprit} does not fit'):
      arguments.loss_arguments(
        np.ones(pred_shape), np.ones(depth_shape), np.ones(pred_shape)
      )

  def test_accepts_sizes_unknown_while_tracing(self):
    spec = tf.TensorSpec([None, None, None, 1])

    @tf.function(input_signature=[spec, spec, spec])
    def total(pred, depth, mask):
      pred, _, _ = arguments.loss_arguments(pred, depth, mask)
      return tf.reduce_sum(pred)

    twos = tf.fill([1, 2, 3, 1], 2.0)
    self.assertEqual(total(twos, twos, tf.ones_like(twos)).numpy(), 12.0)


if __name__ == '__main__':
  tf.test.main()
