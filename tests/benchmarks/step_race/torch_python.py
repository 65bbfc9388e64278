# SPDX-License-Identifier: Apache-2.0
"""Finds a Python that has PyTorch, for tests."""

import importlib.util
import os
import sys

from absl.testing import absltest

_VARIABLE = 'DEPTH_MAI_TORCH_PYTHON'


def find_or_skip(test: absltest.TestCase) -> str:
  """Returns the path of the interpreter; skips the test if there is none."""
  if path := os.environ.get(_VARIABLE):
    return path
  if importlib.util.find_spec('torch') is None:
    test.skipTest(
      f'There is no PyTorch. ${_VARIABLE} may name a Python that has it.'
    )
  return sys.executable
