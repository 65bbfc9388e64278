# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damage/kind.py."""

from absl.testing import absltest

from benchmarks.damage import kind


class KindTest(absltest.TestCase):
  def test_choice_of_inputs(self):
    self.assertEqual(
      kind.chosen(3000, ['pair:7', 'keras:1']),
      [('pair', 7), ('keras', 1)],
    )
    self.assertGreaterEqual(len(kind.chosen(3000, [])), 3000)
    with self.assertRaisesRegex(ValueError, "'paris'.*pair"):
      kind.chosen(3000, ['paris:7'])
    with self.assertRaisesRegex(ValueError, 'KIND:NUMBER'):
      kind.chosen(3000, ['pair:x'])


if __name__ == '__main__':
  absltest.main()
