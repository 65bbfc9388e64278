# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.gradient."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import gradient


def _numpy_masked(pred, depth, mask):
  """Visits the pairs of neighbours one by one."""
  loss = 0.0
  for down, right in ((1, 0), (0, 1)):
    terms = []
    for b, y, x, _ in np.ndindex(pred.shape):
      there = (b, y + down, x + right, 0)
      here = (b, y, x, 0)
      if there[1] == pred.shape[1] or there[2] == pred.shape[2]:
        continue
      if mask[here] and mask[there]:
        pred_step = float(pred[there]) - float(pred[here])
        terms.append(abs(pred_step - float(depth[there]) + float(depth[here])))
    loss += np.mean(terms)
  return loss


def _numpy_compat(pred, depth):
  """LiteDepth's code: 0 becomes infinity, then bad differences become 0."""
  pred = pred.astype(np.float64)
  depth = np.where(depth == 0, np.inf, depth.astype(np.float64))
  loss = 0.0
  for axis in (1, 2):
    with np.errstate(invalid='ignore'):
      step = np.diff(depth, axis=axis)
    step[~np.isfinite(step)] = 0
    loss += np.abs(np.diff(pred, axis=axis) - step).mean()
  return loss


def _random_maps(seed, shape=(2, 7, 9, 1)):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(0.4, 20, shape).astype(np.float32)
  pred = depth + rng.normal(0, 1, shape).astype(np.float32)
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  depth[mask == 0] = 0
  return pred, depth, mask


class GradientTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0, 1, 2)
  def test_matches_numpy(self, seed):
    maps = _random_maps(seed)
    loss = gradient.gradient(*maps)
    self.assertAllClose(loss, _numpy_masked(*maps), rtol=1e-5)

  @parameterized.parameters(0, 1, 2)
  def test_compat_matches_the_released_code(self, seed):
    pred, depth, mask = _random_maps(seed)
    loss = gradient.gradient(pred, depth, mask, compat=True)
    self.assertAllClose(loss, _numpy_compat(pred, depth), rtol=1e-5)

  def test_by_hand(self):
    pred = np.float32([[1, 2, 4], [1, 1, 9]]).reshape(1, 2, 3, 1)
    depth = np.float32([[3, 3, 3], [3, 5, 0]]).reshape(1, 2, 3, 1)
    mask = (depth > 0).astype(np.float32)
    # Rightwards: |1-0|, |2-0|, |0-2|; downwards: |0-0|, |-1-2|.
    loss = gradient.gradient(pred, depth, mask)
    self.assertAllClose(loss, 5 / 3 + 3 / 2)
    # The fourth pair rightwards is |8-0|, the third downwards |5-0|.
    loss = gradient.gradient(pred, depth, mask, compat=True)
    self.assertAllClose(loss, 13 / 4 + 8 / 3)

  def test_ignores_a_constant_offset(self):
    _, depth, mask = _random_maps(3)
    loss = gradient.gradient(depth + 2, depth, mask)
    self.assertAllClose(loss, 0.0, atol=1e-6)

  def test_invalid_pixels_get_no_gradient(self):
    pred, depth, mask = _random_maps(4)
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      loss = gradient.gradient(pred, depth, mask)
    grad = tape.gradient(loss, pred).numpy()
    self.assertAllEqual(grad[mask == 0], np.zeros((mask == 0).sum()))
    self.assertGreater(np.abs(grad[mask > 0]).max(), 0)

  @parameterized.parameters(([1, 1, 4, 1],), ([1, 4, 1, 1],), ([2, 1, 1, 1],))
  def test_maps_one_pixel_wide(self, shape):
    ramp = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for compat in (False, True):
      loss = gradient.gradient(ramp, 0 * ramp, np.ones(shape), compat=compat)
      self.assertAllClose(loss, 1.0 if 4 in shape else 0.0)


if __name__ == '__main__':
  tf.test.main()
