# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/report/colour_range.py."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.report import colour_range


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
  def test_what_is_not_given_comes_from_the_map(self, near_m, far_m, expected):
    given = colour_range.ColourRange(near_m, far_m)
    np.testing.assert_allclose(given.of(self.depth_m), expected)

  @parameterized.parameters((8.0, None), (None, 1.0))
  def test_a_map_beyond_the_given_end_still_has_a_range(self, near_m, far_m):
    near, far = colour_range.ColourRange(near_m, far_m).of(self.depth_m)
    self.assertBetween(near, 0.1, far - 0.1)
    self.assertIn(near_m or far_m, (near, far))

  @parameterized.parameters(
    (5.0, 2.0), (2.0, 2.0), (0.0, None), (None, -1.0), (float('nan'), None),
    (1.0, float('inf')),
  )  # fmt: skip
  def test_a_range_that_holds_no_depth(self, near_m, far_m):
    with self.assertRaisesRegex(ValueError, '0 < near_m < far_m'):
      colour_range.ColourRange(near_m, far_m)


if __name__ == '__main__':
  absltest.main()
