# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/layer_graph.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import layer_graph


def _name(call):
  """Returns the name of a call's layer, None for the input or an output."""
  if call is None or isinstance(call.layer, keras.layers.InputLayer):
    return None
  return call.layer.name


def _summary(graph):
  """Returns (layer, layers it reads) of each call, in order."""
  return [
    (_name(call), [_name(source) for source in call.sources])
    for call in graph.calls
  ]


def _by_name(graph):
  return {_name(call): call for call in graph.calls}


def _branches():
  """Returns a network whose layer 'left' has one reader and 'first' two."""
  given = keras.Input((4, 4, 2), batch_size=1, name='given')
  first = keras.layers.ReLU(name='first')(given)
  left = keras.layers.ReLU(name='left')(first)
  right = keras.layers.Conv2D(2, 1, name='right')(left)
  total = keras.layers.Add(name='total')([first, right])
  return keras.Model(given, total, name='branches')


def _picture():
  return np.random.default_rng(0).normal(size=(1, 4, 4, 2)).astype(np.float32)


class TraceTest(tf.test.TestCase):
  def test_calls_follow_the_calls_they_read(self):
    graph = layer_graph.LayerGraph(_branches())
    self.assertEqual(
      _summary(graph),
      [
        (None, []),
        ('first', [None]),
        ('left', ['first']),
        ('right', ['left']),
        ('total', ['first', 'right']),
      ],
    )
    self.assertEqual(graph.output.layer.name, 'total')

  def test_inner_networks_with_several_outputs_are_dissolved(self):
    image = keras.Input((4, 4, 2))
    first = keras.layers.ReLU(name='first')(image)
    second = keras.layers.Conv2D(2, 1, name='second')(first)
    inner = keras.Model(image, [first, second], name='inner')
    given = keras.Input((4, 4, 2))
    middle = keras.Model(given, inner(given), name='middle')
    rgb = keras.Input((4, 4, 2))
    one, two = middle(keras.layers.Rescaling(0.5, name='scaled')(rgb))
    total = keras.layers.Add(name='sum')([two, one])
    network = keras.Model(rgb, total, name='outer')
    graph = layer_graph.LayerGraph(network)
    self.assertEqual(
      _summary(graph),
      [
        (None, []),
        ('scaled', [None]),
        ('first', ['scaled']),
        ('second', ['first']),
        ('sum', ['second', 'first']),
      ],
    )
    built = graph.build()
    self.assertEqual(built.name, 'outer')
    self.assertAllEqual(
      network(_picture(), training=False), built(_picture(), training=False)
    )

  def test_a_layer_called_twice_gives_two_calls_and_stays_one_layer(self):
    given = keras.Input((4, 4, 2))
    shared = keras.layers.Conv2D(2, 1, name='shared')
    once = keras.layers.ReLU(name='once')(shared(given))
    network = keras.Model(given, keras.layers.ReLU(name='end')(shared(once)))
    graph = layer_graph.LayerGraph(network)
    self.assertEqual(
      _summary(graph),
      [
        (None, []),
        ('shared', [None]),
        ('once', ['shared']),
        ('shared', ['once']),
        ('end', ['shared']),
      ],
    )
    calls = _by_name(graph)
    # No pass may change either of its calls, or what they read and feed.
    self.assertIsNone(graph.only_source(calls['once']))
    self.assertIsNone(graph.only_source(calls['end']))
    self.assertEqual(graph.readers(calls['once']), [None])
    self.assertEqual(graph.readers(calls['shared']), [None])
    built = graph.build()
    self.assertLen(built.weights, 2)
    self.assertAllEqual(
      network(_picture(), training=False), built(_picture(), training=False)
    )

  def test_constants_in_calls_are_kept(self):
    rgb = keras.Input((4, 4, 3))
    network = keras.Model(rgb, keras.ops.add(keras.ops.add(rgb, rgb), 2.0))
    built = layer_graph.LayerGraph(network).build()
    self.assertAllEqual(built(np.ones((1, 4, 4, 3)))[0, 0, 0], [4.0] * 3)

  def test_the_copy_is_float32(self):
    keras.mixed_precision.set_global_policy('mixed_bfloat16')
    self.addCleanup(keras.mixed_precision.set_global_policy, 'float32')
    network = _branches()
    keras.mixed_precision.set_global_policy('float32')
    built = layer_graph.LayerGraph(network).build()
    self.assertEqual(network.get_layer('right').compute_dtype, 'bfloat16')
    self.assertEqual(
      {layer.compute_dtype for layer in built.layers}, {'float32'}
    )

  def test_refuses_bad_arguments(self):
    class Subclassed(keras.Model):
      pass

    with self.assertRaisesRegex(ValueError, 'functional keras.Model'):
      layer_graph.LayerGraph(Subclassed())
    given = keras.Input((4, 4, 2))
    two = keras.Model(given, [keras.layers.ReLU()(given)] * 2, name='two')
    with self.assertRaisesRegex(ValueError, 'two has 1 inputs and 2 outputs'):
      layer_graph.LayerGraph(two)


class RewriteTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.network = _branches()
    self.graph = layer_graph.LayerGraph(self.network)
    self.calls = _by_name(self.graph)

  def test_readers_and_only_source(self):
    def readers(name):
      return [_name(one) for one in self.graph.readers(self.calls[name])]

    self.assertEqual(readers('first'), ['left', 'total'])
    self.assertEqual(readers('left'), ['right'])
    self.assertEqual(self.graph.readers(self.calls['total']), [None])
    only_source = self.graph.only_source
    self.assertIsNone(only_source(self.calls['first']))  # The input feeds it.
    self.assertIsNone(only_source(self.calls['left']))  # It has a sibling.
    self.assertIs(only_source(self.calls['right']), self.calls['left'])
    self.assertIsNone(only_source(self.calls['total']))  # It has two sources.

  def test_nothing_is_shared(self):
    before = [weight.copy() for weight in self.network.get_weights()]
    built = self.graph.build()
    for weight in built.weights:
      weight.assign(weight + 1)
    again = self.graph.build()
    for old, original, copy in zip(
      before, self.network.get_weights(), again.get_weights(), strict=True
    ):
      self.assertAllEqual(old, original)
      self.assertAllEqual(old, copy)

  def test_a_call_is_removed(self):
    self.graph.replace(self.calls['right'])
    self.assertEqual(
      _summary(self.graph)[1:],
      [
        ('first', [None]),
        ('left', ['first']),
        ('total', ['first', 'left']),
      ],
    )
    relu = np.maximum(_picture(), 0)
    self.assertAllEqual(self.graph.build()(_picture()), 2 * relu)

  def test_a_call_is_inserted_after_another(self):
    double = keras.layers.Rescaling(2.0, name='double')
    for name in ('first', 'total'):
      call = self.calls[name]
      twice = layer_graph.new_call(double, call)
      self.graph.replace(call, call, twice)
    self.assertEqual(
      _summary(self.graph),
      [
        (None, []),
        ('first', [None]),
        ('double', ['first']),
        ('left', ['double']),
        ('right', ['left']),
        ('total', ['double', 'right']),
        ('double', ['total']),
      ],
    )
    self.assertAllClose(
      self.graph.build()(_picture()), 4 * self.network(_picture()), rtol=1e-6
    )

  def test_calls_that_nothing_reads_are_dropped(self):
    new = layer_graph.new_call(
      keras.layers.Conv2D(2, 1, name='new'),
      self.calls[None],
      weights=(np.ones((1, 1, 2, 2), np.float32), np.zeros(2, np.float32)),
    )
    self.graph.replace(self.calls['total'], new)
    self.assertEqual(_summary(self.graph), [(None, []), ('new', [None])])
    sums = _picture().sum(-1, keepdims=True)
    self.assertAllClose(self.graph.build()(_picture()), sums + 0 * _picture())

  def test_shapes(self):
    shapes = self.graph.shapes()
    self.assertEqual(shapes[self.calls['right']], (1, 4, 4, 2))

  def test_a_layer_is_replaced_in_all_its_calls(self):
    new = keras.layers.Conv2D(2, 1, use_bias=False, name='new')
    kernel = np.ones((1, 1, 2, 2), np.float32)
    self.graph.replace_layer(self.calls['right'].layer, new, [kernel])
    (built_kernel,) = self.graph.build().get_layer('new').get_weights()
    self.assertAllEqual(built_kernel, kernel)


if __name__ == '__main__':
  tf.test.main()
