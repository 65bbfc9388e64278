# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest

from benchmarks.step_race import table
from benchmarks.step_race import turns


class TableTest(absltest.TestCase):
  def test_ratios_are_of_the_same_round(self):
    # The machine becomes ten times as slow; the ratio stays.
    ours = [turns.Turn(1.0, 1.0), turns.Turn(10.0, 1.0), turns.Turn(2.0, 1.0)]
    theirs = [turns.Turn(2.0, 3.0), turns.Turn(20.0, 3.0), turns.Turn(3.0, 3.0)]
    found = table.ratio(ours, theirs, lambda turn: turn.elapsed_s)
    self.assertEqual(found, (2.0, 1.75, 2.0))
    self.assertEqual(str(found), '2.00 (1.75-2.00)')
    self.assertEqual(
      table.ratio(ours[:1], theirs[:1], lambda turn: turn.cpu_s), (3.0,) * 3
    )

  def test_a_row_has_medians_and_ratios(self):
    ours = [turns.Turn(0.5, 0.25), turns.Turn(0.5, 0.25), turns.Turn(9.0, 0.25)]
    theirs = [turns.Turn(1.0, 0.5), turns.Turn(1.0, 0.5), turns.Turn(18.0, 0.5)]
    lines = table.table(['a', 'b'], [ours, theirs], 8, ['a', 'b']).splitlines()
    # 8 images in 0.5 s, and 0.25 s of processor time for 8 of them.
    half, one, two = (f'{x} ({x}-{x})' for x in ('0.50', '1.00', '2.00'))
    self.assertEqual(lines[2], f'| a | 16 | 31.25 | {one} | {half} |')
    self.assertEqual(lines[3], f'| b | 8 | 62.50 | {two} | {one} |')


if __name__ == '__main__':
  absltest.main()
