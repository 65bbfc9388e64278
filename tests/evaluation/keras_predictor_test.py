# SPDX-License-Identifier: Apache-2.0
"""Tests of predicting with a .keras file."""

import os

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.evaluation import keras_predictor


class KerasPredictorTest(parameterized.TestCase, tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.get_temp_dir(), 'network.keras')

  def save_mean_of_channels(self):
    """Saves a network of half the size with depth (R + G + B) / 100 metres."""
    image = keras.Input((12, 16, 3))
    depth = keras.layers.Conv2D(
      1, 1, kernel_initializer=keras.initializers.Constant(0.01)
    )(keras.layers.AveragePooling2D(2)(image))
    # In training mode this would change the depth.
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


if __name__ == '__main__':
  tf.test.main()
