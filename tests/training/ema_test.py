# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/ema.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.training import ema


def _network():
  inputs = keras.Input((3,))
  x = keras.layers.Dense(2)(inputs)
  x = keras.layers.BatchNormalization()(x)
  return keras.Model(inputs, keras.layers.Dropout(0.5)(x))


class EmaTest(tf.test.TestCase):
  def test_follows_the_recurrence_statistics_included(self):
    network, average = _network(), _network()
    ema.copy_weights(network, average)
    rng = np.random.default_rng(0)
    expected = [v.numpy() for v in network.variables]
    for step in range(4):
      decay = min(0.3, (1 + step) / (10 + step))
      for index, variable in enumerate(network.variables):
        if 'float' not in variable.dtype:
          expected[index] = variable.numpy()
          continue
        value = rng.normal(size=variable.shape).astype(np.float32)
        variable.assign(value)
        expected[index] = decay * expected[index] + (1 - decay) * value
      ema.update(average, network, 0.3, step)
    for mean, variable in zip(expected, average.variables, strict=True):
      self.assertAllClose(mean, variable)

  def test_copy_refuses_another_structure(self):
    inputs = keras.Input((3,))
    other = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    with self.assertRaises(ValueError):
      ema.copy_weights(_network(), other)


if __name__ == '__main__':
  tf.test.main()
