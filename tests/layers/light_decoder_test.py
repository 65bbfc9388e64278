# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/light_decoder.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import light_decoder

_SHAPES = ((8, 12, 2), (4, 6, 3), (2, 3, 4), (1, 2, 5))


def _decoder(norm=None):
  taps = [keras.Input(shape) for shape in _SHAPES]
  x = light_decoder.light_decoder(taps, (6, 5, 4, 3), norm=norm)
  return keras.Model(taps, x)


def _conv(x, layer):
  """Convolves [H, W, C] with zeros around."""
  kernel, bias = (variable.numpy() for variable in layer.weights)
  size, (height, width) = len(kernel), x.shape[:2]
  margin = size // 2
  x = np.pad(x, ((margin, margin), (margin, margin), (0, 0)))
  return bias + sum(
    x[i : i + height, j : j + width] @ kernel[i, j]
    for i in range(size)
    for j in range(size)
  )


class LightDecoderTest(tf.test.TestCase):
  def test_equals_numpy(self):
    decoder = _decoder()
    rng = np.random.default_rng(0)
    for variable in decoder.weights:
      variable.assign(0.5 * rng.normal(size=variable.shape))
    # Constant maps, which every interpolation leaves alone; those that take
    # part in the 3x3 convolution vary.
    taps = [np.float32(rng.normal(size=shape)) for shape in _SHAPES]
    taps[1:] = [
      np.broadcast_to(tap[:1, :1], tap.shape).copy() for tap in taps[1:]
    ]
    x = taps[3][:1, :1]
    x = np.maximum(_conv(x, decoder.get_layer('dec_1')), 0)
    for number, skip in ((2, taps[2]), (3, taps[1]), (4, taps[0])):
      x = np.broadcast_to(x[:1, :1], (*skip.shape[:2], x.shape[-1]))
      x = np.concatenate([x, skip], axis=-1)
      x = np.maximum(_conv(x, decoder.get_layer(f'dec_{number}')), 0)
    actual = decoder([tap[None] for tap in taps])[0]
    self.assertAllClose(actual, x, atol=1e-5)

  def test_layers_that_distillation_reads(self):
    decoder = _decoder()
    shapes = {
      'dec_1': (1, 2, 6),
      'dec_2': (2, 3, 5),
      'dec_3': (4, 6, 4),
      'dec_4': (8, 12, 3),
    }
    for name, shape in shapes.items():
      output = decoder.get_layer(name).output
      self.assertEqual(output.shape[1:], shape)
    self.assertEqual(
      [decoder.get_layer(name).kernel_size for name in shapes],
      [(1, 1), (1, 1), (1, 1), (3, 3)],
    )

  def test_batch_norm_replaces_the_biases(self):
    decoder = _decoder(conv_norm.BatchNorm())
    self.assertFalse(decoder.get_layer('dec_2').use_bias)
    self.assertEqual(
      decoder.get_layer('dec_2_bn').output.shape, (None, 2, 3, 5)
    )


if __name__ == '__main__':
  tf.test.main()
