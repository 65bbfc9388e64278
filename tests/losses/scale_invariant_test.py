# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/scale_invariant.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import scale_invariant


def _numpy_loss(pred, depth, mask, lam=0.5, eps=1e-3):
  """Equation (3) of Eigen et al., over all pairs, then (4), in float64."""
  valid = mask > 0
  r = np.log(pred[valid].astype(np.float64) + eps)
  r -= np.log(depth[valid].astype(np.float64) + eps)
  invariant = np.square(r[:, None] - r[None]).sum() / (2 * r.size**2)
  return invariant + (1 - lam) * (r.sum() / r.size) ** 2


def _random_maps(seed, shape=(3, 7, 9, 1)):
  rng = np.random.default_rng(seed)
  depth = np.exp(rng.uniform(np.log(0.4), np.log(50), shape))
  pred = depth * np.exp(rng.normal(0.3, 0.4, shape))
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  depth[mask == 0] = np.nan
  return pred.astype(np.float32), depth.astype(np.float32), mask


class ScaleInvariantTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0, 1, 2)
  def test_matches_numpy(self, seed):
    maps = _random_maps(seed)
    for options, lam, eps in (
      ({}, 0.5, 1e-3),
      ({'variance_focus': 0.0, 'eps_m': 0.1}, 0.0, 0.1),
      ({'variance_focus': 0.85, 'eps_m': 0.1}, 0.85, 0.1),
      ({'variance_focus': 1.0, 'eps_m': 0.1}, 1.0, 0.1),
    ):
      each = [_numpy_loss(*one, lam, eps) for one in zip(*maps, strict=True)]
      loss = scale_invariant.scale_invariant(*maps, **options)
      self.assertAllClose(loss, np.mean(each), rtol=1e-5)
      loss = scale_invariant.scale_invariant(*maps, **options, per_image=False)
      self.assertAllClose(loss, _numpy_loss(*maps, lam, eps), rtol=1e-5)

  def test_images_without_valid_pixels_do_not_count(self):
    pred, depth, mask = _random_maps(3)
    mask[1] = 0
    each = [_numpy_loss(pred[i], depth[i], mask[i]) for i in (0, 2)]
    loss = scale_invariant.scale_invariant(pred, depth, mask)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

  def test_opposite_errors_of_the_scale_do_not_cancel(self):
    # One image predicted twice too far, one twice too near, each with errors
    # of +-0.3. Eigen et al. write the loss of one image; the pooled mean is 0.
    log_two = np.log(2)
    error = np.array([[log_two + 0.3, log_two - 0.3], [0.3, -0.3]])
    error[1] -= log_two
    each = np.mean(error**2, axis=1) - 0.85 * np.mean(error, axis=1) ** 2
    self.assertAllClose(each, [0.09 + 0.15 * log_two**2] * 2)
    pooled = np.mean(error**2) - 0.85 * np.mean(error) ** 2
    self.assertAllClose((pooled, each.mean()), (0.570, 0.162), atol=1e-3)
    depth = np.full([2, 1, 2, 1], 3.0, np.float32)
    pred = np.float32(depth * np.exp(error).reshape(depth.shape))
    for per_image, expected in ((True, each.mean()), (False, pooled)):
      loss = scale_invariant.scale_invariant(
        pred, depth, depth > 0, 0.85, eps_m=1e-7, per_image=per_image
      )
      self.assertAllClose(loss, expected, rtol=1e-5)

  def test_by_hand(self):
    depth = np.float32([1, 1]).reshape(1, 1, 2, 1)
    pred = np.exp(np.float32([1, 3])).reshape(1, 1, 2, 1)
    # R = (1, 3): mean of squares 5, square of the mean 4.
    for lam, expected in ((0.0, 5), (0.5, 3), (1.0, 1)):
      loss = scale_invariant.scale_invariant(
        pred, depth, np.ones_like(depth), variance_focus=lam, eps_m=1e-7
      )
      self.assertAllClose(loss, expected, rtol=1e-5)

  def test_only_full_focus_leaves_the_scale_free(self):
    pred, depth, mask = _random_maps(4)
    for lam, changes in ((0.5, True), (1.0, False)):
      one, ten = (
        scale_invariant.scale_invariant(
          factor * pred, depth, mask, variance_focus=lam, eps_m=1e-6
        )
        for factor in (1, 10)
      )
      self.assertEqual(abs(ten - one).numpy() > 1e-4, changes)

  @parameterized.parameters(
    (0.0, 5.0), (5.0, 5.0), (-1.0, 5.0), (1e-6, 65.0), (65.0, 1e-6)
  )
  def test_constant_maps_have_finite_gradients(self, pred_m, depth_m):
    depth = np.full([2, 4, 4, 1], depth_m, np.float32)
    for mask in (np.ones_like(depth), np.zeros_like(depth)):
      pred = tf.Variable(np.full([2, 4, 4, 1], pred_m, np.float32))
      with tf.GradientTape() as tape:
        loss = scale_invariant.scale_invariant(pred, depth, mask)
      log_ratio = np.log((max(pred_m, 0) + 1e-3) / (depth_m + 1e-3))
      expected = 0.5 * log_ratio**2 * mask.max()
      self.assertAllClose(loss, expected, rtol=1e-5)
      self.assertAllInRange(tape.gradient(loss, pred), -1e4, 1e4)

  def test_refuses_variance_focus_out_of_range(self):
    with self.assertRaisesRegex(
      ValueError, r'=-0.1 .* \[0, 1\]; change scale_'
    ):
      scale_invariant.scale_invariant(*_random_maps(0), variance_focus=-0.1)


