# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/residual_fusion.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import aligned_resize
from depth_mai.layers import conv_norm
from depth_mai.layers import residual_fusion

_CHANNELS = 3
# The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
_COPY = conv_norm.BatchNorm(epsilon=0.0)


def _fusion(norm, with_skip=True):
  inputs = [keras.Input((4, 5, _CHANNELS)) for _ in range(1 + with_skip)]
  outputs = residual_fusion.residual_fusion(*inputs, norm=norm, name='ffm')
  model = keras.Model(inputs, outputs)
  rng = np.random.default_rng(0)
  for variable in model.trainable_variables:
    if 'gamma' not in variable.path:
      variable.assign(0.4 * rng.normal(size=variable.shape))
  return model


def _conv(x, model, name):
  """3x3 convolution of [H, W, C], zeros around; BatchNorm adds its beta."""
  layer = model.get_layer(name)
  bias = layer.bias if layer.use_bias else model.get_layer(f'{name}_bn').beta
  height, width = x.shape[:2]
  padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
  return bias.numpy() + sum(
    padded[i : i + height, j : j + width] @ layer.kernel.numpy()[i, j]
    for i in range(3)
    for j in range(3)
  )


def _unit(x, model, name):
  y = _conv(np.maximum(x, 0), model, f'{name}_1')
  return x + _conv(np.maximum(y, 0), model, f'{name}_2')


def _twice(x):
  """Doubles the rows of an array by bilinear interpolation."""
  above = np.concatenate([x[:1], x[:-1]])
  below = np.concatenate([x[1:], x[-1:]])
  pairs = np.stack([0.75 * x + 0.25 * above, 0.75 * x + 0.25 * below], axis=1)
  return pairs.reshape(2 * x.shape[0], *x.shape[1:])


class ResidualFusionTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(with_skip=[True, False], norm=[None, _COPY])
  def test_equals_numpy_in_the_order_of_midas(self, with_skip, norm):
    """There the 1x1 convolution comes last, after the resize."""
    model = _fusion(norm, with_skip)
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(1 + with_skip, 4, 5, _CHANNELS)).astype(np.float32)
    y = maps[0]
    if with_skip:
      y = y + _unit(maps[1], model, 'ffm_skip')
    y = _unit(y, model, 'ffm_unit')
    y = _twice(_twice(y).swapaxes(0, 1)).swapaxes(0, 1)
    out = model.get_layer('ffm_out')
    y = y @ out.kernel.numpy()[0, 0] + out.bias.numpy()
    actual = model([m[None] for m in maps], training=False)[0]
    self.assertEqual(actual.shape, (8, 10, _CHANNELS))
    self.assertAllClose(y, actual, atol=1e-4)

  @parameterized.parameters((None, True), (_COPY, False))
  def test_biases_only_without_batch_norm(self, norm, biased):
    model = _fusion(norm)
    for unit in ('ffm_skip_1', 'ffm_skip_2', 'ffm_unit_1', 'ffm_unit_2'):
      self.assertEqual(model.get_layer(unit).use_bias, biased)
    self.assertTrue(model.get_layer('ffm_out').use_bias)

  def test_fuses_levels_from_the_coarsest_on(self):
    taps = [keras.Input((2 * n, 3 * n, 2)) for n in (4, 2, 1)]
    laterals = []

    def lateral(tap, name):
      laterals.append(name)
      return keras.layers.Conv2D(_CHANNELS, 1, name=name)(tap)

    fused = residual_fusion.fuse_levels(
      taps, lateral, norm=None, resizing=aligned_resize.AlignedResize
    )
    model = keras.Model(taps, fused)
    self.assertEqual(laterals, ['lateral_3', 'lateral_2', 'lateral_1'])
    for level, shape in ((3, (4, 6)), (2, (8, 12)), (1, (16, 24))):
      up = model.get_layer(f'ffm_{level}_up')
      self.assertIsInstance(up, aligned_resize.AlignedResize)
      self.assertEqual(up.output.shape[1:], (*shape, _CHANNELS))
    names = [layer.name for layer in model.layers]
    self.assertNotIn('ffm_3_add', names)
    self.assertIn('ffm_2_add', names)


if __name__ == '__main__':
  tf.test.main()
