# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from benchmarks import table_1_order
from depth_mai.metrics import paper_results

# In the order of Table 1, but SmartLab and Tencent GY-Lab* changed places.
_MILLIONS = {
  'aiia_hit': 1.0,
  'tcl': 2.0,
  'miaigo': 3.0,
  'smartlab': 6.0,
  'tencent_gylab': 5.0,
  'tencent_gylab_2021': 4.0,
  'jmu_cvlab': 7.0,
  'icl': 8.0,
}


class Table1OrderTest(absltest.TestCase):
  def test_rho(self):
    # Two ranks are off by two: 1 - 6 * (4 + 4) / (8 * 63).
    self.assertAlmostEqual(table_1_order.rho(_MILLIONS), 1 - 48 / 504)

  def test_choices_together(self):
    first, second, third = (
      table_1_order.Choice(system, label)
      for system, label in (
        ('smartlab', 'less'),
        ('smartlab', 'more'),
        ('tencent_gylab_2021', 'more'),
      )
    )
    choices = [(first, 3.5), (second, 9.0), (third, 5.5)]
    best, *others = table_1_order.best_together(_MILLIONS, choices)
    self.assertAlmostEqual(best[0], 1.0)
    self.assertCountEqual(best[1], [first, third])
    # Nothing; each of the three; either of SmartLab's with Tencent GY-Lab*'s.
    self.assertLen(others, 5)

  def test_choices_are_of_the_eight(self):
    for choice in table_1_order.CHOICES:
      self.assertIn(choice.system, paper_results.SYSTEMS)


if __name__ == '__main__':
  absltest.main()
