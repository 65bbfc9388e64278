# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/encoders/efficientnet.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.models.encoders import efficientnet


def _encoder(drop_connect=0.0, size=(64, 96), **norm):
  inputs = keras.Input((*size, 3))
  taps = efficientnet.encode(
    inputs, 'b1', conv_norm.BatchNorm(**norm), drop_connect
  )
  return keras.Model(inputs, taps)


def _trunk(model):
  return model.get_layer('efficientnet_b1')


def _of_type(model, kind):
  return [layer for layer in _trunk(model).layers if isinstance(layer, kind)]


class EfficientNetTest(tf.test.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.plain = _encoder()
    cls.dropping = _encoder(0.9, (32, 32), momentum=0.8, epsilon=0.002)

  def test_taps_and_parameters_are_the_published_ones(self):
    self.assertEqual(
      [shape[1:] for shape in self.plain.output_shape],
      [(16, 24, 24), (8, 12, 40), (4, 6, 112), (2, 3, 320)],
    )
    parameters = 0
    for layer in _trunk(self.plain).layers:
      if isinstance(layer, keras.layers.BatchNormalization):
        parameters += layer.gamma.shape[0]  # The bias after folding.
      else:
        parameters += layer.count_params()
    self.assertEqual(parameters, 6071280)

  def test_equals_keras_own_after_its_preprocessing(self):
    reference = keras.applications.EfficientNetB1(
      weights=None, include_top=False, input_shape=(64, 96, 3)
    )
    reference = keras.Model(
      reference.input, reference.get_layer('block7b_add').output
    )
    rng = np.random.default_rng(0)
    # Its first three weights are those of Normalization: mean 0, variance 1.
    preprocessing, weights = [
      reference.get_weights()[part] for part in (slice(3), slice(3, None))
    ]
    weights = [
      weight if weight.ndim == 4 else rng.uniform(0.5, 1.5, weight.shape)
      for weight in weights
    ]
    reference.set_weights([*preprocessing, *weights])
    self.plain.set_weights(weights)
    rgb = tf.random.uniform((2, 64, 96, 3), 0, 255, seed=0)
    self.assertAllClose(
      reference(rgb, training=False),
      self.plain(rgb / 255, training=False)[-1],
      atol=0.01,  # Of values up to 60.
    )

  def test_batch_norm_survives_saving(self):
    path = f'{self.get_temp_dir()}/encoder.keras'
    self.dropping.save(path)
    loaded = keras.models.load_model(path, compile=False)
    norms = _of_type(loaded, keras.layers.BatchNormalization)
    self.assertLen(norms, 1 + 2 * 2 + 21 * 3)  # Stem, stage 1, the others.
    self.assertEqual({(n.momentum, n.epsilon) for n in norms}, {(0.8, 0.002)})

  def test_drop_connect_grows_with_depth(self):
    layers = _of_type(self.dropping, keras.layers.Dropout)
    # Block b of 23 has b / 23 of the rate; 16 blocks have a shortcut.
    blocks = [1, 3, 4, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 20, 22]
    self.assertAllClose(
      [0.9 * block / 23 for block in blocks], [layer.rate for layer in layers]
    )

  def test_only_training_with_drop_connect_is_random(self):
    images = tf.random.uniform((2, 64, 96, 3), -1.0, 1.0, seed=0)
    first, second = (self.plain(images, training=True) for _ in range(2))
    self.assertAllEqual(first[-1], second[-1])
    images = images[:, :32, :32]
    first, second = (self.dropping(images, training=True) for _ in range(2))
    self.assertNotAllEqual(first[-1], second[-1])
    first, second = (self.dropping(images, training=False) for _ in range(2))
    self.assertAllEqual(first[-1], second[-1])

  def test_taps_of_large_variants(self):
    """The last blocks of the paper's stages 2, 3, 5 and 7."""
    for variant, taps in {
      'b0': ['2b_add', '3b_add', '5c_add', '7a_project_bn'],
      'b1': ['2c_add', '3c_add', '5d_add', '7b_add'],
      'b5': ['2e_add', '3e_add', '5g_add', '7c_add'],
      'b7': ['2g_add', '3g_add', '5j_add', '7d_add'],
    }.items():
      self.assertEqual(
        efficientnet.tap_names(variant), [f'block{tap}' for tap in taps]
      )

  def test_refuses_an_unknown_variant(self):
    with self.assertRaisesRegex(ValueError, "variant 'b8'.*b0, b1"):
      efficientnet.tap_names('b8')


if __name__ == '__main__':
  tf.test.main()
