# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/layer_graph.py."""

import keras
import tensorflow as tf

from depth_mai.lite import layer_graph


def _summary(calls):
  """Returns (layer, layers it reads) of each call, in order."""
  return [
    (
      call.layer.name if call.layer else None,
      [source.layer.name if source.layer else None for source in call.sources],
    )
    for call in calls
  ]


class LayerGraphTest(tf.test.TestCase):
  def test_calls_follow_those_that_they_read(self):
    rgb = keras.Input((4, 4, 3))
    a = keras.layers.ReLU(name='a')(rgb)
    b = keras.layers.ReLU(name='b')(a)
    c = keras.layers.Concatenate(name='c')([b, a])
    network = keras.Model(rgb, keras.layers.ReLU(name='d')(c))
    self.assertEqual(
      _summary(layer_graph.trace(network)),
      [
        (None, []),
        ('a', [None]),
        ('b', ['a']),
        ('c', ['b', 'a']),
        ('d', ['c']),
      ],
    )

  def test_the_output_is_last_even_where_others_read_it(self):
    rgb = keras.Input((4, 4, 3))
    a = keras.layers.ReLU(name='a')(rgb)
    b = keras.layers.Add(name='b')([a, keras.layers.ReLU(name='c')(a)])
    calls = layer_graph.trace(keras.Model(rgb, b))
    self.assertEqual(calls[-1].layer.name, 'b')

  def test_inner_networks_of_several_outputs_are_dissolved(self):
    image = keras.Input((4, 4, 3))
    first = keras.layers.ReLU(name='first')(image)
    second = keras.layers.ReLU(name='second')(first)
    inner = keras.Model(image, [first, second], name='inner')
    rgb = keras.Input((4, 4, 3))
    scaled = keras.layers.Rescaling(0.5, name='scaled')(rgb)
    one, two = inner(scaled)
    network = keras.Model(rgb, keras.layers.Add(name='sum')([two, one]))
    self.assertEqual(
      _summary(layer_graph.trace(network)),
      [
        (None, []),
        ('scaled', [None]),
        ('first', ['scaled']),
        ('second', ['first']),
        ('sum', ['second', 'first']),
      ],
    )

  def test_a_layer_called_twice_gives_two_calls(self):
    rgb = keras.Input((4, 4, 3))
    shared = keras.layers.ReLU(name='shared')
    calls = layer_graph.trace(keras.Model(rgb, shared(shared(rgb))))
    self.assertEqual(
      _summary(calls),
      [(None, []), ('shared', [None]), ('shared', ['shared'])],
    )
    self.assertIs(calls[2].sources[0], calls[1])

  def test_refuses_what_is_no_tensor(self):
    rgb = keras.Input((4, 4, 3))
    scaled = keras.layers.Add(name='sum')([rgb, rgb])
    network = keras.Model(rgb, keras.ops.add(scaled, 2.0))
    with self.assertRaisesRegex(ValueError, 'something else than the outputs'):
      layer_graph.trace(network)


if __name__ == '__main__':
  tf.test.main()
