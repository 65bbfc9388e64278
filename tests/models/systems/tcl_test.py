# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/systems/tcl.py."""

from absl.testing import parameterized
import keras
import tensorflow as tf

from depth_mai.models.systems import tcl
from tests.models.systems import system_case


class TclTest(system_case.SystemCase, parameterized.TestCase):
  @parameterized.parameters(((128, 160),), ((96, 128),))
  def test_maps_rgb_to_metres(self, input_size):
    options = tcl.TclOptions(
      input_size=input_size, initial_depth_m=3.0, min_depth_m=0.2
    )
    network = tcl.tcl(options)
    self.assertEqual(network.output_shape, (None, 48, 64, 1))
    rgb = tf.random.uniform((2, *input_size, 3), 0, 255)
    depth_m = network(rgb, training=False)
    self.assertAllInRange(depth_m, 0.2, 20.0)
    # Untrained, it predicts about the initial depth.
    self.assertAllClose(tf.reduce_mean(depth_m), 3.0, atol=1.0)

  def test_takes_the_depth_code(self):
    self.assert_takes_the_depth_code(tcl.tcl, tcl.TclOptions)

  def test_stage_table(self):
    network = tcl.tcl()
    expected = {
      'stem_act': (64, 80, 16),
      'block_1_project_bn': (32, 40, 16),
      'block_3_add': (16, 20, 24),
      'block_6_add': (8, 10, 40),
      'block_8_add': (8, 10, 48),
      'mid_3_act': (8, 10, 144),
      'mid_4_act': (8, 10, 128),
      'up_1_concat': (16, 20, 152),
      'up_1_clb_act': (16, 20, 24),
      'up_2_concat': (32, 40, 40),
      'up_2_clb_act': (32, 40, 12),
      'up_3_clb_act': (48, 64, 8),
      'depth_m': (48, 64, 1),
    }
    actual = {
      name: network.get_layer(name).output.shape[1:] for name in expected
    }
    self.assertEqual(actual, expected)

  @parameterized.parameters('relu', 'prelu')
  def test_saves_and_loads(self, activation):
    network = tcl.tcl(tcl.TclOptions(clb_activation=activation, dropout=0.1))
    path = f'{self.get_temp_dir()}/{activation}.keras'
    network.save(path)
    loaded = keras.models.load_model(path, compile=False)
    rgb = tf.random.uniform((1, 128, 160, 3), 0, 255)
    self.assertAllEqual(
      network(rgb, training=False), loaded(rgb, training=False)
    )

  def test_a_call_without_training_changes_no_weight(self):
    network = tcl.tcl()
    before = [v.numpy() for v in network.variables]
    rgb = tf.random.uniform((1, 128, 160, 3), 0, 255)
    self.assertAllEqual(network(rgb), network(rgb, training=False))
    for old, variable in zip(before, network.variables, strict=True):
      self.assertAllEqual(old, variable)

  def test_refuses_bad_options(self):
    with self.assertRaisesRegex(ValueError, 'multiples of 16'):
      tcl.TclOptions(input_size=(120, 160))
    with self.assertRaisesRegex(ValueError, 'clb_activation'):
      tcl.TclOptions(clb_activation='gelu')


if __name__ == '__main__':
  tf.test.main()
