# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/operator_cures.py."""

from absl.testing import absltest

from depth_mai.runtime import operator_cures
from depth_mai.runtime import runtime_versions


class CureTest(absltest.TestCase):
  def test_exact_type_wins_over_any_type(self):
    self.assertIn('grouped', operator_cures.cure('CONV_2D', 'INT8'))
    self.assertIn('--precision=int8', operator_cures.cure('CONV_2D', 'INT16'))

  def test_flex_operators_have_one_cure(self):
    self.assertIn('Flex', operator_cures.cure('CUSTOM:FlexErf', 'FLOAT32'))

  def test_no_advice_is_empty(self):
    self.assertEqual(operator_cures.cure('RESHAPE', 'FLOAT32'), '')

  def test_advice_is_for_listed_operators(self):
    for name, _ in operator_cures.CURES:
      self.assertIn(name, runtime_versions.FIRST_RELEASE)

  def test_operators_the_challenge_runtime_never_had_have_advice(self):
    # Keras layers that convert to an operator 2.5.0 never had.
    for name in ('GELU', 'RELU_0_TO_1', 'SIGN', 'VAR_HANDLE'):
      first = runtime_versions.FIRST_RELEASE[name][0]
      self.assertGreater(tuple(map(int, first.split('.'))), (2, 5, 0))
      self.assertNotEmpty(operator_cures.cure(name, 'FLOAT32'))


if __name__ == '__main__':
  absltest.main()
