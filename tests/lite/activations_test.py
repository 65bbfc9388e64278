# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/activations.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import residual_fusion
from depth_mai.lite import activations
from depth_mai.lite import converter
from depth_mai.lite import layer_graph
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators


def _rewritten(model, rewrite):
  graph = layer_graph.LayerGraph(model)
  rewrite(graph)
  return graph.build()


def _run(content, picture):
  loaded = interpreter.load_interpreter(content)
  loaded.set_tensor(loaded.get_input_details()[0]['index'], picture[np.newaxis])
  loaded.invoke()
  result = loaded.get_tensor(loaded.get_output_details()[0]['index'])
  return result, delegation.describe_delegation(loaded)


def _residual_unit():
  """Returns MiDaS's residual unit, whose first ReLU stands alone."""
  keras.utils.set_random_seed(3)
  image = keras.Input((8, 8, 3), batch_size=1)
  x = keras.layers.Conv2D(4, 3, padding='same', name='first')(image)
  x = residual_fusion.residual_conv_unit(x, norm=None, name='unit')
  x = keras.layers.Conv2D(2, 1, name='last')(x)
  return keras.Model(image, x, name='network')


def _noise():
  pictures = np.random.default_rng(5).uniform(-1, 1, (3, 8, 8, 3))
  return list(np.float32(pictures))


class LoneReluTest(tf.test.TestCase):
  def test_the_result_stays_the_same(self):
    model = _residual_unit()
    found = _rewritten(model, activations.multiply_lone_relus)
    self.assertEqual(found.name, 'network')
    for picture in _noise():
      picture = picture[np.newaxis]
      self.assertAllClose(
        model(picture, training=False),
        found(picture, training=False),
        rtol=1e-6,
        atol=1e-6,
      )

  def test_only_lone_relus_are_changed(self):
    names = [
      x.name
      for x in _rewritten(
        _residual_unit(), activations.multiply_lone_relus
      ).layers
    ]
    self.assertIn('unit_act_product', names)
    self.assertNotIn('unit_1_act_product', names)

  def test_xnnpack_takes_the_whole_graph(self):
    model, picture = _residual_unit(), _noise()[0]
    expected = model(picture[np.newaxis], training=False).numpy()
    taken, histograms = [], []
    for one in (model, _rewritten(model, activations.multiply_lone_relus)):
      content = converter.convert(one, 'int8', _noise())
      histograms.append(operators.check(content).histogram)
      result, delegated = _run(content, picture)
      taken.append(delegated)
      step = np.ptp(expected) / 255
      self.assertLess(np.abs(result - expected).max(), 6 * step)
    self.assertEqual(histograms[0]['RELU'], 1)
    self.assertNotIn('RELU', histograms[1])
    self.assertEqual(histograms[1]['MUL'], histograms[0].get('MUL', 0) + 1)
    if taken[1] is None or not taken[1].partitions:
      self.skipTest('This runtime does not report what XNNPACK takes.')
    self.assertEqual(taken[0].outside, {'RELU': 1})
    self.assertEqual((taken[1].partitions, taken[1].outside), (1, {}))


def _hard_swish_network():
  """Returns a convolution of the red channel, hard-swish and a 1x1."""
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
  def test_computes_hard_swish(self):
    model = _rewritten(_hard_swish_network(), activations.split_hard_swish)
    self.assertEqual(model.name, 'network')
    result = model(_picture()[np.newaxis], training=False)[0]
    self.assertAllClose(_expected(), result, rtol=1e-5, atol=1e-5)

  def test_xnnpack_takes_the_whole_graph(self):
    names, taken = [], []
    for model in (
      _hard_swish_network(),
      _rewritten(_hard_swish_network(), activations.split_hard_swish),
    ):
      content = converter.convert(model, 'int8', [_picture()])
      names.append(operators.check(content).histogram)
      (result,), delegated = _run(content, _picture())
      taken.append(delegated)
      # Two or three roundings, each by half a step at most.
      self.assertAllClose(_expected(), result, rtol=0, atol=0.1)
    self.assertIn('HARD_SWISH', names[0])
    self.assertNotIn('HARD_SWISH', names[1])
    if taken[1] is None or not taken[1].partitions:
      self.skipTest('This runtime does not report what XNNPACK takes.')
    self.assertEqual(taken[0].outside, {'HARD_SWISH': 1})
    self.assertEqual((taken[1].partitions, taken[1].outside), (1, {}))


if __name__ == '__main__':
  tf.test.main()
