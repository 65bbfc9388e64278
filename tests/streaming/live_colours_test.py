# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/live_colours.py."""

from absl.testing import absltest
import numpy as np

from depth_mai.report import colours
from depth_mai.report import picture
from depth_mai.report import scale
from depth_mai.streaming import live_colours


def _ramp_mm(near_mm, far_mm):
  """Returns all depths from near to far, anywhere in the map."""
  values_mm = np.geomspace(near_mm, far_mm, 64 * 96)
  return np.random.default_rng(0).permutation(values_mm).reshape(64, 96)


class LiveColoursTest(absltest.TestCase):
  def test_the_colours_are_those_of_the_pictures(self):
    live = live_colours.LiveColours(scale.ColourRange(1.0, 8.0))
    depth_mm = np.rint(_ramp_mm(500, 20000))
    live.follow(depth_mm)
    np.testing.assert_array_equal(
      live.colourise(depth_mm.astype(np.float32)),
      picture.colourise(depth_mm / 1e3, 1.0, 8.0),
    )

  def test_unknown_depth_is_grey(self):
    live = live_colours.LiveColours(scale.ColourRange(1.0, 8.0))
    depth_mm = np.array([[np.nan, 0.0, -5.0, 2000.0]])
    live.follow(depth_mm)
    colour = live.colourise(depth_mm)
    for column in range(3):
      self.assertEqual(tuple(colour[0, column]), colours.INVALID_RGB)
    self.assertNotEqual(tuple(colour[0, 3]), colours.INVALID_RGB)
    farthest = live.colourise(np.array([[np.inf, 1e9]]))
    np.testing.assert_array_equal(farthest[0, 0], colours.depth_map()[-1])
    np.testing.assert_array_equal(farthest[0, 1], colours.depth_map()[-1])

  def test_the_range_starts_at_the_first_map_and_follows(self):
    live = live_colours.LiveColours(scale.ColourRange())
    live.follow(_ramp_mm(1000, 4000))
    self.assertAlmostEqual(live.near_m, 1.0, delta=0.05)
    self.assertAlmostEqual(live.far_m, 4.0, delta=0.2)
    live.follow(_ramp_mm(2000, 8000))
    self.assertLess(live.near_m, 1.2)  # Not immediately ...
    for _ in range(60):
      live.follow(_ramp_mm(2000, 8000))
    self.assertAlmostEqual(live.near_m, 2.0, delta=0.1)  # ... but eventually.
    self.assertAlmostEqual(live.far_m, 8.0, delta=0.4)

  def test_noise_does_not_change_the_range(self):
    live = live_colours.LiveColours(scale.ColourRange())
    noise, ranges = np.random.default_rng(0), set()
    for _ in range(50):
      live.follow(_ramp_mm(1010, 4040) * noise.normal(1, 0.002, (64, 96)))
      ranges.add((live.near_m, live.far_m))
    self.assertLen(ranges, 1)

  def test_given_ends_are_fixed(self):
    live = live_colours.LiveColours(scale.ColourRange(far_m=5.0))
    for near_mm in (1000, 3000, 20000):
      for _ in range(40):
        live.follow(_ramp_mm(near_mm, 2 * near_mm))
      self.assertLess(live.near_m, live.far_m)
    self.assertAlmostEqual(live.far_m, 5.0)


if __name__ == '__main__':
  absltest.main()
