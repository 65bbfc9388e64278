# SPDX-License-Identifier: Apache-2.0
"""Tests of the names against the schema's own classes."""

from absl.testing import absltest
from ai_edge_litert import schema_py_generated as schema

from depth_mai.runtime import schema_names


def _members(enum):
  return {
    value: name
    for name, value in vars(enum).items()
    if not name.startswith('_')
  }


class SchemaNamesTest(absltest.TestCase):
  def test_operators_are_those_of_the_schema(self):
    self.assertEqual(
      dict(enumerate(schema_names.OPERATORS)), _members(schema.BuiltinOperator)
    )
    self.assertEqual(schema_names.operator_name(3), 'CONV_2D')

  def test_types_are_those_of_the_schema(self):
    for number, name in _members(schema.TensorType).items():
      self.assertEqual(schema_names.type_name(number), name)
    self.assertLen(_members(schema.TensorType), len(schema_names.TYPES))

  def test_bits_agree_with_the_names(self):
    for name, bits in (
      ('FLOAT32', 32),
      ('FLOAT16', 16),
      ('INT8', 8),
      ('INT4', 4),
      ('BOOL', 8),
      ('INT64', 64),
      ('STRING', 0),
      ('TYPE_99', 0),
    ):
      self.assertEqual(schema_names.type_bits(name), bits, name)

  def test_custom_and_unknown_operators(self):
    self.assertEqual(
      schema_names.operator_name(32, 'FlexErf'), 'CUSTOM:FlexErf'
    )
    self.assertEqual(schema_names.operator_name(32), 'CUSTOM:?')
    self.assertEqual(schema_names.operator_name(9999), 'BUILTIN_9999')
    self.assertEqual(schema_names.operator_name(-1), 'BUILTIN_-1')
    self.assertEqual(schema_names.type_name(99), 'TYPE_99')


if __name__ == '__main__':
  absltest.main()
