# SPDX-License-Identifier: Apache-2.0
"""Compiles the plugin's headers, so that tests can call their functions."""

import ctypes
import os
import shutil
import subprocess

from absl.testing import absltest

import depth_mai.devices.emulated_pi4 as package

_FOLDER = os.path.join(os.path.dirname(package.__file__), 'plugin')


def compile_or_skip(test: absltest.TestCase, code: str) -> ctypes.CDLL:
  """Compiles C code that includes the plugin's headers; loads it.

  Args:
    test: skipped where there is no compiler.
    code: of functions.
  """
  compiler = shutil.which('gcc') or shutil.which('cc')
  if compiler is None:
    test.skipTest('no C compiler')
  folder = test.create_tempdir()
  source = folder.create_file('code.c', code).full_path
  library = os.path.join(folder.full_path, 'code.so')
  subprocess.run(
    [compiler, '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC']
    + [f'-I{_FOLDER}', source, '-o', library],
    check=True,
  )
  return ctypes.CDLL(library)
