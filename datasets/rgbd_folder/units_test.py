# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.units."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.rgbd_folder import units


def _scene(size=(48, 64), near_m=0.8, far_m=4.0, known=0.9):
  """Returns metres, in whole millimetres, NaN where unknown."""
  rng = np.random.default_rng(0)
  depth_m = rng.integers(near_m * 1000, far_m * 1000, size) / 1000
  depth_m[rng.random(size) > known] = np.nan
  return depth_m


def _measured(values):
  return units.measure(values, units.known_mask(values))


class UnitsTest(parameterized.TestCase):
  def test_known_mask(self):
    values = np.array([[0, -1, np.nan, np.inf, -np.inf, 2, 65535, 3.5]])
    np.testing.assert_array_equal(
      units.known_mask(values, (65535,)), [[0, 0, 0, 0, 0, 1, 0, 1]]
    )

  def test_known_mask_with_fewer_bits(self):
    for dtype in (np.float16, np.float32, np.float64):
      values = np.array([[1.5, 65.535]], dtype)
      np.testing.assert_array_equal(
        units.known_mask(values, (65.535,)), [[True, False]]
      )

  def test_measure(self):
    values = np.array([[0, 10, 20], [30, 40, 65535]], np.uint16)
    known = units.known_mask(values, (65535,))
    found = units.measure(values, known)
    self.assertEqual(
      (found.least, found.median, found.most, found.step), (10, 25, 40, 10)
    )
    self.assertAlmostEqual(found.known, 4 / 6)
    self.assertAlmostEqual(found.aspect, 1.5)
    self.assertAlmostEqual(found.high, np.percentile([10, 20, 30, 40], 99))

  def test_measure_of_nothing(self):
    found = _measured(np.zeros((2, 3), np.uint16))
    self.assertEqual((found.known, found.most, found.step), (0, 0, 0))
    self.assertIsNone(units.guess([found]))

  @parameterized.parameters(('mm', 1000), ('cm', 100), ('tum', 5000))
  def test_unit_of_integers(self, unit, per_metre):
    depth_m = np.nan_to_num(_scene())
    values = np.rint(depth_m * per_metre).astype(np.uint16)
    self.assertEqual(units.guess([_measured(values)])[0], unit)

  @parameterized.parameters(('m', 1), ('mm', 1000), ('cm', 100))
  def test_unit_of_floats(self, unit, per_metre):
    values = (_scene() * per_metre).astype(np.float32)
    self.assertEqual(units.guess([_measured(values)])[0], unit)

  def test_sparse_wide_integers_are_kitti(self):
    depth_m = _scene((60, 200), near_m=4, far_m=40, known=0.2)
    values = np.rint(np.nan_to_num(depth_m) * 256).astype(np.uint16)
    self.assertEqual(units.guess([_measured(values)])[0], 'kitti')

  def test_outdoor_millimetres(self):
    values = np.nan_to_num(_scene(near_m=2, far_m=50) * 1000).astype(np.uint16)
    self.assertEqual(units.guess([_measured(values)])[0], 'mm')

  def test_no_plausible_unit(self):
    self.assertIsNone(units.guess([_measured(_scene() * 1e6)]))
    self.assertIsNone(units.guess([_measured(_scene() / 100)]))


if __name__ == '__main__':
  absltest.main()
