# SPDX-License-Identifier: Apache-2.0
"""Tests of the costs, by hand and against published networks."""

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


class OperatorCostsTest(absltest.TestCase):
  def test_a_convolution(self):
    read = graph.read_graph(tiny_model.float_model((6, 8), outputs=2))
    (only,) = cost.operator_costs(read)
    self.assertEqual(only.macs, 6 * 8 * 2 * 3)
    self.assertEqual(only.parameters, 2 * 3 + 2)
    self.assertEqual(only.weight_bytes, 4 * 8)
    self.assertEqual(only.activation_bytes, 4 * 6 * 8 * (3 + 2))

  def test_integer_biases_are_parameters_and_shapes_are_none(self):
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

  def test_the_unknown_does_not_spoil_the_sum(self):
    drawn = hand_drawn.draw(
      ('CUSTOM:x', [_T(0, 1, 2, 2, 3)], [_T(1, 1, 2, 2, 3)]),
      ('CONV_2D', [_T(1, 1, 2, 2, 3), _W(2, 1, 1, 1, 3)], [_T(3, 1, 2, 2, 1)]),
    )
    costs = cost.operator_costs(drawn)
    self.assertIsNone(costs[0].macs)
    self.assertEqual(cost.total_macs(costs), 12)


class ConvertedTest(parameterized.TestCase):
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
