# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.si_rmse."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import si_rmse


def _numpy_si_rmse_mm(pred_mm, depth_mm):
  """The organisers' metric of one image, in millimetres and float64."""
  pred_mm = np.maximum(pred_mm.astype(np.float64), 1)
  depth_mm = np.maximum(depth_mm.astype(np.float64), 1)
  mask = depth_mm > 1
  error = (np.log(pred_mm) - np.log(depth_mm))[mask]
  count = mask.sum()
  return np.sqrt((error**2).sum() / count - error.sum() ** 2 / count**2)


def _random_maps(seed, shape=(3, 9, 11, 1)):
  rng = np.random.default_rng(seed)
  depth = rng.integers(400, 50000, shape) / 1000.0
  pred = depth * np.exp(rng.normal(0.1, 0.4, shape))
  pred[:, 0, :3] = 0
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  depth[mask == 0] = 0
  return pred.astype(np.float32), depth.astype(np.float32), mask


class SiRmseTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0, 1, 2)
  def test_matches_the_organisers_metric(self, seed):
    pred, depth, mask = _random_maps(seed)
    each = [
      _numpy_si_rmse_mm(pred_m * 1000.0, depth_m * 1000.0)
      for pred_m, depth_m in zip(pred, depth, strict=True)
    ]
    loss = si_rmse.si_rmse(pred, depth, mask)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)
    pooled = si_rmse.si_rmse(pred, depth, mask, per_image=False)
    expected = _numpy_si_rmse_mm(pred * 1000.0, depth * 1000.0)
    self.assertAllClose(pooled, expected, rtol=1e-5)

  @parameterized.parameters(0.01, 0.5, 3.0)
  def test_is_scale_invariant(self, factor):
    pred, depth, mask = _random_maps(3)
    pred = np.maximum(pred, 0.2)
    # Another factor for each image; the loss looks at them one by one.
    factors = np.float32([factor, 1, 2 * factor]).reshape(3, 1, 1, 1)
    reference = si_rmse.si_rmse(pred, depth, mask)
    self.assertGreater(reference.numpy(), 0.1)
    loss = si_rmse.si_rmse(factors * pred, depth, mask)
    self.assertAllClose(loss, reference, rtol=1e-5)
    loss = si_rmse.si_rmse(pred, factors * depth, mask)
    self.assertAllClose(loss, reference, rtol=1e-5)

  def test_gradient_does_not_change_the_scale(self):
    pred, depth, mask = _random_maps(4)
    variable = tf.Variable(np.maximum(pred, 0.2))
    with tf.GradientTape() as tape:
      loss = si_rmse.si_rmse(variable, depth, mask)
    grad = tape.gradient(loss, variable)
    along_scale = tf.reduce_sum(grad * variable, axis=(1, 2, 3))
    self.assertAllClose(along_scale, np.zeros(3), atol=1e-6)
    self.assertGreater(tf.reduce_max(tf.abs(grad)).numpy(), 1e-5)

  def test_by_hand(self):
    depth = np.float32([1, 1]).reshape(1, 1, 2, 1)
    pred = np.exp(np.float32([1, 3])).reshape(1, 1, 2, 1)
    loss = si_rmse.si_rmse(pred, depth, np.ones_like(depth))
    self.assertAllClose(loss, 1.0, rtol=1e-6)

  def test_zero_prediction_counts_as_the_floor_and_is_pushed_up(self):
    depth = np.float32([1, 1, 1]).reshape(1, 1, 3, 1)
    pred = tf.Variable(np.float32([1, 1, 0]).reshape(1, 1, 3, 1))
    with tf.GradientTape() as tape:
      loss = si_rmse.si_rmse(pred, depth, np.ones_like(depth))
    # e = (0, 0, -L) with L = ln 1000: standard deviation L * sqrt(2) / 3.
    self.assertAllClose(loss, np.log(1000) * np.sqrt(2) / 3, rtol=1e-6)
    # d loss / d e = (e - mean) / (3 loss), and d e / d pred = 1000 at 1 mm.
    expected = [1 / np.sqrt(18), 1 / np.sqrt(18), -2 / np.sqrt(18) * 1000]
    grad = tape.gradient(loss, pred)[0, 0, :, 0]
    self.assertAllClose(grad, expected, rtol=1e-5)

  def test_floor_must_be_positive(self):
    with self.assertRaisesRegex(ValueError, 'floor_m=0 must be above 0'):
      si_rmse.si_rmse(*_random_maps(0), floor_m=0)


if __name__ == '__main__':
  tf.test.main()
