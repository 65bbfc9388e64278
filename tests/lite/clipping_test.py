# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/clipping.py."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.lite import clipping
from depth_mai.lite import histogram as histogram_lib


def _values(kind):
  """Returns values as activations have them: many small, few large."""
  generator = np.random.default_rng(11)
  values = generator.laplace(scale=1.0, size=20000)
  if kind == 'relu':
    values = np.maximum(values, 0)
  elif kind == 'negative':
    values = np.minimum(values, 0)
  elif kind == 'shifted':
    values = values + 20
  return np.float32(values)


def _histogram(values):
  made = histogram_lib.Histogram()
  made.add(values)
  return made


def _rounded(values, low, high):
  """Rounds values to 256 levels from low to high."""
  step = (high - low) / 255
  zero = np.round(-low / step)
  levels = np.clip(np.round(values / step) + zero, 0, 255)
  return (levels - zero) * step


def _divergence_by_hand(centres, counts, low, high):
  """Migacz' slides, step by step: clip, merge into levels, spread, compare."""
  inside = [i for i, c in enumerate(centres) if low <= c <= high]
  p = [float(counts[i]) for i in inside]
  p[0] += sum(n for c, n in zip(centres, counts, strict=True) if c < low)
  p[-1] += sum(n for c, n in zip(centres, counts, strict=True) if c > high)
  levels = {}
  for i in inside:
    level = round((centres[i] - low) * 255 / (high - low))
    levels.setdefault(level, []).append(i)
  q = {}
  for members in levels.values():
    filled = [i for i in members if counts[i]]
    for i in filled:
      q[i] = sum(counts[j] for j in filled) / len(filled)
  total_p, total_q = sum(p), sum(q.values())
  result = 0.0
  for i, mass in zip(inside, p, strict=True):
    if mass:
      share = max(q.get(i, 0.0) / total_q, 1e-12)
      result += mass / total_p * math.log(mass / total_p / share)
  return result


class ClippingTest(parameterized.TestCase):
  @parameterized.product(
    kind=('both', 'relu', 'negative', 'shifted'), method=clipping.METHODS
  )
  def test_is_within_the_whole_range_and_contains_zero(self, kind, method):
    values = _values(kind)
    low, high = clipping.choose_range(_histogram(values), method, 99.0)
    self.assertBetween(low, min(0, values.min()), 0)
    self.assertBetween(high, 0, max(0, values.max()))
    self.assertGreater(high - low, 0)
    if method == 'minmax':
      self.assertEqual(
        (low, high), (min(0, values.min()), max(0, values.max()))
      )

  @parameterized.product(kind=('both', 'relu', 'negative'), p=(90, 99, 99.9))
  def test_percentile_is_that_of_numpy(self, kind, p):
    values = _values(kind)
    made = _histogram(values)
    low, high = clipping.percentile_range(made, p)
    wanted = [
      min(0, -np.percentile(-values, p, method='inverted_cdf')),
      max(0, np.percentile(values, p, method='inverted_cdf')),
    ]
    np.testing.assert_allclose([low, high], wanted, atol=1.01 * made.width)

  def test_a_hundred_per_cent_is_the_whole_range(self):
    made = _histogram(_values('both'))
    self.assertEqual(
      clipping.percentile_range(made, 100), clipping.whole_range(made)
    )

  @parameterized.parameters('both', 'relu', 'negative')
  def test_squared_error_is_that_of_rounding(self, kind):
    values = _values(kind)
    made = _histogram(values)
    for part in (1.0, 0.6, 0.3):
      low, high = (part * float(end) for end in (values.min(), values.max()))
      wanted = np.square(_rounded(values, low, high) - values).sum()
      found = clipping.squared_error(made.centres(), made.counts, (low, high))
      self.assertAlmostEqual(found / wanted, 1, delta=0.05)

  def test_mse_is_near_the_best_of_all(self):
    generator = np.random.default_rng(4)
    values = np.maximum(np.float32(generator.standard_t(3, 20000)), 0)
    low, high = clipping.choose_range(_histogram(values), 'mse')
    self.assertEqual(low, 0)

    def error(end):
      return np.square(_rounded(values, 0.0, end) - values).mean()

    best = min(error(end) for end in np.linspace(0.2, 1, 161) * values.max())
    self.assertLess(error(high), 1.05 * best)
    self.assertLess(error(high), error(float(values.max())))

  @parameterized.parameters('both', 'relu', 'shifted')
  def test_divergence_by_hand(self, kind):
    values = _values(kind)
    made = _histogram(values)
    low, high = clipping.whole_range(made)
    for part in (1.0, 0.5):
      chosen = (part * low, part * high) if kind != 'shifted' else (15.0, high)
      self.assertAlmostEqual(
        clipping.divergence(made.centres(), made.counts, chosen),
        _divergence_by_hand(made.centres(), made.counts, *chosen),
      )

  @parameterized.parameters(100.0, -100.0)
  def test_entropy_clips_an_outlier(self, outlier):
    values = np.append(_values('relu'), np.float32(outlier))
    low, high = clipping.choose_range(_histogram(values), 'entropy')
    self.assertLess(high - low, 60)

  @parameterized.parameters(*clipping.METHODS)
  def test_zeros_alone(self, method):
    made = _histogram(np.zeros(9, np.float32))
    self.assertEqual(clipping.choose_range(made, method), (0, 0))

  def test_refuses_an_unknown_method(self):
    with self.assertRaisesRegex(ValueError, 'Quantisation.calibration'):
      clipping.choose_range(_histogram(np.ones(1)), 'average')


if __name__ == '__main__':
  absltest.main()
