# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/ours.py."""

from absl.testing import parameterized
import keras
import tensorflow as tf

from depth_mai.layers import clb
from depth_mai.models.encoders import efficientnet_lite
from depth_mai.models.systems import ours
from tests.models.systems import system_case


class OursTest(system_case.SystemCase, parameterized.TestCase):
  def test_maps_rgb_to_metres(self):
    options = ours.OursMOptions(
      input_size=(64, 96), initial_depth_m=3.0, min_depth_m=0.2
    )
    network = ours.ours_m(options)
    self.assertEqual(network.output_shape, (None, 16, 24, 1))
    self.assert_starts_at(network, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(ours.ours_m, ours.OursMOptions)

  def test_stage_table(self):
    self.assert_stage_table(
      ours.ours_m(),
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

  def test_stage_table_of_the_small_one(self):
    self.assert_stage_table(
      ours.ours_s(),
      {
        'stem_act': (24, 32, 32),
        'block_3_add': (12, 16, 24),
        'block_5_add': (6, 8, 40),
        'block_8_add': (3, 4, 80),
        'up_3_clb_act': (3, 4, 40),
        'up_2_clb_act': (6, 8, 24),
        'up_1_clb_act': (12, 16, 12),
        'depth_m': (12, 16, 1),
      },
    )

  def test_stage_table_of_the_large_one(self):
    self.assert_stage_table(
      ours.ours_l(),
      {
        'block_1_project_bn': (96, 128, 16),
        'block_11_add': (12, 16, 112),
        'block_15_add': (6, 8, 192),
        'up_5_clb_act': (6, 8, 96),
        'up_4_clb_act': (12, 16, 64),
        'up_3_clb_act': (24, 32, 32),
        'up_2_clb_act': (48, 64, 16),
        'up_1_clb_act': (96, 128, 8),
        'depth_m': (96, 128, 1),
      },
    )

  @parameterized.parameters(
    # Encoder, number of its blocks, channels of its last map.
    ('lite2', 21, 352),
    ('mobilenet_v3_small_minimalistic', 11, 96),
    ('mobilenet_v3_large_minimalistic', 15, 160),
  )
  def test_other_encoders(self, encoder, last_block, channels):
    options = ours.OursMOptions(
      encoder=encoder,
      last_block=last_block,
      input_size=(64, 64),
      decoder_channels=(16, 8),
      clb_expansion=0,
    )
    network = ours.ours_m(options)
    self.assertEqual(network.output_shape, (None, 4, 4, 1))
    self.assertEqual(
      network.get_layer('up_2_skip').kernel.shape, (1, 1, channels, 16)
    )

  def test_the_last_map_of_the_decoder(self):
    sizes = [
      ours.ours_m(
        ours.OursMOptions(
          input_size=(64, 64), decoder_channels=(8,) * count, clb_expansion=0
        )
      ).output_shape[1]
      for count in (1, 2, 3, 4)
    ]
    self.assertEqual(sizes, [4, 8, 16, 32])

  def test_blocks_can_be_collapsed(self):
    network = ours.ours_m()
    self.assertIsInstance(network.get_layer('up_1_clb'), clb.CollapsibleConv2D)
    network = ours.ours_m(ours.OursMOptions(clb_expansion=0))
    self.assertIsInstance(network.get_layer('up_1_clb'), keras.layers.Conv2D)

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, "encoder='b1' is not one of lite0"):
      ours.OursMOptions(encoder='b1')
    blocks = len(efficientnet_lite.blocks('lite0'))
    with self.assertRaisesRegex(ValueError, f'last_block=17 .*1..{blocks}'):
      ours.OursMOptions(last_block=17)
    with self.assertRaisesRegex(ValueError, 'must have 1 to 4 numbers: lite0'):
      ours.OursMOptions(decoder_channels=(64, 32, 16, 8, 4))
    with self.assertRaisesRegex(ValueError, 'multiples of 16 pixels: block 11'):
      ours.OursMOptions(input_size=(96, 120))


if __name__ == '__main__':
  tf.test.main()
