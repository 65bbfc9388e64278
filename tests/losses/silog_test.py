# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.silog."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import silog


def _numpy_silog(pred, depth, mask, lam=0.85, eps=1e-3):
  """The formula as the paper writes it, in float64."""
  valid = mask > 0
  g = np.log(pred[valid].astype(np.float64) + eps)
  g -= np.log(depth[valid].astype(np.float64) + eps)
  count = g.size
  return np.sqrt((g**2).sum() / count - lam / count**2 * g.sum() ** 2)


def _random_maps(seed, shape=(3, 9, 11, 1)):
  rng = np.random.default_rng(seed)
  depth = np.exp(rng.uniform(np.log(0.4), np.log(50), shape))
  pred = depth * np.exp(rng.normal(0.1, 0.4, shape))
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  depth[mask == 0] = 0
  return pred.astype(np.float32), depth.astype(np.float32), mask


class SilogTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0, 1, 2)
  def test_matches_numpy(self, seed):
    maps = _random_maps(seed)
    expected = _numpy_silog(*maps)
    self.assertAllClose(silog.silog(*maps), expected, rtol=1e-5)
    for lam in (0.0, 0.5, 1.0):
      loss = silog.silog(*maps, variance_focus=lam, eps_m=0.1)
      expected = _numpy_silog(*maps, lam=lam, eps=0.1)
      self.assertAllClose(loss, expected, rtol=1e-5)

  def test_per_image_is_the_mean_over_images(self):
    pred, depth, mask = _random_maps(3)
    mask[1] = 0  # an image without valid pixels does not count
    each = [_numpy_silog(pred[i], depth[i], mask[i]) for i in (0, 2)]
    loss = silog.silog(pred, depth, mask, per_image=True)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

  def test_by_hand(self):
    depth = np.float32([1, 1]).reshape(1, 1, 2, 1)
    pred = np.exp(np.float32([1, 3])).reshape(1, 1, 2, 1)
    ones = np.ones_like(depth)
    # g = (1, 3): mean 2, variance 1; with T - 1, variance 2.
    loss = silog.silog(pred, depth, ones, eps_m=1e-7)
    self.assertAllClose(loss, np.sqrt(1 + 0.15 * 4), rtol=1e-5)
    loss = silog.silog(pred, depth, ones, eps_m=1e-7, unbiased=True)
    self.assertAllClose(loss, np.sqrt(2 + 0.15 * 4), rtol=1e-5)
    loss = silog.silog(pred, depth, ones, eps_m=1e-7, scale=10)
    self.assertAllClose(loss, 10 * np.sqrt(1 + 0.15 * 4), rtol=1e-5)

  def test_gradient_matches_finite_differences(self):
    pred, depth, mask = _random_maps(4, (1, 3, 4, 1))
    with tf.GradientTape() as tape:
      variable = tf.Variable(pred)
      loss = silog.silog(variable, depth, mask)
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
    _, depth, mask = _random_maps(5)
    pred = tf.Variable(depth)
    with tf.GradientTape() as tape:
      loss = silog.silog(pred, depth, mask)
    self.assertAllEqual(loss, 0.0)
    self.assertAllEqual(tape.gradient(loss, pred), np.zeros(depth.shape))

  def test_variance_focus_out_of_range(self):
    with self.assertRaisesRegex(ValueError, r'variance_focus=1.5 .* \[0, 1\]'):
      silog.silog(*_random_maps(0), variance_focus=1.5)


if __name__ == '__main__':
  tf.test.main()
