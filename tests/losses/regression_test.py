# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/regression.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import regression


def _metres(pred, depth):
  return pred.astype(np.float64) - depth.astype(np.float64)


def _logarithms(pred, depth):
  return np.log(pred.astype(np.float64) + 1e-3) - np.log(
    depth.astype(np.float64) + 1e-3
  )


def _random_maps(seed, shape=(3, 7, 9, 1)):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(0.4, 40, shape).astype(np.float32)
  pred = (depth * np.exp(rng.normal(0, 0.5, shape))).astype(np.float32)
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  mask[2] = 0
  return pred, depth, mask


class RegressionTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (regression.l1, _metres, 1),
    (regression.l2, _metres, 2),
    (regression.log_l1, _logarithms, 1),
    (regression.log_l2, _logarithms, 2),
  )
  def test_matches_numpy(self, loss, error, power):
    pred, depth, mask = _random_maps(0)
    errors = np.abs(error(pred, depth)) ** power
    pooled = errors[mask > 0].mean()
    self.assertAllClose(loss(pred, depth, mask), pooled, rtol=1e-5)
    each = [errors[i][mask[i] > 0].mean() for i in range(2)]
    per_image = loss(pred, depth, mask, per_image=True)
    self.assertAllClose(per_image, np.mean(each), rtol=1e-5)

  def test_by_hand(self):
    depth = np.float32([2, 2, 7]).reshape(1, 1, 3, 1)
    pred = np.float32([3, 5, 0]).reshape(1, 1, 3, 1)
    mask = np.float32([1, 1, 0]).reshape(1, 1, 3, 1)
    self.assertAllClose(regression.l1(pred, depth, mask), (1 + 3) / 2)
    self.assertAllClose(regression.l2(pred, depth, mask), (1 + 9) / 2)
    # With eps = 1 m the ratios are 4/3 and 6/3.
    logs = np.log([4 / 3, 2])
    log_l1 = regression.log_l1(pred, depth, mask, eps_m=1)
    self.assertAllClose(log_l1, logs.mean(), rtol=1e-6)
    log_l2 = regression.log_l2(pred, depth, mask, eps_m=1)
    self.assertAllClose(log_l2, (logs**2).mean(), rtol=1e-6)


if __name__ == '__main__':
  tf.test.main()
