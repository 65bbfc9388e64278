# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/encoders/mobilenet_v3.py."""

from absl.testing import parameterized
import keras
import keras_cv
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.lite import converter
from depth_mai.models.encoders import mobilenet_v3
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter


def _encoder(table, taps, size=(128, 160)):
  inputs = keras.Input((*size, 3))
  features = mobilenet_v3.encode(inputs, table, taps, conv_norm.BatchNorm())
  return keras.Model(inputs, features)


def _folded_parameters(model):
  """Counts weights as they are once BatchNorm has become a bias."""
  count = 0
  for layer in model.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
      count += layer.gamma.shape[0]
    else:
      count += layer.count_params()
  return count


class MobileNetV3Test(tf.test.TestCase, parameterized.TestCase):
  # Cumulative folded parameters, computed from the published tables.
  @parameterized.parameters(
    (mobilenet_v3.LARGE, 1, 880),
    (mobilenet_v3.LARGE, 3, 8440),
    (mobilenet_v3.LARGE, 6, 60008),
    (mobilenet_v3.LARGE, 10, 188896),
    (mobilenet_v3.LARGE, 12, 786912),
    (mobilenet_v3.LARGE, 15, 2805192),
    (mobilenet_v3.LARGE_MINIMALISTIC, 12, 420272),
    (mobilenet_v3.SMALL, 1, 1160),
    (mobilenet_v3.SMALL, 11, 865080),
    (mobilenet_v3.SMALL_MINIMALISTIC, 8, 88176),
    (mobilenet_v3.SMALL_MINIMALISTIC, 11, 366960),
  )
  def test_parameters_are_the_published_ones(self, table, tap, expected):
    self.assertEqual(_folded_parameters(_encoder(table, (tap,))), expected)

  def test_taps_have_the_sizes_of_the_stage_table(self):
    model = _encoder(mobilenet_v3.SMALL_MINIMALISTIC, (1, 3, 8))
    self.assertEqual(
      [shape[1:] for shape in model.output_shape],
      [(32, 40, 16), (16, 20, 24), (8, 10, 48)],
    )

  def test_agrees_with_keras_applications(self):
    """Same blocks, same order: the weights fit and give the same output."""
    reference = keras.applications.MobileNetV3Small(
      (64, 64, 3),
      minimalistic=True,
      weights=None,
      include_top=False,
      include_preprocessing=False,
    )
    reference = keras.Model(
      reference.input, reference.get_layer('expanded_conv_10_add').output
    )
    model = _encoder(mobilenet_v3.SMALL_MINIMALISTIC, (11,), (64, 64))
    self.assertLen(model.variables, len(reference.variables))
    for ours, theirs in zip(model.variables, reference.variables, strict=True):
      ours.assign(theirs)
    images = tf.random.uniform((2, 64, 64, 3), -1.0, 1.0)
    self.assertAllClose(
      reference(images, training=False), model(images, training=False)
    )

  def test_agrees_with_keras_cv_on_the_large_trunk(self):
    """Its own blocks from the same rows, cut before the last convolution."""
    blocks = mobilenet_v3.LARGE.blocks
    inputs = [16, *(block.filters for block in blocks)]
    reference = keras_cv.models.MobileNetV3Backbone(
      stackwise_expansion=[
        block.expanded / channels
        for block, channels in zip(blocks, inputs, strict=False)
      ],
      stackwise_filters=[block.filters for block in blocks],
      stackwise_kernel_size=[block.kernel_size for block in blocks],
      stackwise_stride=[block.stride for block in blocks],
      stackwise_se_ratio=[
        0.25 if block.use_squeeze_excite else None for block in blocks
      ],
      stackwise_activation=[block.activation for block in blocks],
      include_rescaling=False,
    )
    trunk = keras.Model(
      reference.input, reference.get_layer('expanded_conv_14_Add').output
    )
    model = _encoder(mobilenet_v3.LARGE, (15,))
    self.assertEqual(_folded_parameters(model), _folded_parameters(trunk))

  def test_with_relu_an_int8_file_is_one_partition(self):
    generator = np.random.default_rng(3)
    pictures = list(np.float32(generator.uniform(-1, 1, (2, 32, 32, 3))))
    for activation, partitions, outside in (
      ('hard_swish', 4, {'HARD_SWISH': 3}),
      ('relu', 1, {}),
    ):
      image = keras.Input((32, 32, 3), batch_size=1)
      options = mobilenet_v3.LargeOptions(encoder_activation=activation)
      (x,) = mobilenet_v3.encode_large(image, (7,), options)
      content = converter.convert(keras.Model(image, x), 'int8', pictures)
      taken = delegation.describe_delegation(
        interpreter.load_interpreter(content)
      )
      if taken is None or not taken.partitions:
        self.skipTest('This runtime does not report what XNNPACK runs.')
      self.assertEqual((taken.partitions, taken.outside), (partitions, outside))

  def test_refuses_taps_outside_the_table(self):
    with self.assertRaisesRegex(ValueError, '1..11'):
      _encoder(mobilenet_v3.SMALL, (1, 12))
    with self.assertRaisesRegex(ValueError, 'ascend'):
      _encoder(mobilenet_v3.SMALL, (3, 1))


if __name__ == '__main__':
  tf.test.main()
