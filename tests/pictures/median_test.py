# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai.pictures.median."""

import statistics

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.pictures import median


class MedianTest(parameterized.TestCase):
  @parameterized.product(
    dtype=(np.uint16, np.float32, np.float64), size=(1, 2, 3, 100, 4097)
  )
  def test_of_sorted_numbers(self, dtype, size):
    rng = np.random.default_rng(size)
    values = rng.uniform(0, 65535, size).astype(dtype)
    got = median.median(values)
    self.assertIsInstance(got, float)
    self.assertEqual(got, float(np.median(values)))
    want = statistics.median(values.tolist())
    self.assertAlmostEqual(got / want, 1.0, delta=1e-7)

  def test_between_two_whole_numbers(self):
    values = np.array([65535, 65534], np.uint16)
    self.assertEqual(median.median(values), 65534.5)

  def test_of_a_map(self):
    values = np.array([[3, 1, 2], [9, 9, 9]], np.uint16)
    self.assertEqual(median.median(values), 6.0)
    self.assertEqual(values[0, 0], 3)


if __name__ == '__main__':
  absltest.main()
