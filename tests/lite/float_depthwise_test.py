# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/float_depthwise.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import converter
from depth_mai.lite import float_depthwise
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators


def _network():
  """Two depthwise convolutions large enough for 8-bit weights."""
  given = keras.Input((8, 8, 3), batch_size=1)
  x = keras.layers.Conv2D(144, 1, name='first')(given)
  x = keras.layers.DepthwiseConv2D(3, padding='same', name='plain')(x)
  x = keras.layers.DepthwiseConv2D(
    3, padding='same', dilation_rate=2, name='dilated'
  )(x)
  return keras.Model(given, keras.layers.Conv2D(8, 1, name='last')(x))


def _run(loaded, picture):
  loaded.set_tensor(loaded.get_input_details()[0]['index'], picture)
  loaded.invoke()
  return loaded.get_tensor(loaded.get_output_details()[0]['index'])


def _kinds(loaded):
  """Returns the types of all constants with a kernel's 3x3x144 shape."""
  return [
    detail['dtype'].__name__
    for detail in loaded.get_tensor_details()
    if tuple(detail['shape']) == (1, 3, 3, 144)
  ]


class FloatDepthwiseTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    keras.utils.set_random_seed(3)
    self.content = converter.convert(_network(), 'dynamic')
    self.picture = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3))
    self.picture = self.picture.astype(np.float32)

  def test_kernels_are_float_and_say_nearly_the_same(self):
    content = float_depthwise.float_depthwise(self.content)
    before = interpreter.load_interpreter(self.content, xnnpack=False)
    after = interpreter.load_interpreter(content, xnnpack=False)
    self.assertEqual(_kinds(before), ['int8', 'int8'])
    self.assertEqual(_kinds(after), ['float32', 'float32'])
    expected = _run(before, self.picture)
    # The hybrid kernels round the activations, too: 1 in 127 of the largest.
    self.assertAllClose(
      expected,
      _run(after, self.picture),
      rtol=0,
      atol=0.03 * np.abs(expected).max(),
    )

  def test_the_kernels_are_those_of_the_file(self):
    before = interpreter.load_interpreter(self.content, xnnpack=False)
    (index, *_) = (
      detail
      for detail in before.get_tensor_details()
      if tuple(detail['shape']) == (1, 3, 3, 144)
    )
    stored = before.get_tensor(index['index'])
    scales = index['quantization_parameters']['scales']
    after = interpreter.load_interpreter(
      float_depthwise.float_depthwise(self.content), xnnpack=False
    )
    self.assertAllClose(
      stored * scales, after.get_tensor(index['index']), rtol=1e-6
    )

  def test_the_graph_stays_whole(self):
    content = float_depthwise.float_depthwise(self.content)
    report = operators.check(content)
    self.assertTrue(report.compatible, report.problems)
    taken = delegation.describe_delegation(
      interpreter.load_interpreter(content)
    )
    if taken is None or not taken.partitions:
      self.skipTest('This runtime does not tell what XNNPACK takes.')
    self.assertEqual((taken.partitions, taken.outside), (1, {}))

  def test_int8_data_stay(self):
    content = converter.convert(_network(), 'int8', [self.picture[0]])
    after = interpreter.load_interpreter(
      float_depthwise.float_depthwise(content), xnnpack=False
    )
    self.assertEqual(_kinds(after), ['int8', 'int8'])


if __name__ == '__main__':
  tf.test.main()
