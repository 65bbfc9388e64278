# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/batch_norm.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import batch_norm


class BatchNormTest(parameterized.TestCase, tf.test.TestCase):
  @parameterized.parameters(
    (keras.layers.Conv2D(4, 3), False),
    (keras.layers.DepthwiseConv2D(3), True),
  )
  def test_one_convolution_says_the_same(self, convolution, depthwise):
    norm = keras.layers.BatchNormalization(epsilon=0.01)
    generator = np.random.default_rng(3)
    picture = generator.normal(size=(1, 6, 6, 4)).astype(np.float32)
    norm(convolution(picture), training=False)
    for weight in (*convolution.weights, *norm.weights):
      weight.assign(generator.uniform(0.5, 1.5, weight.shape))
    expected = norm(convolution(picture), training=False)
    folded = batch_norm.fold(*convolution.get_weights(), norm, depthwise)
    convolution.set_weights(folded)
    self.assertAllClose(expected, convolution(picture), rtol=1e-5, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
