# SPDX-License-Identifier: Apache-2.0
"""Tests of the MACs against counts by hand and against NumPy's loops."""

from absl.testing import absltest
from absl.testing import parameterized
import keras

from depth_mai.lite import converter
from depth_mai.runtime import graph
from depth_mai.runtime import macs
from tests.runtime import hand_drawn

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
    # Every input pixel meets the kernel of 2 x 2 x 5 for each of 3 channels.
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
    ('unheard_of', 'BUILTIN_999', [_T(0, 4)], _T(1, 4), None),
    ('loop', 'WHILE', [_T(0, 4)], _T(1, 4), None),
    ('three_d', 'CONV_3D', [_T(0, 4), _W(1, 1, 1, 1, 1, 1)], _T(2, 4), None),
  )
  def test_counts(self, name, inputs, output, want):
    self.assertEqual(macs.operator_macs(_only(name, inputs, output)), want)

  def test_what_is_done_at_load_costs_no_image_anything(self):
    folded = _only('CONV_2D', [_W(0, 1, 4, 4, 2), _W(1, 3, 1, 1, 2)], _T(2, 9))
    self.assertEqual(macs.operator_macs(folded), 0)

  @parameterized.parameters(
    ('CONV_2D', [_T(0, 1, 4, 4, 2), _T(1, 3, 2)]),
    ('CONV_2D', [_T(0, 1, 4, 4, 2)]),
    ('FULLY_CONNECTED', [_T(0, 4), None]),
    ('BATCH_MATMUL', [_T(0, 4), _T(1, 4)]),
  )
  def test_damage_is_named(self, name, inputs):
    with self.assertRaisesRegex(ValueError, f'Operator 0, {name}, .*shapes'):
      macs.operator_macs(_only(name, inputs, _T(9, 2, 4)))

  def test_kernel_size(self):
    depthwise = _only(
      'DEPTHWISE_CONV_2D', [_T(0, 1, 6, 6, 4), _W(1, 1, 5, 3, 4)], _T(2, 4)
    )
    self.assertEqual(macs.kernel_size(depthwise), (5, 3))
    self.assertIsNone(macs.kernel_size(_only('ADD', [_T(0, 4)], _T(1, 4))))


class ConvertedTest(absltest.TestCase):
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
      (operator.name, macs.operator_macs(operator))
      for operator in graph.read_graph(content).main.operators
      if macs.operator_macs(operator)
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


if __name__ == '__main__':
  absltest.main()
