# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.log_residual."""

import numpy as np
import tensorflow as tf

from depth_mai.losses import log_residual


def _maps(*values):
  return [np.float32(v).reshape(1, 1, -1, 1) for v in values]


class LogResidualTest(tf.test.TestCase):
  def test_by_hand(self):
    pred, depth, mask = _maps([0.5, 0, 3, 7], [1.5, 1.5, 0, 7], [1, 1, 0, 1])
    residual, valid = log_residual.log_residual(pred, depth, mask, eps_m=0.5)
    expected = [np.log(0.5), np.log(0.25), 0, 0]
    self.assertAllClose(residual[0, 0, :, 0], expected, atol=1e-7)
    self.assertAllEqual(valid[0, 0, :, 0], [True, True, False, True])

  def test_gradient_at_and_below_zero(self):
    pred, depth, mask = _maps([0.0, -1.0, 3.0], [2, 2, 2], [1, 1, 1])
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      residual, _ = log_residual.log_residual(pred, depth, mask, eps_m=0.01)
    grad = tape.gradient(residual, pred)[0, 0, :, 0]
    self.assertAllClose(grad, [100.0, 0.0, 1 / 3.01], rtol=1e-6)

  def test_eps_must_be_positive(self):
    with self.assertRaisesRegex(ValueError, 'eps_m=0 must be above 0'):
      log_residual.log_residual(*_maps([1], [1], [1]), eps_m=0)


if __name__ == '__main__':
  tf.test.main()
