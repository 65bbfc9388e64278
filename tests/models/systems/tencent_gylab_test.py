# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/tencent_gylab.py."""

import keras
import tensorflow as tf

from depth_mai.models.systems import tencent_gylab
from tests.models.systems import system_case


class TencentGylabTest(system_case.SystemCase):
  def test_maps_rgb_to_metres(self):
    options = tencent_gylab.TencentGylabOptions(
      input_size=(48, 64), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = tencent_gylab.tencent_gylab(options)
    self.assertEqual(network.name, 'tencent_gylab')
    self.assertEqual(network.output_shape, (None, 24, 32, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(
      tencent_gylab.tencent_gylab, tencent_gylab.TencentGylabOptions
    )

  def test_takes_the_encoder_activation(self):
    self.assert_takes_the_encoder_activation(
      tencent_gylab.tencent_gylab, tencent_gylab.TencentGylabOptions
    )

  def test_stage_table(self):
    network = tencent_gylab.tencent_gylab()
    self.assert_stage_table(
      network,
      {
        'block_1_add': (48, 64, 16),
        'block_3_add': (24, 32, 24),
        'block_6_add': (12, 16, 40),
        'block_10_add': (6, 8, 80),
        'block_12_add': (6, 8, 112),
        'ffm_4_concat': (6, 8, 192),
        'ffm_4_mix_act': (6, 8, 48),
        'ffm_3_concat': (12, 16, 88),
        'ffm_3_mix_act': (12, 16, 32),
        'ffm_2_concat': (24, 32, 56),
        'ffm_2_mix_act': (24, 32, 24),
        'ffm_1_concat': (48, 64, 40),
        'ffm_1_mix_act': (48, 64, 16),
        'depth_m': (48, 64, 1),
      },
    )

  def test_parameters(self):
    weights = system_case.convolution_weights
    expected = 786912  # MobileNetV3-Large to block 12.
    for inputs, filters in (
      (112 + 80, 48),
      (48 + 40, 32),
      (32 + 24, 24),
      (24 + 16, 16),
    ):
      expected += weights(1, inputs, filters) + weights(3, filters, filters)
    expected += weights(3, 16, 1)
    network = tencent_gylab.tencent_gylab()
    self.assertEqual(system_case.folded_parameters(network), expected)
    self.assertEqual(expected, 838753)
    self.assert_convolutions_with_bias(network, ['head'])

  def test_file_size(self):
    """3.4 MB in Table 1."""
    self.assert_file_size_mb(tencent_gylab.tencent_gylab(), 'fp32', 3.4)

  def test_every_weight_learns(self):
    keras.utils.set_random_seed(1)
    options = tencent_gylab.TencentGylabOptions(input_size=(48, 64))
    self.assert_every_weight_learns(tencent_gylab.tencent_gylab(options))

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(tencent_gylab.tencent_gylab())

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(
      ValueError, 'TencentGylabOptions.*multiples of 16'
    ):
      tencent_gylab.TencentGylabOptions(input_size=(96, 120))


if __name__ == '__main__':
  tf.test.main()
