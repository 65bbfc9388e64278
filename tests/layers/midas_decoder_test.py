# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/midas_decoder.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import midas_decoder

_SHAPES = ((16, 24, 2), (8, 12, 3), (4, 6, 4), (2, 3, 5))


def _decoder(norm):
  taps = [keras.Input(shape) for shape in _SHAPES]
  x = midas_decoder.midas_decoder(taps, 6, norm=norm)
  return keras.Model(taps, x)


class MidasDecoderTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(None, conv_norm.BatchNorm())
  def test_shapes_of_the_levels(self, norm):
    decoder = _decoder(norm)
    shapes = {
      'lateral_4': (2, 3, 6),
      'ffm_4_up': (4, 6, 6),
      'ffm_3_up': (8, 12, 6),
      'ffm_2_up': (16, 24, 6),
      'ffm_1_up': (32, 48, 6),
      'head_1': (32, 48, 3),
      'head_2': (32, 48, 32),
    }
    for name, shape in shapes.items():
      self.assertEqual(decoder.get_layer(name).output.shape[1:], shape)
    self.assertEqual(decoder.get_layer('lateral_1').use_bias, norm is None)

  def test_every_tap_reaches_the_output(self):
    decoder = _decoder(None)
    rng = np.random.default_rng(0)
    taps = [np.float32(rng.normal(size=(1, *shape))) for shape in _SHAPES]
    before = decoder(taps)
    self.assertAllGreaterEqual(before, 0)
    for number, tap in enumerate(taps):
      changed = [*taps[:number], tap + 1, *taps[number + 1 :]]
      self.assertNotAllClose(decoder(changed), before)


if __name__ == '__main__':
  tf.test.main()
