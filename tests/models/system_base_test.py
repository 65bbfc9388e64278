# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/system_base.py."""

import dataclasses

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import network_file
from depth_mai.models import system_base


@dataclasses.dataclass(frozen=True)
class ToyOptions(system_base.Options):
  STRIDE = 1

  input_size: tuple[int, int] = (1, 3)
  batch_norm_momentum: float = 0.5


class SystemBaseTest(tf.test.TestCase, parameterized.TestCase):
  def test_black_grey_white(self):
    rgb, scaled = system_base.rgb_input(ToyOptions())
    self.assertEqual(rgb.shape, (None, 1, 3, 3))
    image = np.repeat([0.0, 127.5, 255.0], 3).reshape((1, 1, 3, 3))
    actual = keras.Model(rgb, scaled)(image.astype(np.float32))
    self.assertAllClose(np.repeat([-1, 0, 1], 3).reshape(image.shape), actual)

  def test_the_input_stays_float32_in_mixed_precision(self):
    keras.config.set_dtype_policy('mixed_float16')
    try:
      rgb, scaled = system_base.rgb_input(ToyOptions())
    finally:
      keras.config.set_dtype_policy('float32')
    self.assertEqual((rgb.dtype, scaled.dtype), ('float32', 'float32'))

  def test_the_setting_of_batch_norm(self):
    self.assertEqual(ToyOptions().norm.momentum, 0.5)
    self.assertEqual(system_base.Options().norm.momentum, 0.9)

  @parameterized.parameters((96, 130), (0, 128), (-32, 64))
  def test_refuses_sizes_that_do_not_halve(self, height, width):
    system_base.Options(input_size=(96, 128))
    with self.assertRaisesRegex(
      ValueError, rf'Options\.input_size=\({height}.*multiples of 32'
    ):
      system_base.Options(input_size=(height, width))

  def test_every_system_has_options_of_its_name(self):
    systems = network_file.systems()
    self.assertContainsSubset(
      (
        'aiia_hit icl jmu_cvlab miaigo smartlab tcl tencent_gylab '
        'tencent_gylab_2021'
      ).split(),
      systems,
    )
    for name, system in systems.items():
      self.assertEqual(system.build.__name__, name)
      self.assertTrue(issubclass(system.options, system_base.Options), name)
      words = [word.capitalize() for word in name.split('_')]
      self.assertEqual(system.options.__name__, ''.join([*words, 'Options']))

  def test_refuses_an_unknown_upsampling(self):
    with self.assertRaisesRegex(ValueError, "'cubic' of ToyOptions is not one"):
      system_base.register(options=ToyOptions, output_upsampling='cubic')

  def test_refuses_a_name_twice(self):
    network_file.systems()

    def tcl(options=ToyOptions()):
      return options

    with self.assertRaisesRegex(ValueError, "both register a system 'tcl'"):
      system_base.register(options=ToyOptions, output_upsampling='nearest')(tcl)


if __name__ == '__main__':
  tf.test.main()
