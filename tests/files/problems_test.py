# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.files.problems."""

import contextlib
import io
import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.files import problems


class ProblemsTest(absltest.TestCase):
  def _problems(self, count):
    return [
      problems.Problem(pathlib.Path(f'{i}.png'), f'what {i}', f'cure {i}')
      for i in range(count)
    ]

  def test_error_names_the_file_and_cure_of_each_problem(self):
    error = problems.BadInputError(self._problems(2))
    self.assertIsInstance(error, ValueError)
    self.assertEqual(
      str(error), '0.png: what 0. Cure: cure 0.\n1.png: what 1. Cure: cure 1.'
    )

  def test_names_are_printable(self):
    problem = problems.Problem(
      pathlib.Path('a\nb'), 'caf\udce9 is bad', 'remove \x1b[31m'
    )
    self.assertEqual(
      str(problem), 'a\\nb: caf\\xe9 is bad. Cure: remove \\x1b[31m.'
    )
    self.assertEqual(problems.listing(['a\nb', 'c']), 'a\\nb, c')
    self.assertEqual(
      problems.with_name('a\nb', ValueError('no\x07')), 'a\\nb: no\\x07'
    )

  def test_an_error_of_the_system_has_its_cure(self):
    self.assertEqual(
      problems.with_name('a.png', OSError(36, 'File name too long', 'b.png')),
      'a.png: b.png: File name too long. Choose a shorter name.',
    )

  def test_long_lists_are_shortened(self):
    error = problems.BadInputError(self._problems(8))
    self.assertLen(error.problems, 8)
    self.assertIn('4.png', str(error))
    self.assertNotIn('5.png', str(error))
    self.assertRegex(str(error), 'and 3 more.*prepare.*--report_only')

  def test_refusal_has_one_problem(self):
    (problem,) = self._problems(1)
    error = problems.refusal(problem.path, problem.what, problem.cure)
    self.assertEqual(error.problems, [problem])

  def test_check(self):
    problems.check([])
    with self.assertRaises(problems.BadInputError):
      problems.check(self._problems(1))

  def test_attempt(self):
    self.assertEqual(problems.attempt(str.upper, 'a'), ('A', []))
    self.assertEqual(problems.attempt(str.upper, None), (None, []))
    self.assertEqual(
      problems.attempt(problems.check, self._problems(2)),
      (None, self._problems(2)),
    )

  def test_programs_print_every_problem_without_a_traceback(self):
    with (
      contextlib.redirect_stderr(io.StringIO()) as stderr,
      self.assertRaises(SystemExit) as caught,
      problems.exit_on_bad_input(),
    ):
      raise problems.BadInputError(self._problems(8))
    self.assertEqual(caught.exception.code, 1)
    self.assertLen(stderr.getvalue().splitlines(), 8)

  def test_listing(self):
    self.assertEqual(problems.listing([]), 'nothing')
    self.assertEqual(problems.listing(['a', 'b']), 'a, b')
    self.assertEqual(problems.listing(list('abc'), most=2), 'a, b and 1 more')

  def test_count(self):
    self.assertEqual(problems.count(1, 'pair'), '1 pair')
    self.assertEqual(problems.count(0, 'pair'), '0 pairs')

  def test_size_is_width_by_height(self):
    self.assertEqual(problems.size_text(np.zeros((24, 32, 3))), '32 x 24')


if __name__ == '__main__':
  absltest.main()
