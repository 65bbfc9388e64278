# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/display_matrix.py."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.pictures import upright
from depth_mai.streaming import display_matrix


class DisplayMatrixTest(parameterized.TestCase):
  @parameterized.parameters(
    (1, 0, 0, 1), (-1, 0, 0, 1), (-1, 0, 0, -1), (1, 0, 0, -1),
    (0, 1, 1, 0), (0, 1, -1, 0), (0, -1, -1, 0), (0, -1, 1, 0),
  )  # fmt: skip
  def test_pixels_go_where_the_matrix_says(self, a, b, c, d):
    # ISO/IEC 14496-12, 6.2.2: (x, y) is shown at (a x + c y, b x + d y).
    stored = np.arange(6).reshape(2, 3)
    shown = {
      (a * x + c * y, b * x + d * y): stored[y, x]
      for y in range(2)
      for x in range(3)
    }
    columns, rows = (sorted({place[i] for place in shown}) for i in (0, 1))
    expected = [[shown[x, y] for x in columns] for y in rows]
    one = 1 << 16
    matrix = np.array(
      [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30], np.int32
    )
    orientation = display_matrix.orientation(matrix.tobytes())
    np.testing.assert_array_equal(
      upright.upright(stored, orientation), expected
    )

  def test_other_angles_are_rounded(self):
    for degrees, orientation in ((20, 1), (70, 6), (170, 3), (-80, 8)):
      cos, sin = (
        round(65536 * f(np.radians(degrees))) for f in (np.cos, np.sin)
      )
      matrix = np.array([cos, sin, 0, -sin, cos, 0, 0, 0, 1 << 30], np.int32)
      self.assertEqual(
        display_matrix.orientation(matrix.tobytes()), orientation
      )


if __name__ == '__main__':
  absltest.main()
