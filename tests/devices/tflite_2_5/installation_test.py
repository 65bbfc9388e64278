# SPDX-License-Identifier: Apache-2.0
import json
import os
import pathlib
import sys
import unittest.mock

from absl.testing import absltest

from depth_mai.devices import set_up_folder
from depth_mai.devices.tflite_2_5 import installation


class InstallationTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _make(self, fingerprint=None):
    """Makes empty files in place of a complete installation."""
    made = installation.Installation(str(self.root), sys.executable, {})
    for name in made.needed_files[1:]:
      path = pathlib.Path(name)
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()
    stamp = {
      'fingerprint': fingerprint or installation.fingerprint(),
      'python': sys.executable,
      'versions': {'numpy': '1.19.5'},
    }
    (self.root / set_up_folder.STAMP).write_text(json.dumps(stamp))

  def _assert_refused(self, words):
    with self.assertRaisesRegex(ValueError, f'{words}.*un "python -m .*setup'):
      installation.open_installation(str(self.root))

  def test_opens(self):
    self._make()
    found = installation.open_installation(str(self.root))
    self.assertEqual(found.versions, {'numpy': '1.19.5'})
    self.assertEqual(found.python, sys.executable)

  def test_without_a_stamp(self):
    self._make()
    (self.root / set_up_folder.STAMP).unlink()
    self._assert_refused('is not set up in')

  def test_another_version(self):
    self._make('0123')
    self._assert_refused('by another version')

  def test_damage(self):
    self._make()
    (self.root / installation.SITE / installation.INTERPRETER).unlink()
    self._assert_refused('wrapper.so is missing')
    (self.root / set_up_folder.STAMP).write_text('{')
    self._assert_refused('cannot be read')

  def test_place(self):
    self._make()
    place = {installation.FOLDER.variable: str(self.root)}
    with unittest.mock.patch.dict(os.environ, place):
      self.assertEqual(installation.FOLDER.default_root(), str(self.root))
      self.assertIsNotNone(installation.find_installation())
    place = {installation.FOLDER.variable: str(self.root / 'none')}
    with unittest.mock.patch.dict(os.environ, place):
      self.assertIsNone(installation.find_installation())


if __name__ == '__main__':
  absltest.main()
