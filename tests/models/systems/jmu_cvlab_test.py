# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/jmu_cvlab.py."""

import keras
import tensorflow as tf

from depth_mai.models.systems import jmu_cvlab
from tests.models.systems import system_case


class JmuCvlabTest(system_case.SystemCase):
  def test_maps_rgb_to_metres(self):
    options = jmu_cvlab.JmuCvlabOptions(
      input_size=(48, 64), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = jmu_cvlab.jmu_cvlab(options)
    self.assertEqual(network.name, 'jmu_cvlab')
    self.assertEqual(network.output_shape, (None, 24, 32, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(
      jmu_cvlab.jmu_cvlab, jmu_cvlab.JmuCvlabOptions
    )

  def test_takes_the_encoder_activation(self):
    self.assert_takes_the_encoder_activation(
      jmu_cvlab.jmu_cvlab, jmu_cvlab.JmuCvlabOptions
    )

  def test_stage_table(self):
    network = jmu_cvlab.jmu_cvlab()
    self.assert_stage_table(
      network,
      {
        'block_1_add': (64, 80, 16),
        'block_3_add': (32, 40, 24),
        'block_6_add': (16, 20, 40),
        'block_10_add': (8, 10, 80),
        'block_12_add': (8, 10, 112),
        'ffm_4_2_pointwise_act': (8, 10, 112),
        'ffm_3_project_act': (8, 10, 64),
        'ffm_3_2_pointwise_act': (16, 20, 64),
        'ffm_2_2_pointwise_act': (32, 40, 40),
        'ffm_1_add': (64, 80, 24),
        'ffm_1_2_pointwise_act': (64, 80, 24),
        'depth_m': (64, 80, 1),
      },
    )

  def test_parameters(self):
    weights = system_case.convolution_weights
    expected = 786912  # MobileNetV3-Large to block 12.
    for inputs, skip, filters in (
      (112, 80, 112),
      (112, 40, 64),
      (64, 24, 40),
      (40, 16, 24),
    ):
      expected += weights(1, inputs, filters) + weights(1, skip, filters)
      expected += 2 * system_case.separable_weights(filters, filters)
    expected += weights(3, 24, 1)
    network = jmu_cvlab.jmu_cvlab()
    self.assertEqual(system_case.folded_parameters(network), expected)
    self.assertEqual(expected, 866617)
    self.assert_convolutions_with_bias(network, ['head'])

  def test_file_size(self):
    """3.5 MB in Table 1."""
    self.assert_file_size_mb(jmu_cvlab.jmu_cvlab(), 'fp32', 3.5)

  def test_every_weight_learns(self):
    keras.utils.set_random_seed(1)
    options = jmu_cvlab.JmuCvlabOptions(input_size=(48, 64))
    self.assert_every_weight_learns(jmu_cvlab.jmu_cvlab(options))

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(jmu_cvlab.jmu_cvlab())

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, 'JmuCvlabOptions.*multiples of 16'):
      jmu_cvlab.JmuCvlabOptions(input_size=(120, 160))


if __name__ == '__main__':
  tf.test.main()
