# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/histogram.py."""

import itertools

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.lite import histogram


def _parts(scale, offset):
  generator = np.random.default_rng(3)
  parts = [
    scale * spread * generator.normal(size=(count, 5)) + offset
    for count, spread in ((40, 1.0), (3, 50.0), (500, 0.01))
  ]
  return [np.float32(part) for part in (*parts, np.zeros((2, 7)))]


def _filled(parts):
  made = histogram.Histogram()
  for part in parts:
    made.add(part)
  return made


class HistogramTest(parameterized.TestCase):
  @parameterized.parameters((1, 0), (1e-6, 0), (1e4, 5e4), (3, -100))
  def test_counts_agree_with_numpy_in_any_order(self, scale, offset):
    parts = _parts(scale, offset)
    values = np.concatenate([part.ravel() for part in parts])
    for order in itertools.permutations(parts):
      made = _filled(order)
      self.assertEqual(made.total, values.size)
      self.assertEqual(made.zeros, 14)
      self.assertEqual([made.low, made.high], [values.min(), values.max()])
      self.assertEqual(np.log2(made.width) % 1, 0)
      edges = (made.first + np.arange(histogram.BINS + 1)) * made.width
      # NumPy's last bin includes its upper edge as well; no value is there.
      wanted, _ = np.histogram(np.float64(values[values != 0]), edges)
      np.testing.assert_array_equal(made.counts, wanted)
      np.testing.assert_allclose(made.centres(), (edges[1:] + edges[:-1]) / 2)

  def test_bins_are_fine(self):
    made = _filled(_parts(1, 0))
    self.assertGreater((made.high - made.low) / made.width, histogram.BINS / 4)

  def test_order_does_not_matter_at_the_edge_of_a_binade(self):
    low, high = np.float32([1023.0]), np.float32([1025.0])
    first, second = _filled([low, high]), _filled([high, low])
    self.assertEqual(first.width, second.width)
    self.assertEqual(first.first, second.first)

  def test_zeros_only(self):
    made = _filled([np.zeros((2, 3), np.float32), np.zeros(0, np.float32)])
    self.assertEqual([made.low, made.high, made.zeros], [0, 0, 6])
    self.assertEqual(made.total, 6)

  @parameterized.parameters(np.nan, np.inf, -np.inf)
  def test_refuses_values_that_are_not_finite(self, value):
    with self.assertRaisesRegex(ValueError, 'NaN or infinite.*--workdir'):
      histogram.Histogram().add(np.float32([1, value]))


if __name__ == '__main__':
  absltest.main()
