# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/ours.py."""

from absl.testing import parameterized
import keras
import tensorflow as tf

from depth_mai.models.encoders import efficientnet_lite
from depth_mai.models.systems import ours
from tests.models.systems import system_case


class OursTest(system_case.SystemCase, parameterized.TestCase):
  def test_maps_rgb_to_metres(self):
    options = ours.OursOptions(
      input_size=(64, 96), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = ours.ours(options)
    self.assertEqual(network.output_shape, (None, 16, 24, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(ours.ours, ours.OursOptions)

  def test_stage_table(self):
    self.assert_stage_table(
      ours.ours(),
      {
        'stem_act': (48, 64, 32),
        'block_1_project_bn': (48, 64, 16),
        'block_3_add': (24, 32, 24),
        'block_5_add': (12, 16, 40),
        'block_11_add': (6, 8, 112),
        'up_3_clb_act': (6, 8, 64),
        'up_2_add': (12, 16, 32),
        'up_2_clb_act': (12, 16, 32),
        'up_1_clb_act': (24, 32, 16),
        'depth_m': (24, 32, 1),
      },
    )

  @parameterized.parameters(
    # Encoder, number of its blocks, channels of its last map.
    ('lite2', 21, 352),
    ('mobilenet_v3_small_minimalistic', 11, 96),
    ('mobilenet_v3_large_minimalistic', 15, 160),
  )
  def test_other_encoders(self, encoder, last_block, channels):
    options = ours.OursOptions(
      encoder=encoder,
      last_block=last_block,
      input_size=(64, 64),
      decoder_channels=(16, 8),
      clb_expansion=0,
    )
    network = ours.ours(options)
    self.assertEqual(network.output_shape, (None, 4, 4, 1))
    self.assertEqual(
      network.get_layer('up_2_skip').kernel.shape, (1, 1, channels, 16)
    )

  def test_the_last_map_of_the_decoder(self):
    sizes = [
      ours.ours(
        ours.OursOptions(
          input_size=(64, 64), decoder_channels=(8,) * count, clb_expansion=0
        )
      ).output_shape[1]
      for count in (1, 2, 3, 4)
    ]
    self.assertEqual(sizes, [4, 8, 16, 32])

  def test_blocks_can_be_collapsed(self):
    self.assertIsInstance(ours.ours().get_layer('up_1_clb'), keras.layers.Layer)
    network = ours.ours(ours.OursOptions(clb_expansion=0))
    self.assertIsInstance(network.get_layer('up_1_clb'), keras.layers.Conv2D)

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, "encoder='b1' is not one of lite0"):
      ours.OursOptions(encoder='b1')
    blocks = len(efficientnet_lite.blocks('lite0'))
    with self.assertRaisesRegex(ValueError, f'last_block=17 .*1..{blocks}'):
      ours.OursOptions(last_block=17)
    with self.assertRaisesRegex(ValueError, 'must have 1 to 4 numbers: lite0'):
      ours.OursOptions(decoder_channels=(64, 32, 16, 8, 4))
    with self.assertRaisesRegex(ValueError, 'multiples of 16 pixels: block 11'):
      ours.OursOptions(input_size=(96, 120))


if __name__ == '__main__':
  tf.test.main()