def _numpy_silog(pred, depth, mask, lam=0.85, eps=1e-3):
  """The formula as the paper writes it, in float64."""
  valid = mask > 0
  g = np.log(pred[valid].astype(np.float64) + eps)
  g -= np.log(depth[valid].astype(np.float64) + eps)
  count = g.size
  return np.sqrt((g**2).sum() / count - lam / count**2 * g.sum() ** 2)


def _silog_maps(seed, shape=(3, 9, 11, 1)):
  rng = np.random.default_rng(seed)
  depth = np.exp(rng.uniform(np.log(0.4), np.log(50), shape))
  pred = depth * np.exp(rng.normal(0.1, 0.4, shape))
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  depth[mask == 0] = 0
  return pred.astype(np.float32), depth.astype(np.float32), mask


class SilogTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0, 1, 2)
  def test_matches_numpy(self, seed):
    maps = _silog_maps(seed)
    expected = _numpy_silog(*maps)
    self.assertAllClose(scale_invariant.silog(*maps), expected, rtol=1e-5)
    for lam in (0.0, 0.5, 1.0):
      loss = scale_invariant.silog(*maps, variance_focus=lam, eps_m=0.1)
      expected = _numpy_silog(*maps, lam=lam, eps=0.1)
      self.assertAllClose(loss, expected, rtol=1e-5)

  def test_per_image_is_the_mean_over_images(self):
    pred, depth, mask = _silog_maps(3)
    mask[1] = 0  # an image without valid pixels does not count
    each = [_numpy_silog(pred[i], depth[i], mask[i]) for i in (0, 2)]
    loss = scale_invariant.silog(pred, depth, mask, per_image=True)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

  def test_by_hand(self):
    depth = np.float32([1, 1]).reshape(1, 1, 2, 1)
    pred = np.exp(np.float32([1, 3])).reshape(1, 1, 2, 1)
    ones = np.ones_like(depth)
    # g = (1, 3): mean 2, variance 1; with T - 1, variance 2.
    loss = scale_invariant.silog(pred, depth, ones, eps_m=1e-7)
    self.assertAllClose(loss, np.sqrt(1 + 0.15 * 4), rtol=1e-5)
    loss = scale_invariant.silog(pred, depth, ones, eps_m=1e-7, unbiased=True)
    self.assertAllClose(loss, np.sqrt(2 + 0.15 * 4), rtol=1e-5)
    loss = scale_invariant.silog(pred, depth, ones, eps_m=1e-7, scale=10)
    self.assertAllClose(loss, 10 * np.sqrt(1 + 0.15 * 4), rtol=1e-5)

  def test_gradient_matches_finite_differences(self):
    pred, depth, mask = _silog_maps(4, (1, 3, 4, 1))
    with tf.GradientTape() as tape:
      variable = tf.Variable(pred)
      loss = scale_invariant.silog(variable, depth, mask)
    expected = np.zeros(pred.shape)
    for place in np.ndindex(pred.shape):
      step = np.zeros(pred.shape)
      step[place] = 1e-6
      difference = _numpy_silog(pred + step, depth, mask)
      difference -= _numpy_silog(pred - step, depth, mask)
      expected[place] = difference / 2e-6
    grad = tape.gradient(loss, variable)
    self.assertAllClose(grad, expected, rtol=1e-4, atol=1e-6)

  def test_perfect_prediction_is_zero_with_zero_gradient(self):
    _, depth, mask = _silog_maps(5)
    pred = tf.Variable(depth)
    with tf.GradientTape() as tape:
      loss = scale_invariant.silog(pred, depth, mask)
    self.assertAllEqual(loss, 0.0)
    self.assertAllEqual(tape.gradient(loss, pred), np.zeros(depth.shape))

  def test_refuses_variance_focus_out_of_range(self):
    with self.assertRaisesRegex(ValueError, r'variance_focus=1.5 .* \[0, 1\]'):
      scale_invariant.silog(*_silog_maps(0), variance_focus=1.5)


