# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai.metrics.depth_scale."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.metrics import depth_scale

_TRUTH_MM = np.array([[0, 1000, 2000], [3000, 4000, 5000]], np.uint16)


class DepthScaleTest(parameterized.TestCase):
  def test_ratio_of_the_known_pixels(self):
    pred_mm = np.array([[9e9, 500, 1000], [1500, np.nan, 2500]])
    # The medians of 500, 1000, 1500, 2500 and 1000, 2000, 3000, 5000.
    self.assertEqual(depth_scale.ratio(pred_mm, _TRUTH_MM), 1250 / 2500)
    self.assertIsNone(depth_scale.ratio(pred_mm, np.zeros((2, 3))))

  @parameterized.parameters(
    (1.0, ''),
    (3.0, ''),
    (0.3, ''),
    (0.1, r'are 0\.1 times'),  # Centimetres.
    (0.256, r'are 0\.256 times'),  # KITTI's 1/256 m.
    (1000.0, 'are 1e[+]03 times'),
    (0.0, 'are 0 times'),
    (-2.0, 'are -2 times'),
  )
  def test_text(self, ratio, words):
    found = depth_scale.text([ratio, None, ratio, 1.0])
    self.assertRegex(found, words or '^$')
    self.assertEqual(depth_scale.text([None]), '')


if __name__ == '__main__':
  absltest.main()
