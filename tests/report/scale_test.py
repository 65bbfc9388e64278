# SPDX-License-Identifier: Apache-2.0
"""Tests of depth ranges, positions on the colour map and ticks."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.report import scale


class DepthRangeTest(parameterized.TestCase):
  def test_leaves_out_outliers_and_unknown(self):
    depth_m = np.linspace(2.0, 6.0, 2000).reshape(40, 50)
    depth_m[0, :5] = (0.0, -1.0, np.nan, np.inf, 60.0)
    near_m, far_m = scale.depth_range(depth_m)
    self.assertBetween(near_m, 2.0, 2.1)
    self.assertBetween(far_m, 5.9, 6.0)

  def test_several_maps_share_one_range(self):
    near_m, far_m = scale.depth_range(np.full((9, 9), 1.0), np.full((5, 5), 8))
    self.assertAlmostEqual(near_m, 1.0)
    self.assertAlmostEqual(far_m, 8.0)

  def test_flat_map(self):
    near_m, far_m = scale.depth_range(np.full((4, 4), 3.0, np.float32))
    self.assertAlmostEqual(far_m / near_m, 1.2)
    self.assertAlmostEqual(far_m * near_m, 9.0)

  @parameterized.parameters(((),), ((np.zeros((3, 3)),),))
  def test_no_known_depth(self, maps):
    self.assertEqual(scale.depth_range(*maps), (1.0, 10.0))


class ColourRangeTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    # 1st and 99th percentile: 2 m and 6 m.
    self.depth_m = np.repeat([2.0, 6.0], 50)

  @parameterized.parameters(
    (None, None, (2.0, 6.0)),
    (1.5, None, (1.5, 6.0)),
    (None, 9.0, (2.0, 9.0)),
    (0.5, 10.0, (0.5, 10.0)),
  )
  def test_ends_that_are_not_given_come_from_the_map(
    self, near_m, far_m, expected
  ):
    given = scale.ColourRange(near_m, far_m)
    np.testing.assert_allclose(given.of(self.depth_m), expected)

  @parameterized.parameters((8.0, None), (None, 1.0))
  def test_a_map_beyond_the_given_end_still_has_a_range(self, near_m, far_m):
    near, far = scale.ColourRange(near_m, far_m).of(self.depth_m)
    self.assertBetween(near, 0.1, far - 0.1)
    self.assertIn(near_m or far_m, (near, far))

  @parameterized.parameters(
    (5.0, 2.0), (2.0, 2.0), (0.0, None), (None, -1.0), (float('nan'), None),
    (1.0, float('inf')),
  )  # fmt: skip
  def test_empty_ranges(self, near_m, far_m):
    with self.assertRaisesRegex(ValueError, '0 < near_m < far_m'):
      scale.ColourRange(near_m, far_m)


class PositionTest(parameterized.TestCase):
  def test_log(self):
    got = scale.position(np.array([0.5, 1.0, 2.0, 4.0, 8.0]), 1.0, 4.0)
    np.testing.assert_allclose(got, [-0.5, 0.0, 0.5, 1.0, 1.5], atol=1e-12)

  def test_unknown_is_finite(self):
    depth_m = np.array([0.0, -2.0, np.nan, np.inf], np.float32)
    np.testing.assert_array_equal(scale.position(depth_m, 1, 2), 0.0)

  @parameterized.parameters(
    (2.0, 2.0, 'below far_m'),
    (3.0, 2.0, 'below far_m'),
    (0.0, 2.0, 'above 0'),
    (-1.0, 2.0, 'above 0'),
    (math.nan, 2.0, 'finite'),
    (1.0, math.inf, 'finite'),
  )
  def test_errors(self, near_m, far_m, message):
    for function in (scale.ticks, lambda *a: scale.position(np.ones(1), *a)):
      with self.assertRaisesRegex(ValueError, message):
        function(near_m, far_m)


class TicksTest(parameterized.TestCase):
  @parameterized.parameters(
    (0.5, 10.0, [0.5, 1, 2, 5, 10]),
    (1.0, 2.0, [1, 1.2, 1.4, 1.6, 1.8, 2]),
    (3.0, 7.0, [3, 3.5, 4, 5, 6, 7]),
    (0.1, 65.0, [0.1, 0.3, 1, 3, 10, 30]),
    (2.1, 2.6, [2.1, 2.2, 2.3, 2.4, 2.5, 2.6]),
    (2.3, 2.45, [2.3, 2.32, 2.34, 2.36, 2.38, 2.4, 2.42, 2.44]),
  )
  def test_round_values(self, near_m, far_m, want):
    self.assertEqual(scale.ticks(near_m, far_m), want)

  @parameterized.parameters(range(50))
  def test_few_inside_and_ascending(self, seed):
    rng = np.random.default_rng(seed)
    near_m = np.exp(rng.uniform(-3, 4))
    far_m = near_m * (1 + np.exp(rng.uniform(-6, 5)))
    got = scale.ticks(near_m, far_m)
    self.assertBetween(len(got), 1, 8)
    self.assertGreaterEqual(got[0], near_m)
    self.assertLessEqual(got[-1], far_m)
    self.assertEqual(got, sorted(set(got)))


if __name__ == '__main__':
  absltest.main()
