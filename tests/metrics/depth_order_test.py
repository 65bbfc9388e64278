# SPDX-License-Identifier: Apache-2.0
"""Tests of recognising inverse depth."""

from absl.testing import absltest
import numpy as np

from depth_mai.metrics import depth_order


def _truth(size=(40, 60), seed=0):
  rng = np.random.default_rng(seed)
  return rng.permutation(np.arange(1000, 1000 + np.prod(size))).reshape(size)


class RankCorrelationTest(absltest.TestCase):
  def test_any_monotonic_function(self):
    truth = _truth()
    for prediction, want in (
      (truth**3 / 7 - 5.0, 1.0),
      (-truth.astype(np.float64), -1.0),
      (65535 / truth, -1.0),
      (np.log(truth).astype(np.float32) * 0 + truth, 1.0),
    ):
      got = depth_order.rank_correlation(prediction, truth)
      self.assertAlmostEqual(got, want, delta=1e-12)

  def test_spearmans_formula(self):
    # Without equal values: 1 - 6 sum(d^2) / (n (n^2 - 1)).
    truth = np.array([[2000, 3000, 4000, 5000, 6000]])
    prediction = np.array([[5.0, 2.0, 9.0, 8.0, 7.0]])
    difference = np.array([2, 1, 5, 4, 3]) - np.arange(1, 6)
    want = 1 - 6 * np.sum(difference**2) / (5 * 24)
    got = depth_order.rank_correlation(prediction, truth)
    self.assertAlmostEqual(got, want)

  def test_unknown_pixels_do_not_count(self):
    truth, prediction = _truth(), _truth().astype(np.float64)
    truth[:20], prediction[:20] = 0, -1e9
    prediction[20, :5] = np.nan
    got = depth_order.rank_correlation(prediction, truth)
    self.assertAlmostEqual(got, 1.0)

  def test_large_pictures_are_sampled_evenly(self):
    truth = np.tile(np.arange(1000, 1640), (480, 1))
    rng = np.random.default_rng(0)
    prediction = truth + rng.normal(0, 100, truth.shape)
    # Pearson's of the ranks over all pixels; truth is uniform over 640 levels.
    x, y = truth.ravel(), np.argsort(np.argsort(prediction.ravel()))
    want = np.corrcoef(x, y)[0, 1]
    got = depth_order.rank_correlation(prediction, truth)
    self.assertAlmostEqual(got, want, delta=0.02)

  def test_undefined(self):
    truth = _truth((3, 4))
    for prediction, depth_mm in (
      (np.full((3, 4), 5.0), truth),
      (truth, np.full((3, 4), 900)),
      (truth, np.zeros((3, 4))),
      (np.full((3, 4), np.nan), truth),
    ):
      self.assertIsNone(depth_order.rank_correlation(prediction, depth_mm))
    self.assertIsNone(depth_order.mean([None, None]))
    self.assertEqual(depth_order.mean([None, 0.5, -0.25]), 0.125)


class InverseTextTest(absltest.TestCase):
  def test_only_a_clearly_negative_one(self):
    for correlation in (None, 1.0, 0.0, -0.2):
      self.assertEqual(depth_order.inverse_text(correlation), '')
    for correlation in (-0.4, -1.0):
      text = depth_order.inverse_text(correlation)
      self.assertIn('inverse depth', text)
      self.assertIn('--align=inverse_scale_shift', text)

  def test_depth_where_inverse_depth_is_expected(self):
    for correlation in (None, -1.0, 0.0, 0.2):
      self.assertEqual(depth_order.depth_text(correlation), '')
    self.assertIn('--align=scale_shift', depth_order.depth_text(0.4))


if __name__ == '__main__':
  absltest.main()
