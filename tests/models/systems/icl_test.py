# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/icl.py."""

import keras
import tensorflow as tf

from depth_mai.models.systems import icl
from tests.models.systems import system_case


class IclTest(system_case.SystemCase):
  def test_maps_rgb_to_metres(self):
    options = icl.IclOptions(
      input_size=(64, 96), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = icl.icl(options)
    self.assertEqual(network.name, 'icl')
    self.assertEqual(network.output_shape, (None, 16, 24, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(icl.icl, icl.IclOptions)

  def test_takes_the_encoder_activation(self):
    self.assert_takes_the_encoder_activation(icl.icl, icl.IclOptions)

  def test_stage_table(self):
    network = icl.icl()
    self.assert_stage_table(
      network,
      {
        'block_1_add': (64, 80, 16),
        'block_3_add': (32, 40, 24),
        'block_6_add': (16, 20, 40),
        'block_12_add': (8, 10, 112),
        'block_15_add': (4, 5, 160),
        'fpn_4_lateral_act': (4, 5, 128),
        'fpn_3_pointwise_act': (8, 10, 128),
        'fpn_2_pointwise_act': (16, 20, 128),
        'fpn_1_pointwise_act': (32, 40, 128),
        'reduce_act': (32, 40, 32),
        'depth_m': (32, 40, 1),
      },
    )

  def test_parameters(self):
    weights = system_case.convolution_weights
    expected = 2805192  # MobileNetV3-Large to block 15.
    expected += sum(weights(1, tapped, 128) for tapped in (160, 112, 40, 24))
    expected += 3 * system_case.separable_weights(128, 128)
    expected += weights(3, 128, 32) + weights(1, 32, 1)
    network = icl.icl()
    self.assertEqual(system_case.folded_parameters(network), expected)
    self.assertEqual(expected, 2939017)
    self.assert_convolutions_with_bias(network, ['head'])

  def test_file_size(self):
    """5.9 MB in Table 1, in half precision."""
    self.assert_file_size_mb(icl.icl(), 'fp16', 5.9)

  def test_every_weight_learns(self):
    keras.utils.set_random_seed(1)
    options = icl.IclOptions(input_size=(64, 96))
    self.assert_every_weight_learns(icl.icl(options))

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(icl.icl())

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, 'IclOptions.*multiples of 32'):
      icl.IclOptions(input_size=(112, 160))


if __name__ == '__main__':
  tf.test.main()
