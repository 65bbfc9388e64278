# SPDX-License-Identifier: Apache-2.0
import json

import keras
import numpy as np
import tensorflow as tf

from benchmarks.step_race import graph
from benchmarks.step_race import recipe
from depth_mai.models import network_file
from tests.benchmarks.step_race import tiny_network


class GraphTest(tf.test.TestCase):
  def test_nodes_are_the_layers_with_what_they_read(self):
    picture = keras.Input((5, 6, 3), name='picture')
    a = keras.layers.Conv2D(4, 3, 2, 'same', name='a')(picture)
    b = keras.layers.ReLU(6.0, name='b')(a)
    c = keras.layers.Concatenate(name='c')([b, a])
    found = graph.nodes(keras.Model(picture, c))
    self.assertEqual(
      [(x['name'], x['kind'], x['inputs'], x['input_shape']) for x in found],
      [
        ('a', 'Conv2D', ['picture'], [5, 6, 3]),
        ('b', 'ReLU', ['a'], [3, 3, 4]),
        ('c', 'Concatenate', ['b', 'a'], [3, 3, 4]),
      ],
    )
    self.assertEqual(found[0]['config']['strides'], [2, 2])
    self.assertEqual(found[1]['config']['max_value'], 6.0)

  def test_what_is_no_list_of_layers_is_refused(self):
    picture = keras.Input((5, 6, 3))
    twice = keras.layers.ReLU(name='twice')
    for network, named in (
      (keras.Model(picture, twice(twice(picture))), 'twice'),
      (keras.Model(picture, twice(picture + 1.0)), 'add'),
    ):
      with self.assertRaisesRegex(ValueError, f'{named}.*--system'):
        graph.nodes(network)

  def test_an_unknown_system_is_refused(self):
    self.assertEqual(graph.system('tcl').output_upsampling, 'nearest')
    with self.assertRaisesRegex(ValueError, '--system=tlc must be of .*tcl,'):
      graph.system('tlc')

  def test_all_that_a_worker_needs_is_written(self):
    folder = tiny_network.export(self.create_tempdir().full_path)
    network = network_file.load_network(folder / recipe.NETWORK)
    described = json.loads((folder / recipe.GRAPH).read_text())
    self.assertEqual(described['upsampling'], 'nearest')
    weights = dict(np.load(folder / recipe.WEIGHTS))
    self.assertLen(weights, len(network.variables))
    self.assertAllEqual(
      weights['stem_bn/moving_mean'],
      network.get_layer('stem_bn').moving_mean,
    )
    batch = dict(np.load(folder / recipe.BATCH))
    self.assertAllClose(
      batch['prediction'], network(batch['rgb'], training=False), 1e-6
    )


if __name__ == '__main__':
  tf.test.main()
