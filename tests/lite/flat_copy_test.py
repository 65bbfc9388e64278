# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/flat_copy.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import flat_copy


def _inner(name='inner'):
  given = keras.Input((4, 4, 2))
  x = keras.layers.Conv2D(3, 1, name=f'{name}_conv')(given)
  return keras.Model(given, keras.layers.ReLU(name=f'{name}_act')(x), name=name)


class FlatCopyTest(tf.test.TestCase):
  def test_models_inside_models_are_dissolved(self):
    given = keras.Input((4, 4, 2))
    middle_given = keras.Input((4, 4, 2))
    middle = keras.Model(middle_given, _inner()(middle_given), name='middle')
    x = keras.layers.Rescaling(2.0, name='last')(middle(given))
    model = keras.Model(given, x, name='outer')
    graph = flat_copy.FlatCopy(model)
    self.assertEqual(
      [layer.name for layer in graph.layers],
      ['inner_conv', 'inner_act', 'last'],
    )
    self.assertEqual(graph.model.name, 'outer')
    image = np.random.default_rng(0).normal(size=(1, 4, 4, 2))
    self.assertAllEqual(
      model(image, training=False), graph.model(image, training=False)
    )

  def test_nothing_is_shared(self):
    model = _inner()
    before = model.get_weights()[0].copy()
    graph = flat_copy.FlatCopy(model)
    graph.model.weights[0].assign(np.zeros((1, 1, 2, 3)))
    self.assertAllEqual(before, model.get_weights()[0])

  def test_who_feeds_whom(self):
    given = keras.Input((4, 4, 2))
    first = keras.layers.ReLU(name='first')(given)
    left = keras.layers.ReLU(name='left')(first)
    right = keras.layers.ReLU(name='right')(left)
    total = keras.layers.Add(name='total')([first, right])
    graph = flat_copy.FlatCopy(keras.Model(given, [total, right]))
    layers = {layer.name: layer for layer in graph.layers}

    def readers(name):
      return [one and one.name for one in graph.consumers(layers[name])]

    self.assertEqual(readers('first'), ['left', 'total'])
    self.assertEqual(readers('left'), ['right'])
    self.assertEqual(readers('right'), ['total', None])
    self.assertIsNone(graph.producer(layers['first']))  # The model's input.
    self.assertIsNone(graph.producer(layers['left']))  # Feeds another, too.
    self.assertIs(graph.producer(layers['right']), layers['left'])
    self.assertIsNone(graph.producer(layers['total']))  # There are two.
    self.assertEqual(
      graph.sources(layers['total']), [layers['first'], layers['right']]
    )
    self.assertEqual(graph.sources(layers['first']), [None])

  def test_a_layer_that_is_called_twice_is_kept_out(self):
    given = keras.Input((4, 4, 2))
    shared = keras.layers.Conv2D(2, 1, name='shared')
    once = keras.layers.ReLU(name='once')(shared(given))
    again = keras.layers.ReLU(name='again')(shared(once))
    graph = flat_copy.FlatCopy(keras.Model(given, again))
    layers = {layer.name: layer for layer in graph.layers}
    self.assertLen(graph.layers, 3)
    self.assertIsNone(graph.producer(layers['once']))
    self.assertEqual(graph.consumers(layers['once']), [None])
    self.assertEqual(graph.consumers(layers['shared']), [None])

  def test_layers_are_left_out(self):
    given = keras.Input((4, 4, 1))
    x = keras.layers.Rescaling(3.0, name='three')(given)
    x = keras.layers.Rescaling(5.0, name='five')(x)
    graph = flat_copy.FlatCopy(keras.Model(given, x, name='kept'))
    smaller = graph.without([graph.layers[0]])
    self.assertEqual(smaller.name, 'kept')
    self.assertAllEqual(smaller(np.ones((1, 4, 4, 1)))[0, 0, 0], [5.0])


if __name__ == '__main__':
  tf.test.main()
