# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/teachers/midas_teacher.py."""

import math
import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import encoder_weights
from depth_mai.models.teachers import midas_teacher
from tests.models.systems import system_case

_MEAN, _STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
# Of the paper: repeats, kernel, channels, expansion of a stage of B0.
_STAGES = (
  (1, 3, 16, 1),
  (2, 3, 24, 6),
  (2, 5, 40, 6),
  (3, 3, 80, 6),
  (3, 5, 112, 6),
  (4, 5, 192, 6),
  (1, 3, 320, 6),
)
# Channels of the taps.
_TAPS = {
  'b0': (24, 40, 112, 320),
  'b5': (40, 64, 176, 512),
  'b7': (48, 80, 224, 640),
}


def _tiny(**options):
  # Two positions at 1/32: BatchNorm of a single one has no gradient.
  return midas_teacher.MidasTeacherOptions(
    **{
      'input_size': (32, 64),
      'encoder': 'b0',
      'decoder_channels': 8,
      **options,
    }
  )


def _trunk_parameters(width, depth):
  """Counts the parameters of an EfficientNet without head, from the paper."""

  def rounded(channels):
    channels *= width
    lower = max(8, int(channels + 4) // 8 * 8)
    return lower + 8 if lower < 0.9 * channels else lower

  inputs = rounded(32)
  total = 27 * inputs + 4 * inputs
  for repeats, kernel, channels, expansion in _STAGES:
    for _ in range(math.ceil(repeats * depth)):
      inner, squeezed = inputs * expansion, max(1, inputs // 4)
      if expansion > 1:
        total += inputs * inner + 4 * inner
      total += kernel**2 * inner + 4 * inner
      total += 2 * inner * squeezed + squeezed + inner
      total += inner * rounded(channels) + 4 * rounded(channels)
      inputs = rounded(channels)
  return total, inputs


def _decoder_parameters(encoder, channels):
  conv = system_case.convolution_weights
  # Seven residual units: the coarsest level has no skip to bring in.
  return (
    sum(conv(3, tap, channels) for tap in _TAPS[encoder])
    + 7 * 2 * conv(3, channels, channels)
    + 4 * conv(1, channels, channels)
    + conv(3, channels, channels // 2)
    + conv(3, channels // 2, 32)
    + conv(1, 32, 1)
  )


class MidasTeacherTest(system_case.SystemCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    keras.utils.set_random_seed(1)
    cls.network = midas_teacher.midas_teacher(_tiny())
    cls.loaded = midas_teacher.midas_teacher(_tiny())

  @parameterized.parameters(
    ('b5', 1.6, 2.2, 28513527, 38138801),
    ('b7', 2.0, 3.1, 64097687, 73591889),
  )
  def test_parameters_are_the_published_ones(
    self, encoder, width, depth, published, whole
  ):
    """Keras' documented counts include the head and the normalisation."""
    trunk, filters = _trunk_parameters(width, depth)
    head = 4 * filters * filters + 4 * 4 * filters
    self.assertEqual(trunk + head + 7, published)
    decoder = _decoder_parameters(encoder, 256)
    self.assertEqual(trunk + decoder, whole)

  def test_parameters(self):
    trunk, _ = _trunk_parameters(1.0, 1.0)
    self.assertEqual(
      self.network.count_params(), trunk + _decoder_parameters('b0', 8)
    )

  def test_default(self):
    options = midas_teacher.MidasTeacherOptions()
    self.assertEqual((options.encoder, options.decoder_channels), ('b5', 256))

  def test_maps_rgb_to_metres(self):
    self.assertEqual(self.network.name, 'midas_teacher')
    self.assertEqual(self.network.output_shape, (None, 16, 32, 1))
    self.assert_starts_at(self.network, 2.5, 0.1)

  def test_stage_table(self):
    self.assert_stage_table(
      self.network,
      {
        'lateral_4': (1, 2, 8),
        'ffm_4_up': (2, 4, 8),
        'ffm_3_up': (4, 8, 8),
        'ffm_2_up': (8, 16, 8),
        'ffm_1_up': (16, 32, 8),
        'head_1': (16, 32, 4),
        'head_2': (16, 32, 32),
        'depth_m': (16, 32, 1),
      },
    )

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(self.network)

  def test_predicts_the_same_saved_and_loaded(self):
    self.assert_predicts_the_same_saved_and_loaded(self.network)

  def test_file_of_keras_applications(self):
    library = keras.applications.EfficientNetB0(
      input_shape=(32, 64, 3), include_top=False, weights=None
    )
    rng = np.random.default_rng(0)
    for variable in library.weights:
      if len(variable.shape) < 2 and variable.name != 'count':
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    normalise, pad = (
      next(x for x in library.layers if isinstance(x, kind))
      for kind in (keras.layers.Normalization, keras.layers.ZeroPadding2D)
    )
    normalise.set_weights([np.float32(_MEAN), np.float32(_STD), np.int64(0)])
    path = os.path.join(self.create_tempdir(), 'published.weights.h5')
    library.save_weights(path)
    network = self.loaded
    loaded = encoder_weights.load(
      network, f'keras:efficientnet_b0_imagenet:{path}'
    )
    self.assertContainsSubset(['top_conv/kernel'], loaded.left_over)
    trunk = network.get_layer('efficientnet_b0')
    self.assertLen(loaded.assigned, len(trunk.weights))
    rgb = np.float32(rng.uniform(0, 255, (2, 32, 64, 3)))
    # As Keras documents it, and as it builds the network for 'imagenet'.
    expected = keras.Model(
      pad.input,
      [
        library.get_layer(name).output
        for name in ('block2b_add', 'block3b_add', 'block5c_add')
      ]
      + [library.get_layer('block7a_project_bn').output],
    )((rgb / 255 - _MEAN) / _STD, training=False)
    taps = [
      network.get_layer(f'lateral_{level}').input for level in range(1, 5)
    ]
    features = keras.Model(network.input, taps)(rgb, training=False)
    for actual, tap in zip(features, expected, strict=True):
      scale = np.abs(tap).max()
      self.assertAllClose(actual / scale, tap / scale, atol=1e-4)

  def test_encoder_of_another_teacher(self):
    """A .keras file of a training; its trunk is a model in the network."""
    self.network.get_layer('normalise').scale = 0.01
    path = f'{self.get_temp_dir()}/teacher.keras'
    self.network.save(path)
    self.network.get_layer('normalise').scale = 1 / 127.5
    loaded = encoder_weights.load(self.loaded, path)
    self.assertContainsSubset(['lateral_4/kernel'], loaded.left_over)
    self.assertAllClose(self.loaded.get_layer('normalise').scale, 0.01)
    for ours, theirs in zip(
      self.loaded.get_layer('efficientnet_b0').weights,
      self.network.get_layer('efficientnet_b0').weights,
      strict=True,
    ):
      self.assertAllEqual(ours, theirs)

  def test_names_of_published_weights(self):
    for name in ('efficientnet_b5_imagenet', 'efficientnet_b7_imagenet'):
      builder, _ = encoder_weights.KERAS[name]
      self.assertTrue(hasattr(keras.applications, builder))

  @parameterized.parameters(
    ({'input_size': (48, 64)}, 'input_size=.*multiples of 32'),
    ({'encoder': 'b8'}, "encoder='b8' is not one of b0, .*b7"),
    ({'decoder_channels': 41}, 'decoder_channels=41 must be even'),
    ({'drop_connect': 1.0}, r'drop_connect=1.0 must be in \[0, 1\)'),
  )
  def test_refuses_bad_options(self, options, message):
    with self.assertRaisesRegex(ValueError, f'MidasTeacherOptions.{message}'):
      _tiny(**options)


if __name__ == '__main__':
  tf.test.main()
