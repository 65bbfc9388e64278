# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/encoders/efficientnet.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import conv_norm
from depth_mai.models.encoders import efficientnet


def _encoder(drop_connect=0.0, size=(64, 96), **norm):
  inputs = keras.Input((*size, 3))
  taps = efficientnet.encode_b1(
    inputs, conv_norm.BatchNorm(**norm), drop_connect
  )
  return keras.Model(inputs, taps)


def _trunk(model):
  return model.get_layer('efficientnet_b1')


def _of_type(model, kind):
  return [layer for layer in _trunk(model).layers if isinstance(layer, kind)]


class EfficientNetTest(tf.test.TestCase):
  def test_taps_and_parameters_are_the_published_ones(self):
    model = _encoder()
    self.assertEqual(
      [shape[1:] for shape in model.output_shape],
      [(16, 24, 24), (8, 12, 40), (4, 6, 112), (2, 3, 320)],
    )
    parameters = 0
    for layer in _trunk(model).layers:
      if isinstance(layer, keras.layers.BatchNormalization):
        parameters += layer.gamma.shape[0]  # What folding leaves.
      else:
        parameters += layer.count_params()
    self.assertEqual(parameters, 6071280)

  def test_equals_keras_own_behind_its_preprocessing(self):
    reference = keras.applications.EfficientNetB1(
      weights=None, include_top=False, input_shape=(32, 64, 3)
    )
    reference = keras.Model(
      reference.input, reference.get_layer('block7b_add').output
    )
    model = _encoder(size=(32, 64))
    # Behind its Rescaling and Normalization (mean 0, variance 1).
    weights = reference.get_weights()[3:]
    rng = np.random.default_rng(0)
    weights = [
      rng.uniform(0.5, 1.5, w.shape) if w.ndim < 4 else w for w in weights
    ]
    model.set_weights(weights)
    reference.set_weights([*reference.get_weights()[:3], *weights])
    rgb = tf.random.uniform((2, 32, 64, 3), 0, 255, seed=0)
    self.assertAllClose(
      reference(rgb, training=False),
      model(rgb / 255, training=False)[-1],
      rtol=1e-4,
      atol=1e-5,
    )

  def test_batch_norm_survives_saving(self):
    model = _encoder(size=(32, 32), momentum=0.8, epsilon=0.002)
    path = f'{self.get_temp_dir()}/encoder.keras'
    model.save(path)
    loaded = keras.models.load_model(path, compile=False)
    norms = _of_type(loaded, keras.layers.BatchNormalization)
    self.assertLen(norms, 68)
    self.assertEqual({(n.momentum, n.epsilon) for n in norms}, {(0.8, 0.002)})

  def test_drop_connect_grows_with_depth(self):
    rates = [
      layer.rate for layer in _of_type(_encoder(0.1), keras.layers.Dropout)
    ]
    # Block b of 23 has b / 23 of the rate; 16 blocks have a shortcut.
    blocks = [1, 3, 4, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 20, 22]
    self.assertAllClose([0.1 * block / 23 for block in blocks], rates)

  def test_only_drop_connect_is_random(self):
    images = tf.random.uniform((2, 32, 32, 3), -1.0, 1.0, seed=0)
    for drop_connect, alike in ((0.0, True), (0.9, False)):
      model = _encoder(drop_connect, (32, 32))
      first, second = (model(images, training=True)[-1] for _ in range(2))
      self.assertEqual(bool(tf.reduce_all(first == second)), alike)
      self.assertAllEqual(
        model(images, training=False)[-1], model(images, training=False)[-1]
      )


if __name__ == '__main__':
  tf.test.main()
