# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/cures.py."""

from absl.testing import absltest

from depth_mai.runtime import cures
from depth_mai.runtime import runtime_versions
from depth_mai.runtime import schema_names


class ForRuntimeTest(absltest.TestCase):
  def test_exact_type_wins_over_any_type(self):
    self.assertIn('grouped', cures.for_runtime('CONV_2D', 'INT8'))
    self.assertIn('--precision=int8', cures.for_runtime('CONV_2D', 'INT16'))

  def test_flex_operators_have_one_cure(self):
    self.assertIn('Flex', cures.for_runtime('CUSTOM:FlexErf', 'FLOAT32'))

  def test_no_advice_is_empty(self):
    self.assertEqual(cures.for_runtime('RESHAPE', 'FLOAT32'), '')

  def test_advice_is_for_listed_operators(self):
    for name, _ in cures.FOR_RUNTIME:
      self.assertIn(name, runtime_versions.FIRST_RELEASE)

  def test_operators_the_challenge_runtime_never_had_have_advice(self):
    # Keras layers that convert to an operator that is not in 2.5.0.
    for name in ('GELU', 'RELU_0_TO_1', 'SIGN', 'VAR_HANDLE'):
      first = runtime_versions.FIRST_RELEASE[name][0]
      self.assertGreater(tuple(map(int, first.split('.'))), (2, 5, 0))
      self.assertNotEmpty(cures.for_runtime(name, 'FLOAT32'))


class ForXnnpackTest(absltest.TestCase):
  def test_exact_type_wins_over_any_type(self):
    self.assertIn('ReLU6(x + 3)', cures.for_xnnpack('HARD_SWISH', 'INT8'))
    self.assertEqual(cures.for_xnnpack('HARD_SWISH', 'FLOAT32'), '')
    self.assertEqual(
      cures.for_xnnpack('TILE', 'INT8'), cures.for_xnnpack('TILE', 'FLOAT32')
    )

  def test_16_bit_activations_have_one_cure(self):
    self.assertIn('--precision=int8', cures.for_xnnpack('ADD', 'INT16'))

  def test_no_advice_is_empty(self):
    self.assertEqual(cures.for_xnnpack('SOFTMAX', 'FLOAT32'), '')

  def test_names_are_operators_and_types(self):
    names = set(schema_names.OPERATORS)
    types = {None, *schema_names.TYPES}
    for operator, type_name in cures.FOR_XNNPACK:
      self.assertIn(operator, names)
      self.assertIn(type_name, types)


if __name__ == '__main__':
  absltest.main()
