# SPDX-License-Identifier: Apache-2.0
"""Tests of alignments against closed forms and NumPy's least squares."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.evaluation import alignment


def _truth(seed=0, size=(12, 16)):
  rng = np.random.default_rng(seed)
  depth_mm = rng.integers(500, 10000, size).astype(np.uint16)
  depth_mm[rng.random(size) < 0.3] = 0
  return depth_mm


def _all_of(depth_mm):
  """Returns a complete depth map that is right where the truth is known."""
  return np.where(depth_mm > 0, depth_mm, 3333).astype(np.float64)


class AlignmentTest(parameterized.TestCase):
  def test_perfect_relative_predictions(self):
    depth_mm = _truth()
    known = depth_mm > 0
    full = _all_of(depth_mm)
    for name, prediction in (
      ('median', full / 1234.5),
      ('scale_shift', 0.002 * full - 7.0),
      ('scale_shift', 5.0 - 0.002 * full),
      ('inverse_scale_shift', 800.0 / full + 0.3),
      # As MiDaS writes it: stretched to 0..65535, near is large.
      ('inverse_scale_shift', 65535 * (1 / full - 1e-4) / (2e-3 - 1e-4)),
    ):
      got = alignment.ALIGNMENTS[name](prediction.astype(np.float32), depth_mm)
      np.testing.assert_allclose(
        got[known], depth_mm[known], rtol=2e-3, err_msg=name
      )

  def test_by_hand(self):
    depth_mm = np.array([[1000, 2000, 4000, 0]])
    prediction = np.array([[1.0, 2.0, 6.0, 50.0]])
    # Medians 2000 and 2; the unknown pixel does not count.
    np.testing.assert_allclose(
      alignment.median(prediction, depth_mm), [[1000, 2000, 6000, 50000]]
    )
    # Means 3 and 7000/3; s = 8000 / 14, t = 7000/3 - 3 s.
    scale = 8000 / 14
    np.testing.assert_allclose(
      alignment.scale_shift(prediction, depth_mm),
      scale * prediction + 7000 / 3 - 3 * scale,
    )

  @parameterized.parameters(0, 1, 2)
  def test_least_squares_are_numpys(self, seed):
    depth_mm = _truth(seed)
    known = depth_mm > 0
    rng = np.random.default_rng(seed + 10)
    prediction = rng.random(depth_mm.shape) * 1e4 + _all_of(depth_mm)
    x = np.stack([prediction[known], np.ones(known.sum())], axis=1)
    for name, target in (
      ('scale_shift', depth_mm[known].astype(np.float64)),
      ('inverse_scale_shift', 1.0 / depth_mm[known]),
    ):
      (scale, shift), *_ = np.linalg.lstsq(x, target, rcond=None)
      want = scale * prediction + shift
      if name == 'inverse_scale_shift':
        want = 1 / np.maximum(want, 1 / depth_mm.max())
      got = alignment.ALIGNMENTS[name](prediction, depth_mm)
      np.testing.assert_allclose(got, want, rtol=1e-8)

  def test_inverse_is_clipped_at_the_largest_true_depth(self):
    depth_mm = _truth()
    prediction = 1.0 / _all_of(depth_mm)
    prediction[0, :8] = -1.0
    depth_mm[0, :8] = 0
    got = alignment.inverse_scale_shift(prediction, depth_mm)
    np.testing.assert_allclose(got[0, :8], depth_mm.max())
    self.assertTrue((got > 0).all())

  def test_equal_predictions_become_the_mean(self):
    depth_mm = _truth()
    known = depth_mm > 0
    flat = np.full(depth_mm.shape, 7.0)
    np.testing.assert_allclose(
      alignment.scale_shift(flat, depth_mm), depth_mm[known].mean()
    )
    np.testing.assert_allclose(
      alignment.inverse_scale_shift(flat, depth_mm),
      1 / np.mean(1 / depth_mm[known]),
    )

  @parameterized.parameters('median', 'scale_shift', 'inverse_scale_shift')
  def test_predictions_that_cannot_be_aligned(self, name):
    align, depth_mm = alignment.ALIGNMENTS[name], _truth()
    broken = np.full(depth_mm.shape, np.nan)
    with self.assertRaisesRegex(ValueError, 'not finite .* cannot be aligned'):
      align(broken, depth_mm)
    with self.assertRaisesRegex(ValueError, 'No pixel .* is known'):
      align(np.ones((2, 3)), np.zeros((2, 3)))

  def test_a_median_that_is_not_positive(self):
    with self.assertRaisesRegex(ValueError, '-3, .*--align=scale_shift'):
      alignment.median(np.full((2, 3), -3.0), np.full((2, 3), 900))

  def test_labels(self):
    self.assertIn('ALIGNED (median)', alignment.label('median'))
    self.assertIsNone(alignment.ALIGNMENTS['none'])


if __name__ == '__main__':
  absltest.main()
