# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/challenge.py."""

from absl.testing import absltest
import numpy as np

from depth_mai import challenge
from depth_mai.metrics import depth_metrics


class ChallengeTest(absltest.TestCase):
  def test_the_metrics_are_those_that_are_measured(self):
    depth_mm = np.full(challenge.IMAGE_SIZE, 2000, np.uint16)
    measured = depth_metrics.image_metrics(
      depth_mm + np.float32(challenge.MM_PER_M), depth_mm
    )
    self.assertAlmostEqual(measured['rmse'], 1.0)
    self.assertContainsSubset(challenge.METRICS, measured)


if __name__ == '__main__':
  absltest.main()
