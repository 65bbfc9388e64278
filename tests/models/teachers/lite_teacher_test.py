# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/teachers/lite_teacher.py."""

import tensorflow as tf

from depth_mai.models.teachers import lite_teacher
from tests.models.systems import system_case


class LiteTeacherTest(system_case.SystemCase):
  def test_stage_table(self):
    self.assert_stage_table(
      lite_teacher.lite_teacher(),
      {
        'stem_act': (112, 144, 32),
        'block_1_project_bn': (112, 144, 16),
        'block_4_add': (56, 72, 24),
        'block_7_add': (28, 36, 48),
        'block_15_add': (14, 18, 120),
        'block_21_project_bn': (7, 9, 352),
        'up_4_clb_act': (7, 9, 128),
        'up_3_clb_act': (14, 18, 96),
        'up_2_clb_act': (28, 36, 64),
        'up_1_clb_act': (56, 72, 32),
        'depth_m': (56, 72, 1),
      },
    )

  def test_maps_rgb_to_metres(self):
    options = lite_teacher.LiteTeacherOptions(
      input_size=(64, 96), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = lite_teacher.lite_teacher(options)
    self.assertEqual(network.name, 'lite_teacher')
    self.assert_starts_at(network, 3.0, 0.2)


if __name__ == '__main__':
  tf.test.main()
