# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/robust.py."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import robust


def _numpy_rho(error, alpha, c):
  """Barron's equations as published, in float64, without rearrangement."""
  x = (error.astype(np.float64) / c) ** 2
  if alpha == 2:
    return x / 2
  if alpha == 0:
    return np.log(x / 2 + 1)
  if alpha == -math.inf:
    return 1 - np.exp(-x / 2)
  b = abs(alpha - 2)
  return b / alpha * ((x / b + 1) ** (alpha / 2) - 1)


def _random_maps(seed, shape=(2, 7, 9, 1)):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(0.4, 20, shape).astype(np.float32)
  pred = depth + rng.normal(0, 3, shape).astype(np.float32)
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  return pred, depth, mask


def _row(*values):
  return np.float32(values).reshape(1, 1, -1, 1)


def _value_and_gradient(pred, depth, mask, **options):
  pred = tf.Variable(pred)
  with tf.GradientTape() as tape:
    loss = robust.robust(pred, depth, mask, **options)
  return loss.numpy(), tape.gradient(loss, pred).numpy()


class RobustTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(
    alpha=(1.0, 2.0, 1.5, 0.5, 0.0, -1.0, -2.0, -math.inf), scale_m=(2.0, 0.5)
  )
  def test_matches_numpy(self, alpha, scale_m):
    pred, depth, mask = _random_maps(0)
    rho = _numpy_rho(depth - pred, alpha, scale_m)
    loss = robust.robust(pred, depth, mask, alpha=alpha, scale_m=scale_m)
    self.assertAllClose(loss, rho[mask > 0].mean(), rtol=1e-5)
    loss = robust.robust(
      pred, depth, mask, alpha=alpha, scale_m=scale_m, per_image=True
    )
    each = [rho[i][mask[i] > 0].mean() for i in range(2)]
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

  def test_default_by_hand(self):
    # sqrt((e / 2)^2 + 1) - 1 at 0, 1.5 and 4.8 m, the last one negative.
    pred, depth = _row(7, 1.5, 5.8, 3), _row(7, 3, 1, 90)
    loss = robust.robust(pred, depth, _row(1, 1, 1, 0))
    self.assertAllClose(loss, (0 + 0.25 + 1.6) / 3, rtol=1e-6)

  def test_geman_mcclure_is_alpha_minus_two(self):
    pred, depth, mask = _random_maps(1)
    x = ((depth - pred).astype(np.float64) / 2) ** 2
    loss = robust.robust(pred, depth, mask, alpha=-2)
    expected = (2 * x / (x + 4))[mask > 0].mean()
    self.assertAllClose(loss, expected, rtol=1e-5)

  @parameterized.parameters(
    (0.0, -1e-5),
    (0.0, 1e-5),
    (0.0, 1e-12),
    (1.0, 1 + 1e-5),
    (2.0, 2 - 1e-5),
    (2.0, 2 - 1e-12),
    (-math.inf, -1e6),
    (-math.inf, -1e30),
  )
  def test_is_continuous_in_alpha(self, alpha, near):
    maps = _random_maps(2)
    loss, grad = _value_and_gradient(*maps, alpha=alpha)
    near_loss, near_grad = _value_and_gradient(*maps, alpha=near)
    self.assertAllClose(near_loss, loss, rtol=1e-4)
    self.assertAllClose(near_grad, grad, rtol=1e-3, atol=1e-8)

  @parameterized.product(
    alpha=(2.0, 1.5, 1.0, 0.0, -2.0, -math.inf), scale_m=(2.0, 0.5)
  )
  def test_gradient_is_the_published_derivative(self, alpha, scale_m):
    pred, depth, mask = _random_maps(3)
    error = pred.astype(np.float64) - depth
    x = (error / scale_m) ** 2
    if alpha == 2:
      factor = 1.0
    elif alpha == -math.inf:
      factor = np.exp(-x / 2)
    else:
      factor = (x / abs(alpha - 2) + 1) ** (alpha / 2 - 1)
    expected = np.where(mask, error / scale_m**2 * factor, 0) / mask.sum()
    _, grad = _value_and_gradient(
      pred, depth, mask, alpha=alpha, scale_m=scale_m
    )
    self.assertAllClose(grad, expected, rtol=1e-5, atol=1e-9)

  @parameterized.parameters(2.0, 1.0, 0.0, 1e-12, -2.0, -1e30, -math.inf)
  def test_extreme_errors(self, alpha):
    pred, depth = _row(0, 0, 1e-6, 65, 1e4), _row(0, 65, 65, 1e-6, 0)
    loss, grad = _value_and_gradient(pred, depth, 0 * pred + 1, alpha=alpha)
    self.assertTrue(np.isfinite(loss))
    self.assertTrue(np.isfinite(grad).all())
    self.assertAllEqual(grad[0, 0, 0], [0])
    loss, grad = _value_and_gradient(pred, depth, 0 * pred, alpha=alpha)
    self.assertAllEqual(loss, 0.0)
    self.assertAllEqual(grad, 0 * pred)

  @parameterized.parameters(1.0, 0.0, -2.0, -math.inf)
  def test_small_errors_do_not_cancel(self, alpha):
    # All shapes are u / 2 there; 1 + u would round to 1 in float32.
    pred, depth = tf.Variable(_row(2e-4)), _row(0)
    with tf.GradientTape() as tape:
      loss = robust.robust(pred, depth, _row(1), alpha=alpha)
    self.assertAllClose(loss, 0.5e-8, rtol=1e-5, atol=0)
    grad = tape.gradient(loss, pred)
    self.assertAllClose(grad, _row(0.5e-4), rtol=1e-5, atol=0)

  @parameterized.parameters(
    ({'alpha': 2.5}, 'alpha=2.5 must be at most 2'),
    ({'alpha': math.nan}, 'alpha=nan must be at most 2'),
    ({'scale_m': 0}, 'scale_m=0 must be above 0'),
    ({'scale_m': math.inf}, 'scale_m=inf must be above 0 and finite'),
  )
  def test_refuses_options_out_of_range(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      robust.robust(*_random_maps(0), **options)


if __name__ == '__main__':
  tf.test.main()
