# SPDX-License-Identifier: Apache-2.0
"""Tests of the costs against counts by hand and published networks."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import keras

from depth_mai.lite import converter
from depth_mai.runtime import cost
from depth_mai.runtime import graph
from tests.lite import small_network
from tests.runtime import hand_drawn
from tests.runtime import tiny_model

_T, _W = hand_drawn.tensor, hand_drawn.weights


def _only(name, inputs, output):
  return hand_drawn.draw((name, inputs, [output])).main.operators[0]


class OperatorMacsTest(parameterized.TestCase):
  @parameterized.named_parameters(
    # 4 x 5 output pixels, 7 channels, a kernel of 3 x 3 x 2.
    (
      'convolution',
      'CONV_2D',
      [_T(0, 1, 8, 10, 2), _W(1, 7, 3, 3, 2), _W(2, 7)],
      _T(3, 1, 4, 5, 7),
      4 * 5 * 7 * 3 * 3 * 2,
    ),
    # Two groups: each output channel sees 3 of the 6 input channels.
    (
      'grouped',
      'CONV_2D',
      [_T(0, 1, 4, 4, 6), _W(1, 8, 1, 1, 3), _W(2, 8)],
      _T(3, 1, 4, 4, 8),
      4 * 4 * 8 * 3,
    ),
    (
      'depthwise',
      'DEPTHWISE_CONV_2D',
      [_T(0, 1, 6, 6, 4), _W(1, 1, 5, 5, 4), _W(2, 4)],
      _T(3, 1, 3, 3, 4),
      3 * 3 * 4 * 25,
    ),
    (
      'dense',
      'FULLY_CONNECTED',
      [_T(0, 2, 30), _W(1, 12, 30), None],
      _T(3, 2, 12),
      2 * 12 * 30,
    ),
    # Every input pixel times the kernel of 2 x 2 x 5 for each of 3 channels.
    (
      'transposed',
      'TRANSPOSE_CONV',
      [
        _W(0, 4, type_name='INT32'),
        _W(1, 5, 2, 2, 3),
        _T(2, 1, 4, 6, 3),
      ],
      _T(3, 1, 8, 12, 5),
      4 * 6 * 3 * 2 * 2 * 5,
    ),
    (
      'product',
      'BATCH_MATMUL',
      [_T(0, 1, 2, 7, 5), _T(1, 1, 2, 5, 3)],
      _T(2, 1, 2, 7, 3),
      2 * 7 * 5 * 3,
    ),
    (
      'product_of_transposed',
      'BATCH_MATMUL',
      [_T(0, 5, 7), _T(1, 3, 5)],
      _T(2, 7, 3),
      7 * 5 * 3,
    ),
    ('sum', 'ADD', [_T(0, 1, 4, 4, 2), _T(1, 1, 4, 4, 2)], _T(2, 9), 0),
    ('resize', 'RESIZE_BILINEAR', [_T(0, 1, 2, 2, 2)], _T(1, 1, 9, 9, 2), 0),
    ('mean', 'MEAN', [_T(0, 1, 2, 2, 2)], _T(1, 1, 1, 1, 2), 0),
    ('custom', 'CUSTOM:Erf', [_T(0, 4)], _T(1, 4), None),
    ('unknown', 'BUILTIN_999', [_T(0, 4)], _T(1, 4), None),
    ('loop', 'WHILE', [_T(0, 4)], _T(1, 4), None),
    ('three_d', 'CONV_3D', [_T(0, 4), _W(1, 1, 1, 1, 1, 1)], _T(2, 4), None),
  )
  def test_counts(self, name, inputs, output, want):
    self.assertEqual(cost.operator_macs(_only(name, inputs, output)), want)

  def test_operators_run_at_load_have_no_macs(self):
    folded = _only('CONV_2D', [_W(0, 1, 4, 4, 2), _W(1, 3, 1, 1, 2)], _T(2, 9))
    self.assertEqual(cost.operator_macs(folded), 0)

  @parameterized.parameters(
    ('CONV_2D', [_T(0, 1, 4, 4, 2), _T(1, 3, 2)]),
    ('CONV_2D', [_T(0, 1, 4, 4, 2)]),
    ('FULLY_CONNECTED', [_T(0, 4), None]),
    ('BATCH_MATMUL', [_T(0, 4), _T(1, 4)]),
  )
  def test_message_names_a_damaged_operator(self, name, inputs):
    with self.assertRaisesRegex(ValueError, f'Operator 0, {name}, .*shapes'):
      cost.operator_macs(_only(name, inputs, _T(9, 2, 4)))

  def test_kernel_size(self):
    depthwise = _only(
      'DEPTHWISE_CONV_2D', [_T(0, 1, 6, 6, 4), _W(1, 1, 5, 3, 4)], _T(2, 4)
    )
    self.assertEqual(cost.kernel_size(depthwise), (5, 3))
    self.assertIsNone(cost.kernel_size(_only('ADD', [_T(0, 4)], _T(1, 4))))


class OperatorCostsTest(absltest.TestCase):
  def test_a_convolution(self):
    read = graph.read_graph(tiny_model.float_model((6, 8), outputs=2))
    (only,) = cost.operator_costs(read)
    self.assertEqual(only.macs, 6 * 8 * 2 * 3)
    self.assertEqual(only.parameters, 2 * 3 + 2)
    self.assertEqual(only.weight_bytes, 4 * 8)
    self.assertEqual(only.activation_bytes, 4 * 6 * 8 * (3 + 2))

  def test_integer_biases_are_parameters_but_shapes_are_not(self):
    drawn = hand_drawn.draw(
      (
        'TRANSPOSE_CONV',
        [
          _W(0, 4, type_name='INT32'),
          _W(1, 5, 2, 2, 3, type_name='INT8'),
          _T(2, 1, 4, 6, 3, type_name='INT8'),
          _W(3, 5, type_name='INT32'),
        ],
        [_T(4, 1, 8, 12, 5, type_name='INT8')],
      ),
      (
        'RESIZE_BILINEAR',
        [_T(4, 1, 8, 12, 5, type_name='INT8'), _W(5, 2, type_name='INT32')],
        [_T(6, 1, 16, 24, 5, type_name='INT8')],
      ),
    )
    first, second = cost.operator_costs(drawn)
    self.assertEqual(first.parameters, 5 * 2 * 2 * 3 + 5)
    self.assertEqual(first.weight_bytes, 5 * 2 * 2 * 3 + 4 * 5)
    self.assertEqual((second.parameters, second.weight_bytes), (0, 0))
    self.assertEqual(second.activation_bytes, 5 * (8 * 12 + 16 * 24))

  def test_shared_weights_count_once(self):
    kernel = _W(1, 2, 1, 1, 2)
    drawn = hand_drawn.draw(
      ('CONV_2D', [_T(0, 1, 3, 3, 2), kernel], [_T(2, 1, 3, 3, 2)]),
      ('CONV_2D', [_T(2, 1, 3, 3, 2), kernel], [_T(3, 1, 3, 3, 2)]),
    )
    first, second = cost.operator_costs(drawn)
    self.assertEqual((first.parameters, second.parameters), (4, 0))
    self.assertEqual(first.macs, second.macs)
    self.assertEqual(cost.parameters(drawn), 4)

  def test_half_precision_weights_count_where_they_are_used(self):
    drawn = hand_drawn.draw(
      ('DEQUANTIZE', [_W(0, 2, 1, 1, 3, type_name='FLOAT16')], [_T(1, 6)]),
      (
        'CONV_2D',
        [_T(2, 1, 3, 3, 3), _T(1, 2, 1, 1, 3)],
        [_T(3, 1, 3, 3, 2)],
      ),
    )
    first, second = cost.operator_costs(drawn)
    self.assertEqual((first.parameters, first.activation_bytes), (0, 0))
    self.assertEqual((second.parameters, second.weight_bytes), (6, 12))
    self.assertEqual(second.activation_bytes, 4 * 9 * (3 + 2))

  def test_an_activation_that_is_used_twice_is_read_once(self):
    drawn = hand_drawn.draw(('MUL', [_T(0, 7), _T(0, 7)], [_T(1, 7)]))
    self.assertEqual(cost.operator_costs(drawn)[0].activation_bytes, 4 * 14)

  def test_sum_leaves_out_unknown_macs(self):
    drawn = hand_drawn.draw(
      ('CUSTOM:x', [_T(0, 1, 2, 2, 3)], [_T(1, 1, 2, 2, 3)]),
      ('CONV_2D', [_T(1, 1, 2, 2, 3), _W(2, 1, 1, 1, 3)], [_T(3, 1, 2, 2, 1)]),
    )
    costs = cost.operator_costs(drawn)
    self.assertIsNone(costs[0].macs)
    self.assertEqual(cost.total_macs(costs), 12)


class ConvertedTest(parameterized.TestCase):
  def test_a_keras_network(self):
    layers = keras.layers
    image = keras.Input((16, 20, 3), batch_size=1)
    x = layers.Conv2D(8, 3, 2, padding='same')(image)
    x = layers.ReLU()(x)
    x = layers.DepthwiseConv2D(5, padding='same')(x)
    x = layers.Conv2D(6, 1)(x)
    x = layers.Conv2DTranspose(4, 2, 2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(10)(x)
    content = converter.convert(keras.Model(image, x), 'fp32')
    counted = [
      (operator.name, cost.operator_macs(operator))
      for operator in graph.read_graph(content).main.operators
      if cost.operator_macs(operator)
    ]
    self.assertEqual(
      counted,
      [
        ('CONV_2D', 8 * 10 * 8 * 3 * 3 * 3),
        ('DEPTHWISE_CONV_2D', 8 * 10 * 8 * 5 * 5),
        ('CONV_2D', 8 * 10 * 6 * 8),
        ('TRANSPOSE_CONV', 8 * 10 * 6 * 2 * 2 * 4),
        ('FULLY_CONNECTED', 4 * 10),
      ],
    )

  def test_every_precision_has_the_same_parameters_and_macs(self):
    network = small_network.small_network()
    model = keras.Model(
      image := keras.Input((32, 40, 3), batch_size=1), network(image)
    )
    figures = []
    for precision in ('fp32', 'fp16'):
      read = graph.read_graph(converter.convert(model, precision))
      costs = cost.operator_costs(read)
      figures.append((cost.parameters(read), cost.total_macs(costs)))
      self.assertEqual(sum(x.parameters for x in costs), figures[-1][0])
    self.assertEqual(figures[0], figures[1])

  # Millions. Howard et al. 2019, "Searching for MobileNetV3", table 3: 219 M
  # multiply-adds and 5.4 M parameters, 56 M and 2.5 M.
  @parameterized.parameters(
    (keras.applications.MobileNetV3Large, 219, 5.4),
    (keras.applications.MobileNetV3Small, 56, 2.5),
  )
  def test_published_networks(self, build, macs, parameters):
    network = build((224, 224, 3), weights=None, include_top=True)
    image = keras.Input((224, 224, 3), batch_size=1)
    content = converter.convert(keras.Model(image, network(image)), 'fp32')
    read = graph.read_graph(content)
    found = cost.total_macs(cost.operator_costs(read))
    self.assertEqual(found, _macs_of_layers(network))
    self.assertAlmostEqual(found / (1e6 * macs), 1.0, delta=0.012)
    # BatchNorm is folded into the kernels, which changes little.
    self.assertAlmostEqual(
      cost.parameters(read) / (1e6 * parameters), 1.0, delta=0.02
    )


def _macs_of_layers(network):
  """Counts the MACs of a Keras network's convolutions."""
  total = 0
  for layer in network.layers:
    if isinstance(layer, keras.layers.DepthwiseConv2D):
      total += math.prod(layer.output.shape[1:]) * math.prod(layer.kernel_size)
    elif isinstance(layer, keras.layers.Conv2D):
      total += math.prod(layer.output.shape[1:]) * math.prod(
        layer.kernel.shape[:3]
      )
  return total


if __name__ == '__main__':
  absltest.main()
