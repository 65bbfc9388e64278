# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.numbers."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.rgbd_folder import numbers


def _measured(values):
  return numbers.measure(values, numbers.known_mask(values))


class NumbersTest(parameterized.TestCase):
  def test_known_mask(self):
    values = np.array([[0, -1, np.nan, np.inf, -np.inf, 2, 65535, 3.5]])
    np.testing.assert_array_equal(
      numbers.known_mask(values, (65535,)), [[0, 0, 0, 0, 0, 1, 0, 1]]
    )

  def test_known_mask_with_fewer_bits(self):
    for dtype in (np.float16, np.float32, np.float64):
      values = np.array([[1.5, 65.535]], dtype)
      np.testing.assert_array_equal(
        numbers.known_mask(values, (65.535,)), [[True, False]]
      )

  def test_measure(self):
    values = np.array([[0, 10, 20], [30, 40, 65535]], np.uint16)
    known = numbers.known_mask(values, (65535,))
    found = numbers.measure(values, known)
    self.assertEqual(
      (found.least, found.median, found.most, found.step), (10, 25, 40, 10)
    )
    self.assertAlmostEqual(found.known, 4 / 6)
    self.assertAlmostEqual(found.aspect, 1.5)
    self.assertAlmostEqual(found.high, np.percentile([10, 20, 30, 40], 99))
    self.assertAlmostEqual(found.low, 10.3)

  def test_structure_of_the_numbers(self):
    rotated = _measured(np.array([[8000, 8008, 1, 9]], np.uint16))
    self.assertEqual((rotated.step, rotated.low_bits), (1, 1))
    self.assertAlmostEqual(
      _measured(np.array([[8, 12, 16, 21]], np.int32)).low_bits, 0.5
    )
    self.assertTrue(_measured(np.array([[1.0, 7.0]])).is_whole)
    self.assertFalse(_measured(np.array([[1.0, 7.5]])).is_whole)

  def test_measure_of_nothing(self):
    found = _measured(np.zeros((2, 3), np.uint16))
    self.assertEqual((found.known, found.most, found.step), (0, 0, 0))


if __name__ == '__main__':
  absltest.main()
