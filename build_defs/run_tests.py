# SPDX-License-Identifier: Apache-2.0
"""Runs test files in one process, for Bazel: run_tests.py FILE_test.py ..."""

import os
import sys

from absl import flags
import pytest


def main(paths: list[str]) -> int:
  """Runs the files and returns pytest's exit code.

  Args:
    paths: test files, relative to the working directory.
  """
  # absltest parses the flags in its main function, which pytest never calls.
  flags.FLAGS.mark_as_parsed()
  options = [
    '--import-mode=importlib',
    '--noconftest',
    '--quiet',
    '-p',
    'no:cacheprovider',
    f'--rootdir={os.getcwd()}',
  ]
  return int(pytest.main([*options, *paths]))


if __name__ == '__main__':
  sys.path.insert(0, os.getcwd())
  sys.exit(main(sys.argv[1:]))
