# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/lone_relu.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import residual_fusion
from depth_mai.lite import converter
from depth_mai.lite import lone_relu
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators


def _network():
  """Returns MiDaS's residual unit, whose first ReLU stands alone."""
  keras.utils.set_random_seed(3)
  image = keras.Input((8, 8, 3), batch_size=1)
  x = keras.layers.Conv2D(4, 3, padding='same', name='first')(image)
  x = residual_fusion.residual_conv_unit(x, norm=None, name='unit')
  x = keras.layers.Conv2D(2, 1, name='last')(x)
  return keras.Model(image, x, name='network')


def _pictures():
  pictures = np.random.default_rng(5).uniform(-1, 1, (3, 8, 8, 3))
  return list(np.float32(pictures))


def _run(content, picture):
  loaded = interpreter.load_interpreter(content)
  loaded.set_tensor(loaded.get_input_details()[0]['index'], picture[np.newaxis])
  loaded.invoke()
  result = loaded.get_tensor(loaded.get_output_details()[0]['index'])
  return result, delegation.describe_delegation(loaded)


class LoneReluTest(tf.test.TestCase):
  def test_same_result(self):
    model = _network()
    found = lone_relu.multiply_lone_relus(model)
    self.assertEqual(found.name, 'network')
    for picture in _pictures():
      picture = picture[np.newaxis]
      self.assertAllClose(
        model(picture, training=False),
        found(picture, training=False),
        rtol=1e-6,
        atol=1e-6,
      )

  def test_only_relus_that_stand_alone_are_changed(self):
    names = [x.name for x in lone_relu.multiply_lone_relus(_network()).layers]
    self.assertIn('unit_act_product', names)
    self.assertNotIn('unit_1_act_product', names)

  def test_nothing_is_left_outside_of_xnnpack(self):
    model, picture = _network(), _pictures()[0]
    expected = model(picture[np.newaxis], training=False).numpy()
    taken, histograms = [], []
    for one in (model, lone_relu.multiply_lone_relus(model)):
      content = converter.convert(one, 'int8', _pictures())
      histograms.append(operators.check(content).histogram)
      result, delegated = _run(content, picture)
      taken.append(delegated)
      step = np.ptp(expected) / 255
      self.assertLess(np.abs(result - expected).max(), 6 * step)
    self.assertEqual(histograms[0]['RELU'], 1)
    self.assertNotIn('RELU', histograms[1])
    self.assertEqual(histograms[1]['MUL'], histograms[0].get('MUL', 0) + 1)
    if taken[1] is None or not taken[1].partitions:
      self.skipTest('This runtime does not tell what XNNPACK takes.')
    self.assertEqual(taken[0].outside, {'RELU': 1})
    self.assertEqual((taken[1].partitions, taken[1].outside), (1, {}))


if __name__ == '__main__':
  tf.test.main()
