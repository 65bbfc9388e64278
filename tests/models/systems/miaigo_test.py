# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/miaigo.py."""

import keras
import tensorflow as tf

from depth_mai.models.systems import miaigo
from tests.models.systems import system_case

# Kernel, channels in, expanded, out, of the gate, stride: GhostNet's table.
_BOTTLENECKS = (
  (3, 16, 16, 16, 0, 1),
  (3, 16, 48, 24, 0, 2),
  (3, 24, 72, 24, 0, 1),
  (5, 24, 72, 40, 20, 2),
  (5, 40, 120, 40, 32, 1),
  (3, 40, 240, 80, 0, 2),
  (3, 80, 200, 80, 0, 1),
  (3, 80, 184, 80, 0, 1),
)


def _ghost_weights(inputs, outputs):
  """Half by a 1x1, half by a 3x3 depthwise convolution, with biases."""
  half = outputs // 2
  return system_case.convolution_weights(1, inputs, half) + 10 * half


def _bottleneck_weights(kernel, inputs, expanded, outputs, gate, stride):
  weights = system_case.convolution_weights
  count = _ghost_weights(inputs, expanded) + _ghost_weights(expanded, outputs)
  if gate:
    count += weights(1, expanded, gate) + weights(1, gate, expanded)
  if stride == 2:
    count += (kernel**2 + 1) * (expanded + inputs) + weights(1, inputs, outputs)
  return count


class MiaigoTest(system_case.SystemCase):
  def test_maps_rgb_to_metres(self):
    options = miaigo.MiaigoOptions(
      input_size=(64, 96), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = miaigo.miaigo(options)
    self.assertEqual(network.name, 'miaigo')
    self.assertEqual(network.output_shape, (None, 32, 48, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(miaigo.miaigo, miaigo.MiaigoOptions)

  def test_stage_table(self):
    network = miaigo.miaigo()
    self.assert_stage_table(
      network,
      {
        'stem_act': (48, 64, 16),
        'block_1_1_add': (48, 64, 16),
        'block_2_2_add': (24, 32, 24),
        'block_3_2_add': (12, 16, 40),
        'block_4_3_add': (6, 8, 80),
        'aspp_concat': (6, 8, 200),
        'aspp_join_act': (6, 8, 64),
        'sfm_3_concat': (12, 16, 104),
        'sfm_3_conv_act': (12, 16, 40),
        'sfm_2_concat': (24, 32, 64),
        'sfm_2_conv_act': (24, 32, 24),
        'sfm_1_concat': (48, 64, 40),
        'sfm_1_conv_act': (48, 64, 16),
        'depth_m': (48, 64, 1),
      },
    )

  def test_parameters(self):
    weights = system_case.convolution_weights
    expected = weights(3, 3, 16)
    expected += sum(_bottleneck_weights(*row) for row in _BOTTLENECKS)
    expected += 2 * weights(1, 80, 40) + 3 * weights(3, 80, 40)  # ASPP
    expected += weights(1, 200, 64)
    expected += weights(3, 104, 40) + weights(3, 64, 24) + weights(3, 40, 16)
    expected += weights(3, 16, 1)
    network = miaigo.miaigo()
    self.assertEqual(system_case.folded_parameters(network), expected)
    self.assertEqual(expected, 247505)
    self.assert_convolutions_with_bias(network, ['head'])

  def test_file_size(self):
    """1.0 MB in Table 1."""
    self.assert_file_size_mb(miaigo.miaigo(), 'fp32', 1.0)

  def test_every_weight_learns(self):
    keras.utils.set_random_seed(1)
    options = miaigo.MiaigoOptions(input_size=(64, 64))
    self.assert_every_weight_learns(miaigo.miaigo(options))

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(miaigo.miaigo())

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, 'MiaigoOptions.*multiples of 16'):
      miaigo.MiaigoOptions(input_size=(96, 120))
    with self.assertRaisesRegex(ValueError, r'aspp_rates=\(1, 6\).*1\.\.5'):
      miaigo.MiaigoOptions(aspp_rates=(1, 6))
    with self.assertRaisesRegex(ValueError, 'aspp_rates.*differ'):
      miaigo.MiaigoOptions(aspp_rates=(2, 2))


if __name__ == '__main__':
  tf.test.main()
