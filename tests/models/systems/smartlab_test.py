# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/smartlab.py."""

import keras
import tensorflow as tf

from depth_mai.lite import collapse
from depth_mai.models.systems import smartlab
from tests.models.systems import system_case


class SmartlabTest(system_case.SystemCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    keras.utils.set_random_seed(1)
    cls.network = smartlab.smartlab()
    # Two positions at 1/32: BatchNorm of a single one has no gradient.
    cls.small = smartlab.smartlab(
      smartlab.SmartlabOptions(
        input_size=(32, 64), decoder_channels=8, drop_connect=0.2
      )
    )
    cls.biased = smartlab.smartlab(
      smartlab.SmartlabOptions(
        input_size=(64, 96),
        decoder_batch_norm=False,
        initial_depth_m=3.0,
        min_depth_m=0.2,
      )
    )

  def test_maps_rgb_to_metres(self):
    self.assertEqual(self.biased.name, 'smartlab')
    self.assertEqual(self.biased.output_shape, (None, 32, 48, 1))
    self.assert_starts_at(self.biased, 3.0, 0.2)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(
      smartlab.smartlab, smartlab.SmartlabOptions
    )

  def test_stage_table(self):
    self.assert_stage_table(
      self.network,
      {
        'lateral_4_bn': (2, 3, 40),
        'lateral_3_bn': (4, 6, 40),
        'lateral_2_bn': (8, 12, 40),
        'lateral_1_bn': (16, 24, 40),
        'ffm_4_up': (4, 6, 40),
        'ffm_3_up': (8, 12, 40),
        'ffm_2_up': (16, 24, 40),
        'ffm_1_up': (32, 48, 40),
        'head_1_bn': (32, 48, 20),
        'head_2_act': (32, 48, 32),
        'depth_m': (32, 48, 1),
      },
    )

  def test_parameters(self):
    weights = system_case.convolution_weights
    trunk = 6071280  # EfficientNet-B1 without its last convolution.
    laterals = sum(weights(3, tap, 40) for tap in (24, 40, 112, 320))
    # Seven residual units: the coarsest level has no skip to bring in.
    fusions = 7 * 2 * weights(3, 40, 40) + 4 * weights(1, 40, 40)
    head = weights(3, 40, 20) + weights(3, 20, 32) + weights(1, 32, 1)
    encoder = self.network.get_layer('efficientnet_b1')
    self.assertEqual(
      system_case.folded_parameters(encoder)
      + system_case.folded_parameters(self.network),
      trunk + laterals + fusions + head,
    )

  def test_biases_only_without_batch_norm(self):
    outs = ['ffm_4_out', 'ffm_3_out', 'ffm_2_out', 'ffm_1_out']
    self.assert_convolutions_with_bias(self.network, [*outs, 'head'])
    names = [layer.name for layer in self.biased.layers]
    self.assertEmpty([name for name in names if name.endswith('_bn')])

  def test_file_size(self):
    """7.1 MB in Table 1."""
    self.assert_file_size_mb(self.network, 'dynamic', 7.1)

  def test_every_weight_learns(self):
    self.assert_every_weight_learns(self.small)

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(self.small)

  def test_predicts_the_same_saved_loaded_and_collapsed(self):
    path = f'{self.get_temp_dir()}/network.keras'
    self.small.save(path)
    loaded = keras.models.load_model(path, compile=False)
    rgb = tf.random.uniform((1, 32, 64, 3), 0, 255, seed=0)
    depth_m = self.small(rgb, training=False)
    self.assertAllEqual(depth_m, loaded(rgb, training=False))
    self.assertAllClose(
      depth_m, collapse.collapse(loaded)(rgb, training=False), rtol=1e-5
    )

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, 'SmartlabOptions.*multiples of 32'):
      smartlab.SmartlabOptions(input_size=(80, 96))
    with self.assertRaisesRegex(ValueError, 'decoder_channels=41.*even'):
      smartlab.SmartlabOptions(decoder_channels=41)
    with self.assertRaisesRegex(ValueError, 'drop_connect=1.0'):
      smartlab.SmartlabOptions(drop_connect=1.0)


if __name__ == '__main__':
  tf.test.main()
