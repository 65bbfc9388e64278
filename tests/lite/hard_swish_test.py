# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/hard_swish.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import converter
from depth_mai.lite import hard_swish
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators


def _network():
  """A convolution that keeps the red channel, with hard-swish and a 1x1."""
  given = keras.Input((8, 8, 3), batch_size=1)
  first = keras.layers.Conv2D(1, 1, name='first')
  x = keras.layers.Activation('hard_swish', name='first_act')(first(given))
  last = keras.layers.Conv2D(1, 1, name='last')
  model = keras.Model(given, last(x), name='network')
  first.set_weights([np.reshape([0.05, 0, 0], (1, 1, 3, 1)), np.array([-6.0])])
  last.set_weights([np.ones((1, 1, 1, 1)), np.zeros(1)])
  return model


def _picture():
  picture = np.zeros((8, 8, 3), np.float32)
  picture[:, :, 0] = np.linspace(0, 255, 64).reshape(8, 8)
  return picture


def _expected():
  x = 0.05 * _picture()[:, :, :1].astype(np.float64) - 6
  return x * np.clip(x + 3, 0, 6) / 6


class HardSwishTest(tf.test.TestCase):
  def test_is_hard_swish(self):
    model = hard_swish.split_hard_swish(_network())
    self.assertEqual(model.name, 'network')
    result = model(_picture()[np.newaxis], training=False)[0]
    self.assertAllClose(_expected(), result, rtol=1e-5, atol=1e-5)

  def test_nothing_is_left_outside_of_xnnpack(self):
    names, taken = [], []
    for model in (_network(), hard_swish.split_hard_swish(_network())):
      content = converter.convert(model, 'int8', [_picture()])
      names.append(operators.check(content).histogram)
      loaded = interpreter.load_interpreter(content)
      taken.append(delegation.describe_delegation(loaded))
      loaded.set_tensor(
        loaded.get_input_details()[0]['index'], _picture()[np.newaxis]
      )
      loaded.invoke()
      result = loaded.get_tensor(loaded.get_output_details()[0]['index'])[0]
      # Two or three roundings, each of half a step of its range's 255.
      self.assertAllClose(_expected(), result, rtol=0, atol=0.1)
    self.assertIn('HARD_SWISH', names[0])
    self.assertNotIn('HARD_SWISH', names[1])
    if taken[1] is None or not taken[1].partitions:
      self.skipTest('This runtime does not tell what XNNPACK takes.')
    self.assertEqual(taken[0].outside, {'HARD_SWISH': 1})
    self.assertEqual((taken[1].partitions, taken[1].outside), (1, {}))


if __name__ == '__main__':
  tf.test.main()
