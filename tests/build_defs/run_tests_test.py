# SPDX-License-Identifier: Apache-2.0
"""Tests of build_defs/run_tests.py, run as Bazel runs it."""

import pathlib
import subprocess
import sys

from absl.testing import absltest

from build_defs import run_tests

_TEST = """
from absl.testing import absltest

class OneTest(absltest.TestCase):
  def test_it(self):
    self.create_tempdir()
    self.assertEqual(1, {value})
"""


class RunTestsTest(absltest.TestCase):
  def run_files(self, **files):
    """Writes test files and runs them; returns the exit code."""
    root = pathlib.Path(self.create_tempdir().full_path)
    for name, text in files.items():
      (root / f'{name}_test.py').write_text(text)
    return subprocess.run(
      [sys.executable, run_tests.__file__, *(f'{x}_test.py' for x in files)],
      cwd=root,
      capture_output=True,
    ).returncode

  def test_all_pass(self):
    one, other = _TEST.format(value=1), _TEST.format(value='2 - 1')
    self.assertEqual(self.run_files(one=one, other=other), 0)

  def test_one_fails(self):
    good, bad = _TEST.format(value=1), _TEST.format(value=2)
    self.assertEqual(self.run_files(good=good, bad=bad), 1)


if __name__ == '__main__':
  absltest.main()
