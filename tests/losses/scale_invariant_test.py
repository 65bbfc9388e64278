# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.scale_invariant."""

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
    loss = scale_invariant.scale_invariant(*maps)
    self.assertAllClose(loss, _numpy_loss(*maps), rtol=1e-5)
    for lam in (0.0, 0.85, 1.0):
      loss = scale_invariant.scale_invariant(
        *maps, variance_focus=lam, eps_m=0.1
      )
      expected = _numpy_loss(*maps, lam=lam, eps=0.1)
      self.assertAllClose(loss, expected, rtol=1e-5)

  def test_per_image_is_the_mean_over_images(self):
    pred, depth, mask = _random_maps(3)
    mask[1] = 0  # an image without valid pixels does not count
    each = [_numpy_loss(pred[i], depth[i], mask[i]) for i in (0, 2)]
    loss = scale_invariant.scale_invariant(pred, depth, mask, per_image=True)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

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

  def test_variance_focus_out_of_range(self):
    with self.assertRaisesRegex(
      ValueError, r'=-0.1 .* \[0, 1\]; change scale_'
    ):
      scale_invariant.scale_invariant(*_random_maps(0), variance_focus=-0.1)


if __name__ == '__main__':
  tf.test.main()
