# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/losses/ssim.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import ssim


def _gaussian(size=11, sigma=1.5):
  square = np.add.outer(*[(np.arange(size) - size // 2) ** 2] * 2)
  return np.exp(-square / (2 * sigma**2))


def _numpy_ssim(pred, depth, mask, weights, max_m=40.0, k1=0.01, k2=0.03):
  """Visits the windows one by one, by the published formula: [B, H, W]."""
  c1, c2 = (k1 * max_m) ** 2, (k2 * max_m) ** 2
  size = len(weights)
  index = np.full(depth.shape[:3], np.nan)
  for b, row, column in np.argwhere(mask[..., 0] > 0):
    total, kept = 0.0, []
    for i, j in np.ndindex(weights.shape):
      y, x = row + i - size // 2, column + j - size // 2
      inside = 0 <= y < depth.shape[1] and 0 <= x < depth.shape[2]
      if inside and mask[b, y, x, 0] > 0:
        total += weights[i, j]
        kept.append((weights[i, j], pred[b, y, x, 0], depth[b, y, x, 0]))
    w, p, d = np.array(kept, np.float64).T
    w = w / total
    p_mean, d_mean = (w * p).sum(), (w * d).sum()
    p_variance = (w * (p - p_mean) ** 2).sum()
    d_variance = (w * (d - d_mean) ** 2).sum()
    covariance = (w * (p - p_mean) * (d - d_mean)).sum()
    index[b, row, column] = (
      (2 * p_mean * d_mean + c1)
      * (2 * covariance + c2)
      / ((p_mean**2 + d_mean**2 + c1) * (p_variance + d_variance + c2))
    )
  return index


def _random_maps(seed, shape=(2, 13, 15, 1)):
  rng = np.random.default_rng(seed)
  depth = rng.uniform(0.4, 20, shape).astype(np.float32)
  pred = depth * np.exp(rng.normal(0.1, 0.3, shape))
  mask = (rng.random(shape) < 0.7).astype(np.float32)
  depth[mask == 0] = 0
  return pred.astype(np.float32), depth, mask


def _value_and_gradient(pred, depth, mask, **options):
  pred = tf.Variable(pred)
  with tf.GradientTape() as tape:
    loss = ssim.ssim(pred, depth, mask, **options)
  return loss.numpy(), tape.gradient(loss, pred).numpy()


class SsimTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(
    seed=(0, 1), shape=((2, 13, 15, 1), (3, 4, 5, 1), (2, 1, 7, 1))
  )
  def test_matches_numpy(self, seed, shape):
    maps = _random_maps(seed, shape)
    index = _numpy_ssim(*maps, _gaussian())
    loss = ssim.ssim(*maps)
    self.assertAllClose(loss, np.nanmean(1 - index), rtol=1e-5)
    loss = ssim.ssim(*maps, halved=True)
    self.assertAllClose(loss, np.nanmean(1 - index) / 2, rtol=1e-5)
    loss = ssim.ssim(*maps, per_image=True)
    each = [np.nanmean(1 - index[i]) for i in range(shape[0])]
    self.assertAllClose(loss, np.mean(each), rtol=1e-5)

  def test_options_match_numpy(self):
    maps = _random_maps(2)
    index = _numpy_ssim(*maps, np.ones([3, 3]), max_m=10.0)
    loss = ssim.ssim(*maps, window='average', window_size=3, max_depth_m=10.0)
    self.assertAllClose(loss, np.nanmean(1 - index), rtol=1e-5)
    index = _numpy_ssim(*maps, _gaussian(5, 0.8), k1=0.1, k2=0.2)
    loss = ssim.ssim(*maps, window_size=5, sigma_px=0.8, k1=0.1, k2=0.2)
    self.assertAllClose(loss, np.nanmean(1 - index), rtol=1e-5)

  def test_matches_tensorflow(self):
    # The maps differ only inside: TensorFlow's windows do not cross the border.
    rng = np.random.default_rng(3)
    depth = rng.uniform(0.4, 20, [2, 32, 36, 1]).astype(np.float32)
    pred = depth.copy()
    pred[:, 10:22, 10:26] += rng.normal(0, 3, [2, 12, 16, 1])
    index = tf.image.ssim(pred, depth, 40.0, return_index_map=True)
    loss = ssim.ssim(pred, depth, np.ones_like(depth))
    expected = np.sum(1 - index.numpy().astype(np.float64)) / depth.size
    self.assertGreater(expected, 0.01)
    self.assertAllClose(loss, expected, rtol=1e-4)

  def test_by_hand(self):
    # Constant maps: 1 - (2 * 3 * 5 + 0.16) / (3^2 + 5^2 + 0.16).
    maps = np.full([1, 4, 6, 1], 3.0), np.full([1, 4, 6, 1], 5.0)
    loss = ssim.ssim(*maps, np.ones([1, 4, 6, 1]))
    self.assertAllClose(loss, 4 / 34.16, rtol=1e-6)

  def test_opposite_structure_is_above_one(self):
    board = np.indices([8, 8]).sum(axis=0).reshape(1, 8, 8, 1) % 2 * 10.0
    loss = ssim.ssim(
      10 - board, board, np.ones_like(board), window='average', window_size=3
    )
    self.assertBetween(loss, 1.5, 2.0)

  def test_small_errors_far_away_do_not_cancel(self):
    rng = np.random.default_rng(7)
    depth = rng.uniform(30, 31, [2, 12, 16, 1]).astype(np.float32)
    pred = (depth + rng.normal(0, 0.01, depth.shape)).astype(np.float32)
    mask = np.ones_like(depth)
    for max_m in (40.0, 1.0):
      index = _numpy_ssim(pred, depth, mask, _gaussian(), max_m)
      loss = ssim.ssim(pred, depth, mask, max_depth_m=max_m)
      self.assertAllClose(loss, np.mean(1 - index), rtol=1e-5, atol=0)

  def test_gradient_matches_finite_differences(self):
    pred, depth, mask = _random_maps(4, (1, 4, 5, 1))
    _, grad = _value_and_gradient(pred, depth, mask)
    expected = np.zeros(pred.shape)
    for place in np.ndindex(pred.shape):
      step = np.zeros(pred.shape)
      step[place] = 1e-5
      below, above = (
        np.nanmean(_numpy_ssim(pred + sign * step, depth, mask, _gaussian()))
        for sign in (1, -1)
      )
      expected[place] = (above - below) / 2e-5
    self.assertAllClose(grad, expected, rtol=1e-4, atol=1e-7)
    self.assertAllEqual(grad[mask == 0], np.zeros((mask == 0).sum()))

  @parameterized.product(
    pred_m=(0, -1, 65, 'rough'),
    depth_m=(0, 1e-6, 65, 'rough'),
    max_depth_m=(40.0, 1.0),
  )
  def test_degenerate_maps(self, pred_m, depth_m, max_depth_m):
    exponent = np.random.default_rng(0).uniform(-6, 1.8, [2, 12, 16, 1])
    maps = [
      np.float32(10.0**exponent)
      if depth == 'rough'
      else np.full([2, 12, 16, 1], depth, np.float32)
      for depth in (pred_m, depth_m)
    ]
    loss, grad = _value_and_gradient(
      *maps, maps[1] > 0, max_depth_m=max_depth_m
    )
    self.assertBetween(loss, 0.0, 2.0)
    self.assertTrue(np.isfinite(grad).all())
    if depth_m in (0, pred_m):
      self.assertAllEqual(loss, 0.0)
      self.assertAllEqual(grad, np.zeros_like(grad))

  @parameterized.parameters(0, -1, np.inf, np.nan)
  def test_values_under_the_mask_do_not_matter(self, garbage):
    pred, depth, mask = _random_maps(5)
    loss = ssim.ssim(
      np.where(mask, pred, np.float32(garbage)),
      np.where(mask, depth, np.float32(garbage)),
      mask,
    )
    self.assertAllEqual(loss, ssim.ssim(pred, depth, mask))

  def test_nan_in_the_prediction_is_not_hidden(self):
    pred, depth, _ = _random_maps(6)
    pred[1, 3, 4, 0] = np.nan
    self.assertTrue(np.isnan(ssim.ssim(pred, depth, np.ones_like(depth))))

  @parameterized.parameters(
    ({'window': 'hann'}, "window='hann' must be one of"),
    ({'window_size': 4}, 'window_size=4 must be odd and at least 3'),
    ({'window_size': 1}, 'window_size=1 must be odd and at least 3'),
    ({'sigma_px': 0}, 'sigma_px=0 must be above 0'),
    ({'max_depth_m': 0}, 'max_depth_m=0 must be above 0'),
    ({'k1': 0}, 'k1=0 must be above 0'),
    ({'k2': np.inf}, 'k2=inf must be above 0 and finite'),
  )
  def test_refuses_options_out_of_range(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      ssim.ssim(*_random_maps(0), **options)


if __name__ == '__main__':
  tf.test.main()
