# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/teachers/dpt_teacher.py."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.models import encoder_weights
from depth_mai.models.teachers import dpt_teacher
from tests.models import torch_file
from tests.models import transformer_twin
from tests.models.systems import system_case

_SIZE = (64, 96)
_GRID = (4, 6)
_TAPS = (1, 2, 4, 5)
_REASSEMBLED = (6, 7, 8, 9)


def _tiny(**options):
  return dpt_teacher.DptTeacherOptions(
    **{
      'input_size': _SIZE,
      'embedding': 12,
      'heads': 3,
      'taps': _TAPS,
      'reassembled_channels': _REASSEMBLED,
      'decoder_channels': 10,
      **options,
    }
  )


def _of_vit(prefix=''):
  """Returns the shapes of a ViT with more blocks than are tapped."""
  return {
    **transformer_twin.vit_shapes(12, 6, 9, prefix),
    **{
      f'{prefix}{name}': shape
      for name, shape in transformer_twin.classifier_shapes(12, 10).items()
    },
  }


def _of_dpt():
  return {
    **_of_vit('pretrained.model.'),
    **transformer_twin.dpt_decoder_shapes(12, _REASSEMBLED, 10),
  }


class DptTeacherTest(system_case.SystemCase, parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    keras.utils.set_random_seed(1)
    cls.network = dpt_teacher.dpt_teacher(
      _tiny(initial_depth_m=3.0, min_depth_m=0.2)
    )
    cls.loaded = dpt_teacher.dpt_teacher(_tiny())

  def _write(self, shapes, seed):
    tensors = transformer_twin.random_tensors(shapes, seed)
    path = os.path.join(self.create_tempdir(), 'weights.pth')
    torch_file.write(path, tensors)
    return tensors, path

  def test_default_is_the_published_network(self):
    """ViT-L/16 and dpt_large-midas have these numbers of parameters."""
    options = dpt_teacher.DptTeacherOptions()
    width = options.embedding
    classifier = transformer_twin.classifier_shapes(width)
    vit = transformer_twin.vit_shapes(width, options.taps[-1], 14 * 14)
    self.assertEqual(transformer_twin.count(vit | classifier), 304326632)
    decoder = transformer_twin.dpt_decoder_shapes(
      width, options.reassembled_channels, options.decoder_channels
    )
    midas = transformer_twin.vit_shapes(width, options.taps[-1], 24 * 24)
    midas |= classifier | decoder
    self.assertEqual(transformer_twin.count(midas), 344055465)
    # The numbers in the module's docstring.
    ours = transformer_twin.vit_shapes(width, options.taps[-1], 24 * 32)
    self.assertEqual(transformer_twin.count(ours), 303885312)
    used = {k: v for k, v in decoder.items() if '4.resConfUnit1' not in k}
    self.assertEqual(transformer_twin.count(used), 38159553)

  def test_parameters(self):
    encoder = transformer_twin.vit_shapes(12, _TAPS[-1], 4 * 6)
    decoder = transformer_twin.dpt_decoder_shapes(12, _REASSEMBLED, 10)
    used = {k: v for k, v in decoder.items() if '4.resConfUnit1' not in k}
    self.assertEqual(
      self.network.count_params(), transformer_twin.count(encoder | used)
    )

  def test_maps_rgb_to_metres(self):
    self.assertEqual(self.network.name, 'dpt_teacher')
    self.assertEqual(self.network.output_shape, (None, *_SIZE, 1))
    self.assert_starts_at(self.network, 3.0, 0.2)
    self.assert_takes_the_depth_code(dpt_teacher.dpt_teacher, _tiny)

  def test_stage_table(self):
    self.assert_stage_table(
      self.network,
      {
        'stem': (4, 6, 12),
        'stem_tokens': (25, 12),
        'reassemble_1_resize': (16, 24, 6),
        'reassemble_2_resize': (8, 12, 7),
        'reassemble_3_conv': (4, 6, 8),
        'reassemble_4_resize': (2, 3, 9),
        'lateral_4': (2, 3, 10),
        'ffm_4_up': (4, 6, 10),
        'ffm_3_up': (8, 12, 10),
        'ffm_2_up': (16, 24, 10),
        'ffm_1_up': (32, 48, 10),
        'head_1': (32, 48, 5),
        'head_2': (64, 96, 32),
        'depth_m': (64, 96, 1),
      },
    )

  def test_every_weight_learns(self):
    self.assert_every_weight_learns(self.network)

  def test_inference_changes_no_weight(self):
    self.assert_inference_changes_no_weight(self.network)

  def test_predicts_the_same_saved_and_loaded(self):
    self.assert_predicts_the_same_saved_and_loaded(self.network)

  def test_published_vit(self):
    tensors, path = self._write(_of_vit(), 1)
    network = self.loaded
    loaded = encoder_weights.load(network, path)
    self.assertIn('loaded into the encoder; not used', str(loaded))
    self.assertEqual(
      set(loaded.left_over),
      {
        *transformer_twin.classifier_shapes(12),
        *(name for name in tensors if name.startswith('blocks.5.')),
      },
    )
    rgb = np.random.default_rng(3).uniform(0, 255, (*_SIZE, 3))
    expected = transformer_twin.vit(rgb / 127.5 - 1, tensors, 3, _TAPS)
    taps = [network.get_layer(f'block_{tap}_fc2_add').output for tap in _TAPS]
    features = keras.Model(network.input, taps)(
      np.float32(rgb[None]), training=False
    )
    for actual, tokens in zip(features, expected, strict=True):
      scale = np.abs(tokens).max()
      self.assertAllClose(actual[0] / scale, tokens / scale, atol=1e-5)

  def test_published_dpt(self):
    """The whole network, up to the features that distillation reads."""
    tensors, path = self._write(_of_dpt(), 2)
    network = self.loaded
    head = network.get_layer('head').kernel.numpy()
    loaded = encoder_weights.load(network, path)
    self.assertIn('loaded into the encoder and decoder', str(loaded))
    self.assertEqual(
      {
        name
        for name in loaded.left_over
        if not name.startswith('pretrained.model.')
      },
      {
        'scratch.output_conv.4.weight',
        'scratch.output_conv.4.bias',
        *(name for name in tensors if 'refinenet4.resConfUnit1' in name),
      },
    )
    # All but the head, which predicts metres here.
    self.assertLen(loaded.assigned, len(network.variables) - 2)
    self.assertAllEqual(head, network.get_layer('head').kernel)
    rgb = np.random.default_rng(4).uniform(0, 255, (*_SIZE, 3))
    encoder = {
      name.removeprefix('pretrained.model.'): value
      for name, value in tensors.items()
    }
    tokens = transformer_twin.vit(rgb / 127.5 - 1, encoder, 3, _TAPS)
    levels = [
      transformer_twin.reassemble(tap, _GRID, tensors, level)
      for level, tap in enumerate(tokens, start=1)
    ]
    expected = transformer_twin.dpt_features(levels, tensors)
    actual = keras.Model(network.input, network.get_layer('head_2').output)(
      np.float32(rgb[None]), training=False
    )
    scale = np.abs(expected).max()
    self.assertAllClose(actual[0] / scale, expected / scale, atol=1e-5)

  @parameterized.parameters(
    ({'input_size': (48, 64)}, 'input_size=.*multiples of 32'),
    ({'taps': (1, 2, 2, 4)}, 'taps=.*four ascending'),
    ({'taps': (0, 1, 2, 4)}, 'taps=.*four ascending'),
    ({'reassembled_channels': (8, 8)}, 'reassembled_channels=.*four'),
    ({'heads': 5}, 'heads=5 must divide the 12 channels'),
    ({'decoder_channels': 9}, 'decoder_channels=9 must be even'),
  )
  def test_refuses_bad_options(self, options, message):
    with self.assertRaisesRegex(ValueError, f'DptTeacherOptions.{message}'):
      _tiny(**options)


if __name__ == '__main__':
  tf.test.main()