def _numpy_si_rmse_mm(pred_mm, depth_mm):
  """The organisers' metric of one image, in millimetres and float64."""
  pred_mm = np.maximum(pred_mm.astype(np.float64), 1)
  depth_mm = np.maximum(depth_mm.astype(np.float64), 1)
  mask = depth_mm > 1
  error = (np.log(pred_mm) - np.log(depth_mm))[mask]
  count = mask.sum()
  return np.sqrt((error**2).sum() / count - error.sum() ** 2 / count**2)


def _si_rmse_maps(seed, shape=(3, 9, 11, 1)):
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
    pred, depth, mask = _si_rmse_maps(seed)
    each = [
      _numpy_si_rmse_mm(pred_m * 1000.0, depth_m * 1000.0)
      for pred_m, depth_m in zip(pred, depth, strict=True)
    ]
    loss = scale_invariant.si_rmse(pred, depth, mask)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)
    pooled = scale_invariant.si_rmse(pred, depth, mask, per_image=False)
    expected = _numpy_si_rmse_mm(pred * 1000.0, depth * 1000.0)
    self.assertAllClose(pooled, expected, rtol=1e-5)

  @parameterized.parameters(0.01, 0.5, 3.0)
  def test_is_scale_invariant(self, factor):
    pred, depth, mask = _si_rmse_maps(3)
    pred = np.maximum(pred, 0.2)
    # A different factor for each image, as the loss is computed per image.
    factors = np.float32([factor, 1, 2 * factor]).reshape(3, 1, 1, 1)
    reference = scale_invariant.si_rmse(pred, depth, mask)
    self.assertGreater(reference.numpy(), 0.1)
    loss = scale_invariant.si_rmse(factors * pred, depth, mask)
    self.assertAllClose(loss, reference, rtol=1e-5)
    loss = scale_invariant.si_rmse(pred, factors * depth, mask)
    self.assertAllClose(loss, reference, rtol=1e-5)

  def test_gradient_does_not_change_the_scale(self):
    pred, depth, mask = _si_rmse_maps(4)
    variable = tf.Variable(np.maximum(pred, 0.2))
    with tf.GradientTape() as tape:
      loss = scale_invariant.si_rmse(variable, depth, mask)
    grad = tape.gradient(loss, variable)
    along_scale = tf.reduce_sum(grad * variable, axis=(1, 2, 3))
    self.assertAllClose(along_scale, np.zeros(3), atol=1e-6)
    self.assertGreater(tf.reduce_max(tf.abs(grad)).numpy(), 1e-5)

  def test_by_hand(self):
    depth = np.float32([1, 1]).reshape(1, 1, 2, 1)
    pred = np.exp(np.float32([1, 3])).reshape(1, 1, 2, 1)
    loss = scale_invariant.si_rmse(pred, depth, np.ones_like(depth))
    self.assertAllClose(loss, 1.0, rtol=1e-6)

  def test_zero_prediction_counts_as_the_floor_and_is_pushed_up(self):
    depth = np.float32([1, 1, 1]).reshape(1, 1, 3, 1)
    pred = tf.Variable(np.float32([1, 1, 0]).reshape(1, 1, 3, 1))
    with tf.GradientTape() as tape:
      loss = scale_invariant.si_rmse(pred, depth, np.ones_like(depth))
    # e = (0, 0, -L) with L = ln 1000: standard deviation L * sqrt(2) / 3.
    self.assertAllClose(loss, np.log(1000) * np.sqrt(2) / 3, rtol=1e-6)
    # d loss / d e = (e - mean) / (3 loss), and d e / d pred = 1000 at 1 mm.
    expected = [1 / np.sqrt(18), 1 / np.sqrt(18), -2 / np.sqrt(18) * 1000]
    grad = tape.gradient(loss, pred)[0, 0, :, 0]
    self.assertAllClose(grad, expected, rtol=1e-5)

  def test_floor_must_be_positive(self):
    with self.assertRaisesRegex(ValueError, 'floor_m=0 must be above 0'):
      scale_invariant.si_rmse(*_si_rmse_maps(0), floor_m=0)


if __name__ == '__main__':
  tf.test.main()
