# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/quantisation_aware.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import clb
from depth_mai.layers import depth_head
from depth_mai.layers import fake_quantisation
from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.lite import flatbuffer
from depth_mai.lite import quantisation_aware
from tests.training import rounded_network


def _rounders(network):
  return {
    layer.name.removesuffix('_rounded'): layer
    for layer in network.layers
    if isinstance(layer, fake_quantisation.FakeQuantise)
  }


def _trained(network):
  """Returns the network with rounding, its ranges set by a few images."""
  rounding = quantisation_aware.quantise(network, momentum=0.9, freeze_after=10)
  rounding(rounded_network.images(8), training=True)
  return rounding


class QuantisationTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters('linear', 'log', 'inverse')
  def test_without_its_rounding_it_is_the_network(self, depth_code):
    network = rounded_network.network(depth_code)
    images = rounded_network.images(4)
    rounding = _trained(network)
    self.assertNotAllClose(
      network(images, training=False), rounding(images, training=False)
    )
    self.assertAllClose(
      network(images, training=False),
      collapse.collapse(rounding)(images, training=False),
      rtol=2e-4,
    )
    kinds = {type(layer) for layer in rounding.layers}
    self.assertNotIn(keras.layers.BatchNormalization, kinds)
    self.assertNotIn(keras.layers.Conv2D, kinds)

  def test_collapsible_blocks_are_folded_and_shared_weights_are_not(self):
    image = keras.Input((*rounded_network.SIZE, 3))
    x = clb.CollapsibleConv2D(4, expansion=8, name='block')(image)
    x = keras.layers.BatchNormalization(name='block_bn')(x)
    x = keras.layers.ReLU(name='block_act')(x)
    network = keras.Model(image, keras.layers.Conv2D(1, 1, name='head')(x))
    before = network.get_weights()
    rounding = _trained(network)
    self.assertEqual(
      [variable.path for variable in rounding.trainable_variables],
      ['block/kernel', 'block/bias', 'head/kernel', 'head/bias'],
    )
    for old, new in zip(before, network.get_weights(), strict=True):
      self.assertAllEqual(old, new)

  def test_rounds_where_the_file_has_tensors(self):
    rounders = _rounders(_trained(rounded_network.network('log')))
    self.assertEqual(
      list(rounders),
      [
        # (x - 127.5) / 127.5 is a product and a sum.
        'normalise_scale',
        'normalise',
        # Hard-swish is a separate operator, ReLU is not.
        'stem',
        'stem_act',
        'block_expand_act',
        'block_depthwise_act',
        'block_se_squeeze',
        'block_se_in_act',
        # Hard-sigmoid is a ReLU6 inside the convolution, and a product.
        'block_se_out_act_relu',
        'block_se_out_act',
        'block_se_scale',
        'block_project',
        # For block_add, swish, up and concat, which have the same steps.
        'concat',
        'down',
        # Swish is a sigmoid and a product.
        'swish_gate',
        # The ReLU after a concatenation is an operator.
        'loose_act',
        'head_act',
      ],
    )
    self.assertAllEqual(
      [rounders['swish_gate'].low, rounders['swish_gate'].high], [0, 255 / 256]
    )

  def test_a_linear_head_is_rounded_in_metres_too(self):
    rounders = _rounders(_trained(rounded_network.network('linear')))
    self.assertEqual(list(rounders)[-2:], ['head_act', 'depth_m'])

  def test_ranges_freeze_after_the_given_part_of_the_training(self):
    network = rounded_network.network()
    settings = quantisation_aware.FakeQuantisation(freeze_at=0.5, momentum=0.0)
    rounding = settings.apply(network, total_steps=4)
    seen = []
    for seed in range(4):
      rounding(rounded_network.images(2, seed), training=True)
      seen.append(
        [float(layer.high.numpy()) for layer in _rounders(rounding).values()]
      )
    concat = list(_rounders(rounding)).index('concat')  # Called four times.
    self.assertNotEqual(seen[0][concat], seen[1][concat])
    self.assertEqual(seen[1], seen[2])
    self.assertEqual(seen[1], seen[3])

  @parameterized.parameters('linear', 'log', 'inverse')
  def test_computes_as_its_int8_file(self, depth_code):
    rounding = _trained(rounded_network.network(depth_code))
    plain = collapse.collapse(rounding, keep_rounding=True)
    rgb = keras.Input((*rounded_network.SIZE, 3), batch_size=1)
    content = converter.convert_rounded(keras.Model(rgb, plain(rgb)))
    file = tf.lite.Interpreter(model_content=content)
    file.allocate_tensors()
    found, expected = [], []
    for image in rounded_network.images(6, seed=9):
      file.set_tensor(file.get_input_details()[0]['index'], image[np.newaxis])
      file.invoke()
      found.append(file.get_tensor(file.get_output_details()[0]['index']))
      expected.append(rounding(image[np.newaxis], training=False).numpy())
    step = float(_rounders(rounding)['head_act'].high.numpy()) / 255
    steps = [
      depth_head.encode_depth(np.stack(depth_m), depth_code, 0.1) / step
      for depth_m in (found, expected)
    ]
    self.assertGreater(np.std(steps[1]), 5)  # The depth varies.
    distance = np.abs(steps[0] - steps[1])
    # An INT8 mean or hard-swish may round a tie the other way.
    self.assertGreater(np.mean(distance < 1.05), 0.97)
    self.assertGreater(np.mean(distance < 0.05), 0.7)

  def test_all_but_the_ends_of_the_file_is_int8(self):
    rounding = _trained(rounded_network.network('log'))
    plain = collapse.collapse(rounding, keep_rounding=True)
    rgb = keras.Input((*rounded_network.SIZE, 3), batch_size=1)
    model = flatbuffer.read_model(
      converter.convert_rounded(keras.Model(rgb, plain(rgb)))
    )
    tensors = model.subgraphs[0].tensors
    types = [
      (
        flatbuffer.operator_name(model, operator),
        flatbuffer.type_name(tensors[operator.outputs[0]]),
      )
      for operator in model.subgraphs[0].operators
    ]
    self.assertEqual(types[:2], [('MUL', 'FLOAT32'), ('QUANTIZE', 'INT8')])
    self.assertEqual({kind for _, kind in types[1:-3]}, {'INT8'})
    self.assertEqual(
      types[-3:],
      [('DEQUANTIZE', 'FLOAT32'), ('EXP', 'FLOAT32'), ('MUL', 'FLOAT32')],
    )

  def test_every_weight_learns(self):
    rounding = _trained(rounded_network.network('log'))
    with tf.GradientTape() as tape:
      depth_m = rounding(rounded_network.images(4), training=True)
      loss = tf.reduce_mean(tf.math.log(depth_m))
    variables = rounding.trainable_variables
    gradients = tape.gradient(loss, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
      self.assertGreater(np.abs(gradient).max(), 0, variable.path)

  def test_rounding_is_found_in_inner_networks_too(self):
    network = rounded_network.network('log')
    self.assertFalse(quantisation_aware.rounds(network))
    rounding = quantisation_aware.quantise(network, 0.9, 1)
    self.assertTrue(quantisation_aware.rounds(rounding))
    rgb = keras.Input((*rounded_network.SIZE, 3))
    outer = keras.Model(rgb, rounding(rgb))
    self.assertTrue(quantisation_aware.rounds(outer))

  def test_refuses_batch_norms_that_cannot_be_folded(self):
    image = keras.Input((8, 8, 3))
    x = keras.layers.BatchNormalization(name='early_bn')(image)
    network = keras.Model(image, keras.layers.Conv2D(1, 1)(x))
    with self.assertRaisesRegex(ValueError, 'early_bn'):
      quantisation_aware.quantise(network, 0.9, 1)
    x = keras.layers.Conv2D(3, 1, name='conv')(image)
    normed = keras.layers.BatchNormalization(name='shared_bn')(x)
    network = keras.Model(image, keras.layers.Add()([x, normed]))
    with self.assertRaisesRegex(ValueError, 'shared_bn'):
      quantisation_aware.quantise(network, 0.9, 1)

  @parameterized.parameters({'freeze_at': 0.0}, {'momentum': 1.0})
  def test_refuses_bad_settings(self, **settings):
    with self.assertRaisesRegex(ValueError, next(iter(settings))):
      quantisation_aware.FakeQuantisation(**settings)


if __name__ == '__main__':
  tf.test.main()
