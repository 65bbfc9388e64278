# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/masked.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import masked


class LossArgumentsTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters('float16', 'bfloat16', 'float32', 'float64')
  def test_casts_to_float32(self, dtype):
    pred = tf.cast(tf.fill([1, 2, 2, 1], 1.5), dtype)
    mask = np.ones([1, 2, 2, 1], bool)
    pred_out, depth_out, valid = masked.loss_arguments(pred, pred, mask)
    self.assertEqual(pred_out.dtype, tf.float32)
    self.assertEqual(depth_out.dtype, tf.float32)
    self.assertEqual(valid.dtype, tf.bool)
    self.assertAllEqual(pred_out, np.full([1, 2, 2, 1], 1.5))

  @parameterized.parameters(bool, np.uint8, np.float32, np.float64)
  def test_takes_masks_of_any_type(self, dtype):
    mask = np.array([0, 1, 1, 0], dtype).reshape(1, 2, 2, 1)
    ones = np.ones([1, 2, 2, 1], np.float32)
    _, _, valid = masked.loss_arguments(ones, ones, mask)
    self.assertAllEqual(valid[0, ..., 0], [[False, True], [True, False]])

  def test_invalid_pixels_become_one_metre_without_gradient(self):
    pred = tf.Variable(np.array([np.nan, 3, np.inf, 4]).reshape(1, 2, 2, 1))
    depth = np.array([np.inf, 5, np.nan, 0]).reshape(1, 2, 2, 1)
    mask = np.array([0, 1, 0, 0]).reshape(1, 2, 2, 1)
    with tf.GradientTape() as tape:
      pred_out, depth_out, _ = masked.loss_arguments(pred, depth, mask)
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
      masked.loss_arguments(
        np.ones(pred_shape), np.ones(depth_shape), np.ones(pred_shape)
      )

  def test_accepts_sizes_unknown_while_tracing(self):
    spec = tf.TensorSpec([None, None, None, 1])

    @tf.function(input_signature=[spec, spec, spec])
    def total(pred, depth, mask):
      pred, _, _ = masked.loss_arguments(pred, depth, mask)
      return tf.reduce_sum(pred)

    twos = tf.fill([1, 2, 3, 1], 2.0)
    self.assertEqual(total(twos, twos, tf.ones_like(twos)).numpy(), 12.0)


def _maps(*values):
  return [np.float32(v).reshape(1, 1, -1, 1) for v in values]


class LogResidualTest(tf.test.TestCase):
  def test_by_hand(self):
    pred, depth, mask = _maps([0.5, 0, 3, 7], [1.5, 1.5, 0, 7], [1, 1, 0, 1])
    residual, valid = masked.log_residual(pred, depth, mask, eps_m=0.5)
    expected = [np.log(0.5), np.log(0.25), 0, 0]
    self.assertAllClose(residual[0, 0, :, 0], expected, atol=1e-7)
    self.assertAllEqual(valid[0, 0, :, 0], [True, True, False, True])

  def test_gradient_at_and_below_zero(self):
    pred, depth, mask = _maps([0.0, -1.0, 3.0], [2, 2, 2], [1, 1, 1])
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      residual, _ = masked.log_residual(pred, depth, mask, eps_m=0.01)
    grad = tape.gradient(residual, pred)[0, 0, :, 0]
    self.assertAllClose(grad, [100.0, 0.0, 1 / 3.01], rtol=1e-6)

  def test_eps_must_be_positive(self):
    with self.assertRaisesRegex(ValueError, 'eps_m=0 must be above 0'):
      masked.log_residual(*_maps([1], [1], [1]), eps_m=0)


def _random_values(seed=0):
  rng = np.random.default_rng(seed)
  values = rng.normal(5.0, 2.0, [3, 6, 7, 1]).astype(np.float32)
  valid = rng.random([3, 6, 7, 1]) < 0.6
  valid[1] = False
  return values, valid


