# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import sys
import unittest.mock

from absl.testing import absltest

from depth_mai.devices.tflite_2_5 import pythons


class PythonsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    places = {
      'PATH': str(self.folder / 'path'),
      'PYENV_ROOT': str(self.folder / 'pyenv'),
      'UV_PYTHON_INSTALL_DIR': str(self.folder / 'uv'),
    }
    self.enter_context(unittest.mock.patch.dict(os.environ, places))

  def _program(self, name, answer):
    """Makes a program that answers like a Python."""
    path = self.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho {answer}\n')
    path.chmod(0o755)
    return str(path)

  def test_none(self):
    with self.assertRaisesRegex(ValueError, r'No Python 3.8 or 3.9.*--python'):
      pythons.find()

  def test_on_path(self):
    path = self._program('path/python3.8', 'CPython 3.8 64')
    self.assertEqual(pythons.find(), (path, '3.8'))

  def test_the_newest_is_taken(self):
    self._program('path/python3.8', 'CPython 3.8 64')
    self._program('pyenv/versions/3.7.1/bin/python', 'CPython 3.7 64')
    path = self._program('pyenv/versions/3.9.18/bin/python', 'CPython 3.9 64')
    self.assertEqual(pythons.find(), (path, '3.9'))

  def test_of_uv(self):
    name = 'uv/cpython-3.9.20-linux-x86_64-gnu/bin/python3.9'
    path = self._program(name, 'CPython 3.9 64')
    self.assertEqual(pythons.find(), (path, '3.9'))

  def test_what_does_not_fit_is_passed_over(self):
    self._program('path/python3.9', 'PyPy 3.9 64')
    self._program('pyenv/versions/3.9.1/bin/python', 'CPython 3.9 32')
    broken = self._program('pyenv/versions/3.9.2/bin/python', 'none; exit 127')
    self.assertIsNone(pythons.version_of(broken))
    path = self._program('pyenv/versions/3.8.1/bin/python', 'CPython 3.8 64')
    self.assertEqual(pythons.find(), (path, '3.8'))

  def test_a_given_one(self):
    path = self._program('mine', 'CPython 3.8 64')
    self.assertEqual(pythons.find(path), (path, '3.8'))
    for wrong in (sys.executable, str(self.folder / 'nothing')):
      with self.assertRaisesRegex(ValueError, f'--python={wrong} is not a'):
        pythons.find(wrong)


if __name__ == '__main__':
  absltest.main()
