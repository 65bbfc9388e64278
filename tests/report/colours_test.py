# SPDX-License-Identifier: Apache-2.0
"""Tests of the colour maps, with the lightness of CIE 1976 as reference."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.report import colours


def cie_lab(rgb_uint8):
  """Converts sRGB [N, 3] to CIE L*a*b* (D65)."""
  srgb = rgb_uint8 / 255.0
  linear = np.where(
    srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4
  )
  to_xyz = np.array(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.0721750],
      [0.0193339, 0.1191920, 0.9503041],
    ]
  )
  xyz = linear @ to_xyz.T / to_xyz.sum(axis=1)
  f = np.where(
    xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29
  )
  x, y, z = f.T
  return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


class DepthMapTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.map = colours.depth_map()

  def test_shape(self):
    self.assertEqual(self.map.shape, (colours.STEPS, 3))
    self.assertEqual(self.map.dtype, np.uint8)

  def test_near_is_warm_and_far_is_cold(self):
    red, _, blue = self.map.astype(int).T
    self.assertGreater(red[0], blue[0] + 80)
    self.assertGreater(blue[-1], red[-1] + 80)

  def test_lightness_always_falls(self):
    lightness = cie_lab(self.map)[:, 0]
    # Over any eighth of the map, so that rounding to 8 bits does not matter.
    drop = lightness[:-32] - lightness[32:]
    self.assertGreater(drop.min(), 4.0)
    self.assertGreater(lightness[0] - lightness[-1], 65.0)

  def test_steps_look_equal(self):
    steps = np.linalg.norm(np.diff(cie_lab(self.map[::16]), axis=0), axis=1)
    self.assertGreater(steps.min(), 5.0)
    self.assertLess(steps.max() / steps.min(), 5.0)

  def test_unknown_looks_different(self):
    unknown = cie_lab(np.array([colours.INVALID_RGB]))
    distance = np.linalg.norm(cie_lab(self.map) - unknown, axis=1)
    self.assertGreater(distance.min(), 40.0)

  def test_is_read_only(self):
    with self.assertRaises(ValueError):
      self.map[0] = 0


class ErrorMapTest(absltest.TestCase):
  def test_red_white_blue(self):
    first, last = colours.error_map()[[0, -1]].astype(int)
    middle = colours.error_map()[[127, 128]]
    self.assertGreater(first[0], first[2] + 80)
    self.assertGreater(last[2], last[0] + 80)
    self.assertGreater(middle.min(), 235)

  def test_both_sides_are_equally_strong(self):
    lightness = cie_lab(colours.error_map())[:, 0]
    np.testing.assert_allclose(lightness, lightness[::-1], atol=12.0)
    self.assertTrue((np.diff(lightness[:128:16]) > 0).all())


class ApplyMapTest(parameterized.TestCase):
  @parameterized.parameters(
    (0.0, 0), (0.5, 2), (1.0, 4), (-3.0, 0), (9.0, 4), (0.37, 1)
  )
  def test_nearest_colour(self, position, index):
    table = np.arange(15, dtype=np.uint8).reshape(5, 3)
    got = colours.apply_map(
      np.full((2, 3), position), np.ones((2, 3), bool), table
    )
    self.assertEqual(got.dtype, np.uint8)
    np.testing.assert_array_equal(got, np.broadcast_to(table[index], (2, 3, 3)))

  def test_unknown_positions_may_have_any_value(self):
    got = colours.apply_map(
      np.array([[np.nan, 0.0]]), np.array([[False, True]]), colours.depth_map()
    )
    np.testing.assert_array_equal(got[0, 0], colours.INVALID_RGB)
    np.testing.assert_array_equal(got[0, 1], colours.depth_map()[0])


class StepsTest(parameterized.TestCase):
  @parameterized.parameters(colours.depth_map, colours.error_map)
  def test_fewer_steps_cover_the_same_map(self, function):
    few, all_steps = function(64).astype(int), function().astype(int)
    self.assertEqual(few.shape, (64, 3))
    np.testing.assert_array_equal(few[[0, -1]], all_steps[[0, -1]])
    # 255 = 4 * 63 + 3: the k-th of 64 lies near the (255 / 63 k)-th of 256.
    nearest = all_steps[np.rint(np.arange(64) * 255 / 63).astype(int)]
    self.assertLess(np.abs(few - nearest).max(), 8)


class SeriesColoursTest(absltest.TestCase):
  def test_eight_differ_and_then_repeat(self):
    got = colours.series_colours(10)
    self.assertLen(set(got[:8]), 8)
    self.assertEqual(got[8:], got[:2])
    self.assertEqual(colours.series_colours(0), [])

  def test_can_be_told_apart_on_white(self):
    lab = cie_lab(
      np.array(
        [
          [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
          for colour in ['#ffffff', *colours.SERIES]
        ]
      )
    )
    for i, first in enumerate(lab):
      for second in lab[i + 1 :]:
        self.assertGreater(np.linalg.norm(first - second), 25.0)


if __name__ == '__main__':
  absltest.main()
