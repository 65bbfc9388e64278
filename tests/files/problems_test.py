# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.files.problems."""

import pathlib

from absl.testing import absltest

from depth_mai.files import problems


class ProblemsTest(absltest.TestCase):
  def _problems(self, count):
    return [
      problems.Problem(pathlib.Path(f'{i}.png'), f'what {i}', f'cure {i}')
      for i in range(count)
    ]

  def test_error_names_file_and_cure_of_each(self):
    error = problems.BadInputError(self._problems(2))
    self.assertIsInstance(error, ValueError)
    self.assertEqual(
      str(error), '0.png: what 0. Cure: cure 0.\n1.png: what 1. Cure: cure 1.'
    )

  def test_long_lists_are_cut_short_and_say_so(self):
    error = problems.BadInputError(self._problems(8))
    self.assertLen(error.problems, 8)
    self.assertIn('4.png', str(error))
    self.assertNotIn('5.png', str(error))
    self.assertRegex(str(error), 'and 3 more.*prepare.*--report_only')


if __name__ == '__main__':
  absltest.main()
