# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/operators.py."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.lite import flatbuffer
from depth_mai.runtime import graph
from depth_mai.runtime import operators
from tests.lite import hand_made
from tests.runtime import tiny_model

_FLOAT_CONV = ('CONV_2D', 1, ('FLOAT32', 'FLOAT32', 'FLOAT32'))


class CheckTest(parameterized.TestCase):
  # Published: TensorFlow's release notes and versioning tables.
  @parameterized.parameters(
    (_FLOAT_CONV, '1.5.0'),
    (('CONV_2D', 3, ('INT8', 'INT8', 'INT32')), '1.14.0'),
    (('CONV_2D', 5, ('FLOAT32', 'INT8', 'FLOAT32')), '2.4.0'),
    (('RESIZE_BILINEAR', 3, ('FLOAT32', 'INT32')), '2.2.0'),
    (('RESIZE_NEAREST_NEIGHBOR', 3, ('INT8', 'INT32')), '2.3.0'),
    (('MUL', 5, ('INT64', 'INT64')), '2.6.0'),
    (('TILE', 1, ('FLOAT32', 'INT32')), '1.10.1'),
    (('TILE', 3, ('INT8', 'INT32')), '2.8.0'),
    (('GELU', 1, ('FLOAT32',)), '2.9.0'),
    (('EXP', 1, ('FLOAT32',)), '1.7.0'),
    (('EXP', 2, ('INT8',)), '2.12.0'),
    (('LOG', 2, ('INT8',)), '2.15.0'),
    (('DEPTH_TO_SPACE', 2, ('INT8',)), '2.5.0'),
  )
  def test_first_release(self, operator, release):
    report = operators.check(hand_made.model(operator))
    self.assertEqual(report.min_runtime, release)
    self.assertEqual(
      report.compatible, operators.parse_release(release) <= (2, 5, 0)
    )

  # A 16x8 file carries the versions of int8 operators.
  @parameterized.parameters(
    (('RESIZE_BILINEAR', 3, ('INT16', 'INT32')), '2.5.0'),
    (('ADD', 2, ('INT16', 'INT16')), '2.4.0'),
    (('CONV_2D', 3, ('INT16', 'INT8', 'INT64')), '2.3.0'),
    (('CONV_2D', 3, ('INT16', 'INT8', 'INT32')), '2.15.0'),
    (('SPLIT', 2, ('INT32', 'INT16')), '2.3.0'),
  )
  def test_too_low_versions_of_int16_are_corrected(self, operator, release):
    self.assertEqual(
      operators.check(hand_made.model(operator)).min_runtime, release
    )

  # TFLite 2.5.0 itself refuses these, or computes wrong values (SUM, several
  # scales), although it has the version: devices/tflite_2_5 has run them.
  @parameterized.parameters(
    (('DIV', 1, ('INT8', 'INT8')), False),
    (('DIV', 1, ('FLOAT32', 'FLOAT32')), True),
    (('NEG', 1, ('INT16',)), False),
    (('SUM', 2, ('INT16', 'INT32')), False),
    (('SUM', 2, ('INT8', 'INT32')), True),
    (('PADV2', 2, ('INT16', 'INT32', 'FLOAT32')), False),
    (('PADV2', 2, ('INT16', 'INT32', 'INT16')), True),
    (('SPACE_TO_BATCH_ND', 2, ('INT16', 'INT32')), False),
    (('FULLY_CONNECTED', 4, ('INT8', 'INT8', 'INT32')), True),
    (('TRANSPOSE_CONV', 3, ('INT32', 'INT8', 'FLOAT32')), False),
    (('TRANSPOSE_CONV', 3, ('INT32', 'INT8', 'INT8')), True),
  )
  def test_kernels_that_2_5_lacks(self, operator, compatible):
    report = operators.check(hand_made.model(operator))
    self.assertEqual(report.compatible, compatible)

  @parameterized.parameters(
    ('CONV_2D', 'FLOAT32', 'INT8', 2, False),
    ('CONV_2D', 'FLOAT32', 'INT8', 1, True),
    ('CONV_2D', 'INT8', 'INT8', 2, True),
    ('CONV_2D', 'FLOAT32', 'FLOAT32', 2, True),
  )
  def test_dilation(self, name, data, weights, dilation, compatible):
    model = flatbuffer.read_model(hand_made.model((name, 5, (data, weights))))
    (operator,) = model.subgraphs[0].operators
    operator.builtinOptions = flatbuffer.schema.Conv2DOptionsT()
    operator.builtinOptions.dilationHFactor = dilation
    operator.builtinOptionsType = flatbuffer.schema.BuiltinOptions.Conv2DOptions
    report = operators.check(flatbuffer.write_model(model))
    self.assertEqual(report.compatible, compatible)
    if not compatible:
      self.assertIn('ignores the dilation', report.message())

  def test_fully_connected_with_a_scale_for_each_channel(self):
    model = flatbuffer.read_model(
      hand_made.model(('FULLY_CONNECTED', 4, ('INT8', 'INT8', 'INT32')))
    )
    weights = model.subgraphs[0].tensors[1]
    weights.shape = [2, 4]
    weights.quantization = flatbuffer.schema.QuantizationParametersT()
    for scales, compatible in (([0.5], True), ([0.5, 0.25], False)):
      weights.quantization.scale = scales
      weights.quantization.zeroPoint = [0] * len(scales)
      content = flatbuffer.write_model(model)
      self.assertEqual(
        graph.read_graph(content).main.tensors[1].scales, len(scales)
      )
      report = operators.check(content)
      self.assertEqual(report.compatible, compatible)
    self.assertIn('one scale per channel', report.message())

  def test_newest_operator_decides(self):
    report = operators.check(
      hand_made.model(
        _FLOAT_CONV,
        ('RESIZE_NEAREST_NEIGHBOR', 3, ('FLOAT32', 'INT32')),
        _FLOAT_CONV,
      )
    )
    self.assertEqual(report.min_runtime, '2.3.0')
    self.assertEqual(
      report.histogram, {'CONV_2D': 2, 'RESIZE_NEAREST_NEIGHBOR': 1}
    )
    self.assertEqual(report.message(), '')

  def test_releases_compare_as_numbers(self):
    content = hand_made.model(('TILE', 3, ('INT8', 'INT32')))
    self.assertTrue(operators.check(content, '2.10.0').compatible)
    self.assertFalse(operators.check(content, '2.7').compatible)

  @parameterized.parameters(
    (('TILE', 3, ('INT8', 'INT32')), '2.8.0', 'upsampling=nearest_broadcast'),
    (('EXP', 2, ('INT8',)), '2.12.0', 'end in a ReLU'),
    (('GELU', 1, ('FLOAT32',)), '2.9.0', 'Use ReLU'),
    (('READ_VARIABLE', 1, ('RESOURCE',)), '2.6.0', 'training=False'),
    (('CONV_2D', 6, ('FLOAT32', 'FLOAT32')), '2.9.0', 'depthwise'),
  )
  def test_message_names_operator_place_release_and_cure(
    self, operator, release, cure
  ):
    report = operators.check(hand_made.model(_FLOAT_CONV, operator))
    self.assertLen(report.problems, 1)
    for part in (operator[0], "operator 1, output 'layer_1'", release, cure):
      self.assertIn(part, report.message())

  def test_message_is_short_when_a_problem_repeats(self):
    tile = ('TILE', 3, ('INT8', 'INT32'))
    message = operators.check(hand_made.model(tile, tile, tile)).message()
    self.assertEqual(message.count('TILE'), 1)
    self.assertIn('and 2 more', message)

  @parameterized.parameters('2.5.0', '99.0.0')
  def test_flex_custom_and_unknown_are_refused_for_any_runtime(self, target):
    content = hand_made.model(
      ('CUSTOM', 1, ('FLOAT32',)),
      (9999, 1, ('FLOAT32',)),
      ('CONV_2D', 77, ('FLOAT32', 'FLOAT32')),
      custom='FlexErf',
    )
    report = operators.check(content, target)
    self.assertEqual(report.min_runtime, 'unknown')
    self.assertEqual(
      [problem.operator for problem in report.problems],
      ['CUSTOM:FlexErf', 'BUILTIN_9999', 'CONV_2D'],
    )
    self.assertIn('not a TFLite builtin', report.message())

  def test_declared_min_runtime(self):
    content = tiny_model.float_model(
      other_metadata={'min_runtime_version': b'1.5.0' + bytes(11)}
    )
    self.assertEqual(operators.check(content).declared_min_runtime, '1.5.0')
    self.assertEqual(
      operators.check(hand_made.model(_FLOAT_CONV)).declared_min_runtime, ''
    )

  def test_declared_min_runtime_of_any_bytes(self):
    content = tiny_model.float_model(
      other_metadata={'min_runtime_version': b'1.\xff\xfe'}
    )
    self.assertStartsWith(operators.check(content).declared_min_runtime, '1.')

  @parameterized.parameters('new', '2', '2.5.x', '2.5.0.1', '')
  def test_refuses_other_releases(self, target):
    with self.assertRaisesRegex(ValueError, '--target_runtime'):
      operators.check(hand_made.model(_FLOAT_CONV), target)


class CountParametersTest(absltest.TestCase):
  def test_kernel_and_bias(self):
    self.assertEqual(
      operators.count_parameters(tiny_model.float_model(outputs=2)), 2 * 3 + 2
    )

  def test_integer_kernel_and_bias_without_shapes(self):
    model = tiny_model.quantised_model('int8', (6, 8), 1.0, 0, 1.0, 0)
    self.assertEqual(operators.count_parameters(model), 3 + 1)


if __name__ == '__main__':
  absltest.main()
