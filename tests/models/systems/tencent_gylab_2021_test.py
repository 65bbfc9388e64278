# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/tencent_gylab_2021.py."""

import tensorflow as tf

from depth_mai.models.systems import tencent_gylab
from depth_mai.models.systems import tencent_gylab_2021
from tests.models.systems import system_case


class TencentGylab2021Test(system_case.SystemCase):
  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(
      tencent_gylab_2021.tencent_gylab_2021,
      tencent_gylab_2021.TencentGylab2021Options,
    )

  def test_takes_the_encoder_activation(self):
    self.assert_takes_the_encoder_activation(
      tencent_gylab_2021.tencent_gylab_2021,
      tencent_gylab_2021.TencentGylab2021Options,
    )

  def test_stage_table(self):
    network = tencent_gylab_2021.tencent_gylab_2021()
    self.assertEqual(network.name, 'tencent_gylab_2021')
    self.assert_stage_table(
      network,
      {
        'rgb': (128, 160, 3),
        'block_1_add': (64, 80, 16),
        'block_3_add': (32, 40, 24),
        'block_6_add': (16, 20, 40),
        'block_10_add': (8, 10, 80),
        'block_12_add': (8, 10, 112),
        'ffm_4_mix_act': (8, 10, 48),
        'ffm_3_mix_act': (16, 20, 32),
        'ffm_2_mix_act': (32, 40, 24),
        'ffm_1_mix_act': (64, 80, 16),
        'depth_m': (64, 80, 1),
      },
    )

  def test_is_the_same_network_at_a_larger_input(self):
    options = tencent_gylab_2021.TencentGylab2021Options(input_size=(96, 128))
    large = tencent_gylab_2021.tencent_gylab_2021(options)
    small = tencent_gylab.tencent_gylab()
    large.set_weights(small.get_weights())
    rgb = tf.random.uniform((1, 96, 128, 3), 0, 255)
    self.assertAllEqual(small(rgb, training=False), large(rgb, training=False))

  def test_has_the_size_of_the_other_row(self):
    """Table 1 gives both 3.4 MB; tencent_gylab_test.py converts that one."""
    network = tencent_gylab_2021.tencent_gylab_2021()
    self.assertEqual(system_case.folded_parameters(network), 838753)

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(
      ValueError, 'TencentGylab2021Options.*multiples of 16'
    ):
      tencent_gylab_2021.TencentGylab2021Options(input_size=(128, 150))


if __name__ == '__main__':
  tf.test.main()
