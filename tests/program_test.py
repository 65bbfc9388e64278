# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/program.py, in processes as users start them."""

import os
import subprocess
import sys

from absl.testing import absltest

_PROGRAM = """
from depth_mai import program
_SPLIT = program.flag('split')
_LIMIT = program.flag('limit')
_THREADS = program.flag('threads')

def main(argv):
  program.no_arguments(argv)
  print(_SPLIT.value, _LIMIT.value, _THREADS.value)
  if _LIMIT.value == 1:
    raise ValueError('--limit=1 is too small.')
  if _LIMIT.value == 2:
    raise KeyError('a bug')
  return 7

program.run(main, error_code=3)
"""


class ProgramTest(absltest.TestCase):
  def run_program(self, *arguments):
    """Returns the finished process."""
    return subprocess.run(
      [sys.executable, '-c', _PROGRAM, *arguments],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      check=False,
    )

  def test_flags_have_values_and_the_exit_code_is_that_of_main(self):
    done = self.run_program('--split=train', '--limit=5', '--num_threads=4')
    self.assertEqual(done.stdout, 'train 5 4\n', done.stderr)
    self.assertEqual(done.returncode, 7)

  def test_bad_input_is_one_line(self):
    done = self.run_program('--limit=1')
    self.assertEqual(done.stderr, 'error: --limit=1 is too small.\n')
    self.assertEqual(done.returncode, 3)

  def test_a_bug_keeps_its_traceback(self):
    done = self.run_program('--limit=2')
    self.assertIn('Traceback', done.stderr)
    self.assertEqual(done.returncode, 1)

  def test_a_wrong_flag_is_one_line(self):
    for argument in ('--limit=0', '--limit=many', '--bogus'):
      with self.subTest(argument):
        done = self.run_program(argument)
        self.assertRegex(
          done.stderr, r'\Aerror: .*--help lists the flags\.\n\Z'
        )
        self.assertEqual(done.returncode, 3)

  def test_arguments_that_are_no_flags_are_refused(self):
    done = self.run_program('train')
    self.assertIn("Unexpected arguments ['train']", done.stdout + done.stderr)
    self.assertEqual(done.returncode, 1)

  def test_help_lists_the_shared_flags(self):
    done = self.run_program('--help')
    self.assertIn('--split', done.stdout)
    self.assertIn('--limit', done.stdout)


if __name__ == '__main__':
  absltest.main()
