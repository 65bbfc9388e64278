# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/partition_cures.py."""

from absl.testing import absltest

from depth_mai.runtime import partition_cures
from depth_mai.runtime import schema_names


class PartitionCuresTest(absltest.TestCase):
  def test_the_exact_pair_wins_over_any_type(self):
    self.assertIn('ReLU6(x + 3)', partition_cures.cure('HARD_SWISH', 'INT8'))
    self.assertEqual(partition_cures.cure('HARD_SWISH', 'FLOAT32'), '')
    self.assertEqual(
      partition_cures.cure('TILE', 'INT8'),
      partition_cures.cure('TILE', 'FLOAT32'),
    )

  def test_nothing_of_16_bits_is_taken(self):
    self.assertIn('--precision=int8', partition_cures.cure('ADD', 'INT16'))

  def test_no_advice_is_empty(self):
    self.assertEqual(partition_cures.cure('SOFTMAX', 'FLOAT32'), '')

  def test_names_are_of_operators_and_types(self):
    names = set(schema_names.OPERATORS)
    types = {None, *(name for name, _ in schema_names.TYPES)}
    for operator, type_name in partition_cures.CURES:
      self.assertIn(operator, names)
      self.assertIn(type_name, types)


if __name__ == '__main__':
  absltest.main()
