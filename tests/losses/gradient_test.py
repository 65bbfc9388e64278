# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/gradient.py."""

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


def _numpy_matching(pred, depth, mask, scales=4, eps=1e-3):
  """Visits the pixels of every scale one by one, in float64."""
  pred = np.log(np.maximum(pred.astype(np.float64), 0) + eps)
  error = pred - np.log(depth.astype(np.float64) + eps)
  batch, height, width, _ = pred.shape
  loss = 0.0
  for step in [2**k for k in range(scales)]:
    total, count = 0.0, 0
    for b in range(batch):
      for y in range(0, height, step):
        for x in range(0, width, step):
          if not mask[b, y, x, 0]:
            continue
          count += 1
          for next_y, next_x in ((y + step, x), (y, x + step)):
            if next_y >= height or next_x >= width:
              continue
            if mask[b, next_y, next_x, 0]:
              total += abs(error[b, next_y, next_x, 0] - error[b, y, x, 0])
    loss += total / max(count, 1)
  return loss


def _log_maps(seed, shape=(2, 19, 26, 1)):
  rng = np.random.default_rng(seed)
  depth = np.exp(rng.uniform(np.log(0.4), np.log(50), shape))
  pred = depth * np.exp(rng.normal(0.3, 0.4, shape))
  mask = (rng.random(shape) < 0.8).astype(np.float32)
  depth[mask == 0] = 0
  return pred.astype(np.float32), depth.astype(np.float32), mask


class GradientMatchingTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(0, 1, 2)
  def test_matches_numpy(self, seed):
    maps = _log_maps(seed)
    loss = gradient.gradient_matching(*maps)
    self.assertAllClose(loss, _numpy_matching(*maps), rtol=1e-5)
    for scales in (1, 2, 6):
      loss = gradient.gradient_matching(*maps, scales=scales, eps_m=0.1)
      expected = _numpy_matching(*maps, scales=scales, eps=0.1)
      self.assertAllClose(loss, expected, rtol=1e-5)

  def test_per_image_is_the_mean_over_images(self):
    pred, depth, mask = _log_maps(3, (3, 17, 12, 1))
    mask[1] = 0  # an image without valid pixels does not count
    mask[2, 5:] = 0
    each = [
      _numpy_matching(*(m[[i]] for m in (pred, depth, mask))) for i in (0, 2)
    ]
    loss = gradient.gradient_matching(pred, depth, mask, per_image=True)
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

  def test_by_hand(self):
    log_pred = np.float32([[0, 1, 5], [9, 2, 2], [4, 7, 0]])
    pred = np.exp(log_pred).reshape(1, 3, 3, 1)
    mask = np.ones_like(pred)
    mask[0, 1, 0] = 0
    # Scale 0, of 8 pixels: rightwards 1 + 4, 0, 3 + 7; downwards 1 + 5, 3 + 2.
    # Scale 1, the corners: rightwards 5, 4; downwards 4, 5. Scale 2: nothing.
    loss = gradient.gradient_matching(
      pred, np.ones_like(pred), mask, eps_m=1e-7
    )
    self.assertAllClose(loss, 26 / 8 + 18 / 4, rtol=1e-5)

  def test_ignores_a_constant_factor(self):
    _, depth, mask = _log_maps(4)
    loss = gradient.gradient_matching(3 * depth, depth, mask, eps_m=1e-6)
    self.assertAllClose(loss, 0.0, atol=1e-5)

  def test_invalid_pixels_get_no_gradient(self):
    pred, depth, mask = _log_maps(5)
    pred = tf.Variable(pred)
    with tf.GradientTape() as tape:
      loss = gradient.gradient_matching(pred, depth, mask)
    grad = tape.gradient(loss, pred).numpy()
    self.assertAllEqual(grad[mask == 0], np.zeros((mask == 0).sum()))
    self.assertGreater(np.abs(grad[mask > 0]).max(), 1e-4)

  @parameterized.parameters(
    ([1, 1, 1, 1], 5.0), ([2, 1, 9, 1], 0.0), ([1, 9, 1, 1], -1.0)
  )
  def test_degenerate_maps_are_finite(self, shape, pred_m):
    ramp = 1 + np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for mask in (np.ones(shape), np.zeros(shape)):
      pred = tf.Variable(np.full(shape, pred_m, np.float32))
      with tf.GradientTape() as tape:
        loss = gradient.gradient_matching(pred, ramp, mask)
      expected = _numpy_matching(pred.numpy(), ramp, mask)
      self.assertAllClose(loss, expected, rtol=1e-5)
      self.assertAllInRange(tape.gradient(loss, pred), -1e4, 1e4)

  def test_sizes_may_be_unknown_in_a_graph(self):
    spec = tf.TensorSpec([None, None, None, 1])
    in_graph = tf.function(
      gradient.gradient_matching, input_signature=[spec] * 3
    )
    maps = _log_maps(6)
    self.assertAllClose(in_graph(*maps), _numpy_matching(*maps), rtol=1e-5)

  def test_scales_must_be_positive(self):
    with self.assertRaisesRegex(ValueError, 'scales=0 must be at least 1'):
      gradient.gradient_matching(*_log_maps(0), scales=0)


if __name__ == '__main__':
  tf.test.main()
