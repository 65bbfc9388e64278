# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/validation.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import validation


def _network():
  """Returns a network whose depth in metres is the mean colour over 50."""
  inputs = keras.Input((24, 32, 3))
  layer = keras.layers.Conv2D(1, 1, use_bias=False)
  outputs = layer(inputs)
  layer.kernel.assign(np.full((1, 1, 3, 1), 1 / 150))
  return keras.Model(inputs, outputs)


def _batch(factor):
  rgb = np.full((2, 480, 640, 3), 100, np.uint8)
  rgb[1] = 200
  depth_mm = (rgb[..., :1] * 20.0 * factor).astype(np.uint16)
  depth_mm[:, :50] = 0
  return {'rgb': rgb, 'depth_mm': depth_mm}


class ValidationTest(tf.test.TestCase):
  def test_metrics_are_the_organisers(self):
    predict = validation.make_predictor(_network())
    metrics = validation.evaluate(predict, [_batch(1.25)])
    self.assertAllClose(metrics['si_rmse'], 0.0, atol=1e-4)
    self.assertAllClose(metrics['rel'], 0.2, atol=1e-4)
    self.assertAllClose(metrics['log10'], np.log10(1.25), atol=1e-4)
    self.assertAllClose(metrics['rmse'], (0.5 + 1.0) / 2, atol=1e-3)

  def test_draws_a_row_for_each_image(self):
    predict = validation.make_predictor(_network())
    one = validation.draw(predict, _batch(1.0), images=1)
    two = validation.draw(predict, _batch(1.0), images=2)
    self.assertEqual(two.dtype, np.uint8)
    self.assertEqual(one.shape[1], two.shape[1])
    self.assertGreater(two.shape[0], one.shape[0] + 400)


if __name__ == '__main__':
  tf.test.main()
