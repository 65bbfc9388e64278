# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/ghost.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.layers import ghost

# The authors' table: kernel, expanded channels, output channels, gate, stride.
_GHOSTNET = (
  (3, 16, 16, False, 1),
  (3, 48, 24, False, 2),
  (3, 72, 24, False, 1),
  (5, 72, 40, True, 2),
  (5, 120, 40, True, 1),
  (3, 240, 80, False, 2),
  (3, 200, 80, False, 1),
  (3, 184, 80, False, 1),
  (3, 184, 80, False, 1),
  (3, 480, 112, True, 1),
  (3, 672, 112, True, 1),
  (5, 672, 160, True, 2),
  (5, 960, 160, False, 1),
  (5, 960, 160, True, 1),
  (5, 960, 160, False, 1),
  (5, 960, 160, True, 1),
)
# The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
_COPY = conv_norm.BatchNorm(epsilon=0.0)


def _bottleneck(x, row, name):
  kernel, expanded, filters, gate, stride = row
  return ghost.ghost_bottleneck(
    x,
    kernel_size=kernel,
    expanded=expanded,
    filters=filters,
    use_squeeze_excite=gate,
    stride=stride,
    norm=_COPY,
    name=name,
  )


def _model(row, channels=8):
  inputs = keras.Input((8, 8, channels))
  return keras.Model(inputs, _bottleneck(inputs, row, 'block'))


class GhostTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters('relu', None)
  def test_module_equals_numpy(self, activation):
    inputs = keras.Input((3, 3, 4))
    outputs = ghost.ghost_module(
      inputs, 6, norm=_COPY, name='ghost', activation=activation
    )
    model = keras.Model(inputs, outputs)
    rng = np.random.default_rng(0)
    primary_kernel = rng.normal(size=(4, 3))
    cheap_kernel = rng.normal(size=(3, 3, 3))
    model.get_layer('ghost_primary').kernel.assign(primary_kernel[None, None])
    model.get_layer('ghost_cheap').kernel.assign(cheap_kernel[..., None])
    image = rng.normal(size=(3, 3, 4)).astype(np.float32)

    def activate(x):
      return np.maximum(x, 0) if activation else x

    primary = activate(image @ primary_kernel)
    # The centre pixel sees the whole 3x3 map.
    cheap = activate((primary * cheap_kernel).sum(axis=(0, 1)))
    actual = model(image[None], training=False)[0]
    self.assertAllClose(primary, actual[..., :3], atol=1e-5)
    self.assertAllClose(cheap, actual[1, 1, 3:], atol=1e-5)

  def test_ghostnet_has_the_published_parameters(self):
    """The whole of GhostNet 1.0x, with its classifier, has 5.18 M."""
    inputs = keras.Input((32, 32, 3))
    x = conv_norm.conv_norm(inputs, 16, 3, name='stem', norm=_COPY, stride=2)
    for number, row in enumerate(_GHOSTNET):
      x = _bottleneck(x, row, f'block_{number}')
    x = conv_norm.conv_norm(x, 960, 1, name='last', norm=_COPY)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(1280, activation='relu')(x)
    model = keras.Model(inputs, keras.layers.Dense(1000)(x))
    parameters = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    self.assertEqual(round(parameters / 1e6, 2), 5.18)

  @parameterized.parameters(
    ((3, 16, 8, False, 1), (8, 8, 8), False),
    ((3, 16, 12, False, 1), (8, 8, 12), True),
    ((5, 16, 8, False, 2), (4, 4, 8), True),
  )
  def test_shortcut_is_projected_where_shapes_differ(
    self, row, shape, projected
  ):
    model = _model(row)
    self.assertEqual(model.output_shape[1:], shape)
    names = [layer.name for layer in model.layers]
    self.assertEqual('block_shortcut' in names, projected)
    self.assertEqual('block_depthwise' in names, row[-1] == 2)
    for half in ('primary', 'cheap'):
      norm = model.get_layer(f'block_project_{half}_bn')
      norm.gamma.assign(tf.zeros_like(norm.gamma))
    image = tf.random.normal((1, 8, 8, 8), seed=0)
    output = model(image, training=False)
    if projected:
      depthwise = model.get_layer('block_shortcut_depthwise')
      self.assertEqual(depthwise.kernel.shape, (row[0], row[0], 8, 1))
      output = output.numpy()
      self.assertLess(output.min(), 0)  # Linear.
      expected = model.get_layer('block_shortcut')(depthwise(image))
      self.assertAllClose(expected, output, atol=1e-5)
    else:
      self.assertAllClose(image, output)

  def test_gate_scales_the_expanded_channels(self):
    model = _model((3, 72, 8, True, 1))
    self.assertEqual(model.get_layer('block_se_in').filters, 20)
    model.get_layer('block_se_out').kernel.assign(tf.zeros((1, 1, 20, 72)))
    model.get_layer('block_se_out').bias.assign(tf.fill((72,), 1.5))
    probe = keras.Model(
      model.input,
      [
        model.get_layer('block_expand_concat').output,
        model.get_layer('block_se_scale').output,
      ],
    )
    expanded, scaled = probe(tf.random.normal((1, 8, 8, 8), seed=0))
    # The hard sigmoid of 1.5 is (1.5 + 3) / 6.
    self.assertAllClose(0.75 * expanded, scaled)

  def test_refuses_odd_numbers(self):
    with self.assertRaisesRegex(ValueError, 'block_expand.*filters=15'):
      _model((3, 15, 8, False, 1))


if __name__ == '__main__':
  tf.test.main()
