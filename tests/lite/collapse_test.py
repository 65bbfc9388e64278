# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/collapse.py."""

import os

import keras
import numpy as np
import tensorflow as tf

from depth_mai.challenge_folder import folder
from depth_mai.datasets.procedural_rooms import scene
from depth_mai.layers import clb
from depth_mai.layers import fake_quantisation
from depth_mai.lite import collapse
from depth_mai.models.systems import tcl
from tests.lite import small_network


def _batch(count=2):
  return np.stack(small_network.pictures(count, (32, 40))).astype(np.float32)


class CollapseTest(tf.test.TestCase):
  def test_outputs_are_equal(self):
    network = small_network.small_network()
    copy = collapse.collapse(network)
    self.assertAllClose(
      network(_batch(), training=False),
      copy(_batch(), training=False),
      rtol=1e-4,
      atol=0,
    )

  def _check_tcl(self, images):
    """Compares TCL with its collapsed copy, statistics as after training."""
    network = tcl.tcl()
    images = tf.image.resize(np.float32(images), network.input_shape[1:3])
    for _ in range(20):
      network(images, training=True)
    copy = collapse.collapse(network)
    expanded = network(images, training=False).numpy()
    collapsed = copy(images, training=False).numpy()
    self.assertGreater(expanded.std(), 0.01)
    self.assertAllClose(expanded, collapsed, rtol=1e-4, atol=0)
    self.assertLess(copy.count_params(), network.count_params() / 2)

  def test_tcl_on_procedural_rooms(self):
    self._check_tcl([scene.make_pair(seed)[0] for seed in range(2)])

  def test_tcl_on_real_images(self):
    data_dir = os.environ.get('DEPTH_MAI_TEST_DATA')
    if not data_dir:
      self.skipTest(
        'DEPTH_MAI_TEST_DATA is not set: the folder of a data set of real '
        'pairs in the layout of the challenge, with a validation split.'
      )
    pairs = folder.list_pairs(data_dir, 'validation')[:8]
    self._check_tcl([folder.read_rgb(pair.rgb_path) for pair in pairs])

  def test_blocks_are_replaced_and_the_name_stays(self):
    network = small_network.small_network('tcl')
    copy = collapse.collapse(network)
    self.assertEqual(copy.name, 'tcl')
    kinds = {layer.name: type(layer) for layer in copy.layers}
    self.assertNotIn(clb.CollapsibleConv2D, kinds.values())
    self.assertIs(kinds['middle'], keras.layers.Conv2D)
    # 3x3x3x8 stem, 4x8 norm, 3x3x8+8, 3x3x8x8+8, 3x3x16x1+1.
    self.assertEqual(copy.count_params(), 216 + 32 + 80 + 584 + 145)

  def test_weights_and_statistics_stay_and_are_not_shared(self):
    network = small_network.small_network()
    before = [np.array(weight) for weight in network.get_weights()]
    copy = collapse.collapse(network)
    copy(_batch(), training=True)
    self.assertAllEqual(
      np.concatenate([weight.ravel() for weight in before]),
      np.concatenate([weight.ravel() for weight in network.get_weights()]),
    )

  def test_networks_inside_networks_are_dissolved(self):
    inner = small_network.small_network('inner')
    rgb = keras.Input((32, 40, 3))
    outer = keras.Model(rgb, inner(rgb), name='outer')
    copy = collapse.collapse(outer)
    self.assertAllClose(
      outer(_batch(), training=False),
      copy(_batch(), training=False),
      rtol=1e-4,
      atol=0,
    )
    self.assertIsInstance(copy.get_layer('head'), keras.layers.Conv2D)

  def test_mixed_precision_becomes_float32(self):
    keras.mixed_precision.set_global_policy('mixed_bfloat16')
    self.addCleanup(keras.mixed_precision.set_global_policy, 'float32')
    network = small_network.small_network()
    keras.mixed_precision.set_global_policy('float32')
    copy = collapse.collapse(network)
    self.assertEqual(network.get_layer('stem').compute_dtype, 'bfloat16')
    self.assertEqual(
      {layer.compute_dtype for layer in copy.layers}, {'float32'}
    )
    exact = small_network.small_network()
    self.assertAllClose(
      exact(_batch(), training=False), copy(_batch(), training=False), rtol=1e-4
    )

  def test_removes_the_rounding(self):
    rgb = keras.Input((32, 40, 3))
    rounding = fake_quantisation.FakeQuantise(name='rounding')
    conv = fake_quantisation.QuantisedConv2D(4, 3, name='conv')
    depthwise = fake_quantisation.QuantisedDepthwiseConv2D(3, name='depthwise')
    x = rounding(conv(rounding(rgb)))
    x = keras.layers.Concatenate(name='concat')([x, rounding(x)])
    network = keras.Model(rgb, rounding(depthwise(x)), name='rounded')
    network(_batch(), training=True)
    copy = collapse.collapse(network)
    self.assertEqual(
      [(layer.name, type(layer)) for layer in copy.layers[1:]],
      [
        ('conv', keras.layers.Conv2D),
        ('concat', keras.layers.Concatenate),
        ('depthwise', keras.layers.DepthwiseConv2D),
      ],
    )
    x = keras.ops.conv(_batch(), conv.kernel) + conv.bias
    x = keras.ops.concatenate([x, x], -1)
    x = keras.ops.depthwise_conv(x, depthwise.kernel) + depthwise.bias
    self.assertAllClose(copy(_batch(), training=False), x, rtol=1e-4, atol=1e-3)

    kept = collapse.collapse(network, keep_rounding=True)
    self.assertIs(type(kept.get_layer('conv')), keras.layers.Conv2D)
    self.assertAllEqual(
      kept.get_layer('rounding').get_weights(), rounding.get_weights()
    )
    # One step of the output is the 255th part of its range.
    self.assertLess(np.unique(kept(_batch(), training=False)).size, 257)

  def test_refuses_networks_that_are_not_functional(self):
    class Subclassed(keras.Model):
      pass

    with self.assertRaisesRegex(ValueError, 'functional keras.Model'):
      collapse.collapse(Subclassed())


if __name__ == '__main__':
  tf.test.main()
