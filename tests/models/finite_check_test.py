# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/models/finite_check.py with a network of the project."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.evaluation import keras_predictor
from depth_mai.lite import export
from depth_mai.models import compact_weights
from depth_mai.models import deployment
from depth_mai.models import finite_check
from depth_mai.models import network_file


def _network():
  image = keras.Input((12, 16, 3))
  x = keras.layers.Conv2D(8, 3, padding='same', use_bias=False)(image)
  x = keras.layers.ReLU()(keras.layers.BatchNormalization(name='norm')(x))
  x = keras.layers.Conv2D(1, 1, activation='relu', name='last')(x)
  return keras.Model(image, x, name='toy')


def _spoil(network, path, value):
  (variable,) = (v for v in network.variables if v.path.endswith(path))
  array = variable.numpy()
  array.flat[0] = value
  variable.assign(array)


class FiniteCheckTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    keras.utils.set_random_seed(1)
    self.path = os.path.join(self.create_tempdir().full_path, 'toy.keras')

  @parameterized.parameters(
    ('norm/moving_mean', np.nan, 'norm/moving_mean has 1 of 8'),
    ('norm/moving_variance', np.inf, 'norm/moving_variance has 1 of 8'),
    ('norm/moving_variance', -0.5, 'norm/moving_variance is negative in 1'),
    ('last/kernel', -np.inf, 'last/kernel has 1 of 8'),
  )
  def test_names_the_variable(self, path, value, expected):
    network = _network()
    self.assertEqual(finite_check.fault(network), '')
    _spoil(network, path, value)
    self.assertIn(expected, finite_check.fault(network))

  def test_every_door_is_closed_although_predictions_look_plausible(self):
    network = _network()
    _spoil(network, 'norm/moving_variance', np.nan)
    model = deployment.deployment_model(network)
    predict = tf.function(lambda rgb: model(rgb, training=False))
    depth_mm = predict(tf.random.uniform((1, 480, 640, 3), 0, 255))
    self.assertAllInRange(depth_mm, 0, 1e9)  # No NaN anywhere.

    refused = 'moving_variance has 1 of 8 values that are NaN'
    with self.assertRaisesRegex(ValueError, refused):
      keras_predictor.KerasPredictor(network)
    with self.assertRaisesRegex(ValueError, refused):
      export.export(network, os.path.dirname(self.path), export.ExportOptions())
    with self.assertRaisesRegex(FloatingPointError, refused):
      network_file.save_network(network, self.path)
    with self.assertRaisesRegex(FloatingPointError, refused):
      compact_weights.save(f'{self.path}.npz', network)
    self.assertEmpty(os.listdir(os.path.dirname(self.path)))
    network.save(self.path)
    with self.assertRaisesRegex(ValueError, f'toy.keras cannot.*{refused}'):
      network_file.load_network(self.path)

  def test_compact_weights_that_are_not_finite(self):
    network = _network()
    path = f'{self.path}.npz'
    compact_weights.save(path, network)
    with np.load(path) as members:
      arrays = {k: members[k] for k in members if k != 'sha256'}
    arrays['0001'][2] = np.nan  # BatchNorm's scale.
    np.savez(path, **arrays)
    with self.assertRaisesRegex(ValueError, 'norm/gamma has 1 of 8'):
      compact_weights.load(path, network)


if __name__ == '__main__':
  tf.test.main()