class MaskedTest(tf.test.TestCase, parameterized.TestCase):
  def test_mean_by_hand(self):
    values = np.array([1, 2, 3, 100, 10, 100, 100, 100], np.float32)
    valid = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    values, valid = values.reshape(2, 2, 2, 1), valid.reshape(2, 2, 2, 1)
    self.assertAllClose(masked.masked_mean(values, valid), 16 / 4)
    per_image = masked.masked_mean(values, valid, per_image=True)
    self.assertAllClose(per_image, (2 + 10) / 2)

  def test_mean_per_image_leaves_out_empty_images(self):
    values, valid = _random_values()
    expected = np.mean([values[i][valid[i]].mean() for i in (0, 2)])
    mean = masked.masked_mean(values, valid, per_image=True)
    self.assertAllClose(mean, expected, rtol=1e-6)

  def test_moments_match_numpy(self):
    values, valid = _random_values(1)
    values64 = values.astype(np.float64)
    mean, variance, count = masked.masked_moments(values, valid)
    self.assertAllClose(mean[0, 0, 0, 0], values64[valid].mean(), rtol=1e-6)
    self.assertAllClose(variance[0, 0, 0, 0], values64[valid].var(), rtol=1e-5)
    self.assertAllEqual(count[0, 0, 0, 0], valid.sum())
    mean, variance, count = masked.masked_moments(values, valid, per_image=True)
    self.assertAllEqual(count[:, 0, 0, 0], valid.sum(axis=(1, 2, 3)))
    for i in (0, 2):
      kept = values64[i][valid[i]]
      self.assertAllClose(mean[i, 0, 0, 0], kept.mean(), rtol=1e-6)
      self.assertAllClose(variance[i, 0, 0, 0], kept.var(), rtol=1e-5)
    self.assertAllEqual(mean[1, 0, 0, 0], 0)
    self.assertAllEqual(variance[1, 0, 0, 0], 0)

  def test_variance_does_not_cancel(self):
    values = np.float32([1000.0, 1000.5, 1001.0, 1001.5]).reshape(1, 2, 2, 1)
    variance = masked.masked_moments(values, np.ones_like(values, bool))[1]
    self.assertAllClose(variance[0, 0, 0, 0], 0.3125, rtol=1e-6)

  def test_gradient_of_variance(self):
    values, valid = _random_values(2)
    values = tf.Variable(values)
    with tf.GradientTape() as tape:
      variance = masked.masked_moments(values, valid).variance
    kept = values.numpy().astype(np.float64)
    centred = np.where(valid, kept - kept[valid].mean(), 0)
    expected = 2 * centred / valid.sum()
    self.assertAllClose(tape.gradient(variance, values), expected, atol=1e-6)

  def test_empty_mask_gives_zero_and_zero_gradient(self):
    values = tf.Variable(np.full([2, 3, 3, 1], np.nan, np.float32))
    valid = np.zeros([2, 3, 3, 1], bool)
    for per_image in (False, True):
      with tf.GradientTape() as tape:
        mean = masked.masked_mean(values, valid, per_image)
      self.assertAllEqual(mean, 0.0)
      self.assertAllEqual(tape.gradient(mean, values), np.zeros([2, 3, 3, 1]))

  @parameterized.parameters(False, True)
  def test_safe_sqrt(self, jit_compile):
    # TensorFlow's own kernel drops the NaN that a naive root gives; XLA's not.
    @tf.function(jit_compile=jit_compile)
    def root_and_gradient(values):
      with tf.GradientTape() as tape:
        tape.watch(values)
        root = masked.safe_sqrt(values)
      return root, tape.gradient(root, values)

    root, grad = root_and_gradient(tf.constant([0.0, 1e-30, 4.0, 1e30]))
    self.assertAllClose(root, [0.0, 1e-15, 2.0, 1e15], rtol=1e-6, atol=0)
    expected = [0.0, 0.5e15, 0.25, 0.5e-15]
    self.assertAllClose(grad, expected, rtol=1e-6, atol=0)
    self.assertTrue(np.isnan(masked.safe_sqrt(tf.constant(np.nan))))


if __name__ == '__main__':
  tf.test.main()
