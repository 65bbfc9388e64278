# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/teachers/swin_teacher.py."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import encoder_weights
from depth_mai.models.teachers import swin_teacher
from tests.models import torch_file
from tests.models import transformer_twin
from tests.models.systems import system_case

_MEAN, _STD = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
_ENCODER = {
  'embedding': 4,
  'depths': (2, 2, 3, 2),
  'heads': (1, 2, 2, 4),
  'window': 3,
}
_SIZE = (64, 96)
_OPTIONS = swin_teacher.SwinTeacherOptions(
  **_ENCODER,
  input_size=_SIZE,
  decoder_channels=(8, 6, 5, 7),
  drop_path=0.2,
  initial_depth_m=3.0,
  min_depth_m=0.2,
)
# Buffers in the authors' files.
_BUFFERS = {
  'layers.0.blocks.1.attn_mask': (4, 9, 9),
  'layers.0.blocks.0.attn.relative_position_index': (9, 9),
}


def _published(timm=False, seed=0):
  shapes = transformer_twin.swin_shapes(**_ENCODER, timm=timm)
  shapes |= transformer_twin.classifier_shapes(32, 10)
  shapes |= {} if timm else _BUFFERS
  return transformer_twin.random_tensors(shapes, seed)


def _decoder_parameters(embedding, channels):
  conv = system_case.convolution_weights
  taps = [embedding * 2**stage for stage in range(4)]
  return (
    2 * sum(taps)  # The norms.
    + conv(1, taps[3], channels[0])
    + conv(1, channels[0] + taps[2], channels[1])
    + conv(1, channels[1] + taps[1], channels[2])
    + conv(3, channels[2] + taps[0], channels[3])
    + conv(1, channels[3], 1)
  )


class SwinTeacherTest(system_case.SystemCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    keras.utils.set_random_seed(1)
    cls.network = swin_teacher.swin_teacher(_OPTIONS)
    cls.loaded = swin_teacher.swin_teacher(_OPTIONS)

  def test_default_is_swin_l(self):
    options = swin_teacher.SwinTeacherOptions()
    shapes = transformer_twin.swin_shapes(
      options.embedding, options.depths, options.heads, options.window
    )
    encoder = transformer_twin.count(shapes)
    classifier = transformer_twin.classifier_shapes(8 * options.embedding)
    # timm's number for swin_large_patch4_window7_224.
    self.assertEqual(encoder + transformer_twin.count(classifier), 196532476)
    decoder = _decoder_parameters(options.embedding, options.decoder_channels)
    self.assertEqual((encoder, decoder), (194992404, 1560865))

  def test_parameters(self):
    encoder = transformer_twin.count(transformer_twin.swin_shapes(**_ENCODER))
    decoder = _decoder_parameters(4, (8, 6, 5, 7))
    trainable = sum(
      np.prod(variable.shape) for variable in self.network.trainable_variables
    )
    self.assertEqual(trainable, encoder + decoder)

  def test_maps_rgb_to_metres(self):
    self.assertEqual(self.network.name, 'swin_teacher')
    self.assertEqual(self.network.output_shape, (None, 16, 24, 1))
    self.assert_starts_at(self.network, 3.0, 0.2)
    self.assert_takes_the_depth_code(swin_teacher.swin_teacher, _tiny)

  def test_stage_table(self):
    self.assert_stage_table(
      self.network,
      {
        'stem_norm': (16, 24, 4),
        'tap_1_norm': (16, 24, 4),
        'tap_2_norm': (8, 12, 8),
        'tap_3_norm': (4, 6, 16),
        'tap_4_norm': (2, 3, 32),
        'dec_1': (2, 3, 8),
        'dec_2': (4, 6, 6),
        'dec_3': (8, 12, 5),
        'dec_4': (16, 24, 7),
        'depth_m': (16, 24, 1),
      },
    )

  def test_every_weight_learns(self):
    self.assert_every_weight_learns(swin_teacher.swin_teacher(_tiny()))

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(self.network)

  def test_predicts_the_same_saved_and_loaded(self):
    self.assert_predicts_the_same_saved_and_loaded(self.network)

  @parameterized.parameters(
    ('', False, 1),  # timm until 2022.
    ('', True, 2),  # timm since then.
    ('model.', False, 3),  # microsoft/Swin-Transformer.
  )
  def test_published_weights(self, prefix, timm, seed):
    tensors = _published(timm, seed)
    path = os.path.join(self.create_tempdir(), 'swin.pth')
    torch_file.write(path, {f'{prefix}{k}': v for k, v in tensors.items()})
    network = self.loaded
    loaded = encoder_weights.load(network, path)
    left_over = {
      *transformer_twin.classifier_shapes(32),
      *(() if timm else _BUFFERS),
    }
    self.assertEqual(
      set(loaded.left_over), {f'{prefix}{name}' for name in left_over}
    )
    self.assertLen(loaded.assigned, len(tensors) - len(left_over))
    rgb = np.random.default_rng(3).uniform(0, 255, (*_SIZE, 3))
    expected = transformer_twin.swin(
      (rgb / 255 - _MEAN) / _STD,
      tensors,
      _ENCODER['depths'],
      _ENCODER['heads'],
      _ENCODER['window'],
      timm,
    )
    taps = [
      network.get_layer(f'tap_{number}_norm').input for number in range(1, 5)
    ]
    features = keras.Model(network.input, taps)(
      np.float32(rgb[None]), training=False
    )
    for actual, stage in zip(features, expected, strict=True):
      scale = np.abs(stage).max()
      self.assertAllClose(actual[0] / scale, stage / scale, atol=1e-5)

  def test_refuses_another_swin(self):
    path = os.path.join(self.create_tempdir(), 'swin.pth')
    torch_file.write(path, _published())
    wider = swin_teacher.swin_teacher(_tiny(embedding=8))
    with self.assertRaisesRegex(ValueError, 'another network.*stem/kernel'):
      encoder_weights.load(wider, path)
    deeper = swin_teacher.swin_teacher(_tiny(depths=(2, 2, 3, 3)))
    with self.assertRaisesRegex(ValueError, r'lacks .*block_10_norm1'):
      encoder_weights.load(deeper, path)

  @parameterized.parameters(
    ({'input_size': (80, 96)}, 'input_size=.*multiples of 32'),
    ({'depths': (2, 2, 3)}, 'depths=.*four numbers'),
    ({'heads': (3, 3, 3, 3)}, 'heads=.*4 channels of stage 1.*3 heads'),
    ({'window': 1}, 'window=1 must be above 1'),
    ({'drop_path': 1.0}, r'drop_path=1.0 must be in \[0, 1\)'),
    ({'decoder_channels': (1, 2, 3, 0)}, 'decoder_channels=.*above 0'),
  )
  def test_refuses_bad_options(self, options, message):
    with self.assertRaisesRegex(ValueError, f'SwinTeacherOptions.{message}'):
      _tiny(**options)


def _tiny(**options):
  return swin_teacher.SwinTeacherOptions(
    **{
      **_ENCODER,
      'input_size': (32, 64),
      'decoder_channels': (8, 6, 5, 7),
      'drop_path': 0.0,
      **options,
    }
  )


if __name__ == '__main__':
  tf.test.main()
