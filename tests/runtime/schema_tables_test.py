# SPDX-License-Identifier: Apache-2.0
"""Compares the tables with the classes that the schema's compiler wrote."""

import inspect
import re

from absl.testing import absltest
from ai_edge_litert import schema_py_generated as schema

from depth_mai.runtime import schema_tables

_SIZES = {
  **dict.fromkeys(('Bool', 'Int8', 'Uint8'), 1),
  **dict.fromkeys(('Int16', 'Uint16'), 2),
  **dict.fromkeys(('Int32', 'Uint32', 'Float32'), 4),
  **dict.fromkeys(('Int64', 'Uint64', 'Float64'), 8),
}
_VECTORS = {1: 'B', 2: 'H', 4: 'I', 8: 'Q'}


def _fields(table):
  """Returns the fields of a generated class, as schema_tables writes them."""
  found = {}
  for name, getter in inspect.getmembers(table, inspect.isfunction):
    source = inspect.getsource(getter)
    place = re.search(r'_tab\.Offset\((\d+)\)', source)
    if not place or name.endswith(('AsNumpy', 'Length', 'IsNone')):
      continue
    number = (int(place[1]) - 4) // 2
    target = re.search(r'obj = (\w+)\(\)', source)
    size = re.search(r'_tab\.Get\([\w.]*?(\w+)Flags', source)
    if 'Union(' in source:
      found[number] = 'u'
    elif 'String(' in source:
      found[number] = 's'
    elif target:
      found[number] = target[1] + ('*' if 'Vector(' in source else '')
    elif 'Vector(' in source:
      found[number] = _VECTORS[_SIZES[size[1]]]
    elif size[1] == 'Float32':
      found[number] = 'f'
    else:
      found[number] = str(_SIZES[size[1]])
  count = max(found, default=-1) + 1
  return [found.get(number, '-') for number in range(count)]


class SchemaTablesTest(absltest.TestCase):
  def test_fields_are_those_of_the_schema(self):
    tables = {
      name: table
      for name, table in vars(schema).items()
      if inspect.isclass(table) and hasattr(table, 'Init')
    }
    self.assertGreater(len(tables), 150)
    for name, table in tables.items():
      got = [
        {'g': '4', 'G': 'I'}.get(field, field)
        for field in schema_tables.FIELDS.get(name, ())
      ]
      self.assertEqual(got, _fields(table), name)

  def test_every_index_of_a_subgraph_is_one(self):
    for name, kinds in (
      ('WhileOptions', ('g', 'g')),
      ('IfOptions', ('g', 'g')),
      ('CallOptions', ('g',)),
      ('StablehloCaseOptions', ('G',)),
      ('StablehloReduceOptions', ('Q', 'g')),
    ):
      self.assertEqual(schema_tables.FIELDS[name], kinds)

  def test_unions_are_those_of_the_schema(self):
    for field, enum in (
      (('Operator', 4), schema.BuiltinOptions),
      (('Operator', 12), schema.BuiltinOptions2),
      (('QuantizationParameters', 5), schema.QuantizationDetails),
      (('DimensionMetadata', 3), schema.SparseIndexVector),
      (('DimensionMetadata', 5), schema.SparseIndexVector),
    ):
      want = {
        number: name for name, number in vars(enum).items() if name[0] != '_'
      }
      self.assertEqual(dict(enumerate(schema_tables.UNIONS[field])), want)


if __name__ == '__main__':
  absltest.main()
