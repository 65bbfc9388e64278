# SPDX-License-Identifier: Apache-2.0
"""Tests of predicting with a .keras file."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.evaluation import keras_predictor
from depth_mai.layers import clb


class KerasPredictorTest(parameterized.TestCase, tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.get_temp_dir(), 'network.keras')

  def save_mean_of_channels(self):
    """Saves a network whose depth in metres is (R + G + B) / 100, coarser."""
    image = keras.Input((12, 16, 3))
    depth = keras.layers.Conv2D(
      1, 1, kernel_initializer=keras.initializers.Constant(0.01)
    )(keras.layers.AveragePooling2D(2)(image))
    # Would halve the depth in one call out of two, were it trained.
    depth = keras.layers.Dropout(0.5)(depth)
    keras.Model(image, depth).save(self.path)

  def test_millimetres_at_the_size_of_the_challenge(self):
    self.save_mean_of_channels()
    predictor = keras_predictor.KerasPredictor(self.path, batch_size=2)
    rgbs = [np.full((480, 640, 3), v, np.uint8) for v in (10, 200)]
    rgbs.append(np.full((33, 21, 3), 255, np.uint8))
    for batch, values in ((rgbs[:2], (300, 6000)), (rgbs[2:], (7650,))):
      got = predictor.predict_mm([''] * len(batch), batch)
      self.assertLen(got, len(values))
      for depth_mm, value in zip(got, values, strict=True):
        self.assertAllClose(depth_mm, np.full((480, 640), value), rtol=1e-5)

  @parameterized.parameters(('nearest', True), ('bilinear', False))
  def test_upsampling(self, upsampling, is_blocky):
    self.save_mean_of_channels()
    predictor = keras_predictor.KerasPredictor(self.path, upsampling)
    rgb = np.zeros((480, 640, 3), np.uint8)
    rgb[:, 320:] = 100
    (depth_mm,) = predictor.predict_mm([''], [rgb])
    values = np.unique(depth_mm.round())
    self.assertEqual(len(values) == 2, is_blocky)
    self.assertAllClose(values[[0, -1]], [0, 3000])

  def test_layers_of_the_project_are_known(self):
    image = keras.Input((12, 16, 3))
    depth = clb.CollapsibleConv2D(1, expansion=4)(image)
    network = keras.Model(image, depth)
    network.save(self.path)
    loaded = keras_predictor.load_network(self.path)
    rgb = np.random.default_rng(0).uniform(0, 255, (2, 12, 16, 3))
    self.assertAllClose(
      loaded(rgb, training=False), network(rgb, training=False)
    )

  def test_missing_file(self):
    with self.assertRaisesRegex(ValueError, 'There is no file .*best.keras'):
      keras_predictor.KerasPredictor('runs/none/best.keras')

  def test_no_network(self):
    with open(self.path, 'w') as stream:
      stream.write('something else')
    with self.assertRaisesRegex(ValueError, 'cannot be loaded'):
      keras_predictor.KerasPredictor(self.path)

  @parameterized.parameters(
    ((12, 16, 1), 1), ((12, 16, 3), 2), ((None, None, 3), 1)
  )
  def test_no_depth_network(self, input_shape, channels):
    image = keras.Input(input_shape)
    keras.Model(image, keras.layers.Conv2D(channels, 1)(image)).save(self.path)
    with self.assertRaisesRegex(ValueError, 'is no depth network'):
      keras_predictor.KerasPredictor(self.path)


if __name__ == '__main__':
  tf.test.main()
