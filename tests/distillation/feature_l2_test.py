# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/distillation/feature_l2.py."""

import numpy as np
import tensorflow as tf

from depth_mai.distillation import feature_l2
from tests.distillation import term_case


class FeatureL2Test(term_case.TermCase):
  def test_matches_numpy(self):
    student, teacher, valid = term_case.maps((4, 4))
    expected = np.mean((student - teacher).astype(np.float64) ** 2)
    self.assert_matches(
      feature_l2.feature_l2, expected, student, teacher, valid
    )


if __name__ == '__main__':
  tf.test.main()
