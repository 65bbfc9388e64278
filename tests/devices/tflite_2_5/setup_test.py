# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest.mock
import zipfile

from absl.testing import absltest

from depth_mai.devices import set_up_folder
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.devices.tflite_2_5 import setup
from tests.devices.tflite_2_5 import old_tflite

_ROOT = pathlib.Path(__file__).resolve().parents[3]


class SetupTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'old'
    # The tests do not depend on this machine.
    self.enter_context(unittest.mock.patch.object(setup, '_check_host'))
    self.find = self.enter_context(
      unittest.mock.patch.object(setup.pythons, 'find')
    )
    self.find.return_value = (sys.executable, '3.9')
    self.download = self.enter_context(
      unittest.mock.patch.object(setup, '_download', self._fake_download)
    )

  def _fake_download(self, folder, version):
    """Makes small wheels in place of the real ones."""
    del version
    names = (installation_lib.INTERPRETER, installation_lib.FRAMEWORK)
    with zipfile.ZipFile(f'{folder}/tensorflow.whl', 'w') as wheel:
      for name in (*names, 'tensorflow/python/large.so'):
        wheel.writestr(name, b'not a library')
    with zipfile.ZipFile(f'{folder}/numpy.whl', 'w') as wheel:
      wheel.writestr('numpy/__init__.py', '')

  def test_only_what_is_needed_is_unpacked(self):
    with unittest.mock.patch.object(setup.child, 'try_out'):
      made = setup.set_up(str(self.root))
    self.assertEqual(made.versions['tensorflow-cpu'], '2.5.0')
    self.assertFalse((self.root / 'site/tensorflow/python').exists())
    self.assertCountEqual(
      os.listdir(self.root), ['lock', 'site', set_up_folder.STAMP]
    )
    # Nothing is made twice.
    with unittest.mock.patch.object(setup, '_download', None):
      self.assertEqual(setup.set_up(str(self.root)), made)

  def test_no_stamp_without_a_working_runtime(self):
    # The fake libraries cannot be loaded.
    with self.assertRaisesRegex(ValueError, 'does not start'):
      setup.set_up(str(self.root))
    with self.assertRaisesRegex(ValueError, 'not set up'):
      installation_lib.open_installation(str(self.root))

  def test_an_old_stamp_is_removed_first(self):
    self.root.mkdir()
    stamp = self.root / set_up_folder.STAMP
    stamp.write_text('{"fingerprint": "old", "python": "", "versions": {}}')
    with unittest.mock.patch.object(setup, '_unpack', side_effect=OSError):
      with self.assertRaises(OSError):
        setup.set_up(str(self.root))
    self.assertFalse(stamp.exists())

  def test_no_python(self):
    self.find.side_effect = ValueError('No Python 3.8 or 3.9')
    with self.assertRaisesRegex(ValueError, 'No Python'):
      setup.set_up(str(self.root))
    self.assertFalse(self.root.exists())

  def test_only_one_at_a_time(self):
    self.root.mkdir()
    with open(self.root / 'lock', 'w') as stream:
      fcntl.flock(stream, fcntl.LOCK_EX)
      with self.assertRaisesRegex(ValueError, 'Another setup runs in'):
        setup.set_up(str(self.root))

  def test_a_copy_works(self):
    source = old_tflite.open_or_skip(self)
    shutil.copytree(source.root, self.root)
    found = installation_lib.open_installation(str(self.root))
    setup.child.try_out(found)
    stamp = json.loads((self.root / set_up_folder.STAMP).read_text())
    self.assertEqual(stamp['versions']['numpy'], '1.19.5')

  def test_it_needs_few_packages(self):
    script = (
      f'import sys, {setup.__name__}; '
      'print([one for one in ("PIL", "ai_edge_litert") if one in sys.modules])'
    )
    done = subprocess.run(
      [sys.executable, '-c', script], capture_output=True, text=True, cwd=_ROOT
    )
    self.assertEqual(done.stdout.strip(), '[]', done.stderr)

  def test_the_program_prints_the_error(self):
    folder = self.create_tempdir()
    done = subprocess.run(
      [sys.executable, '-m', setup.__name__, f'--dir={folder.full_path}/old']
      + [f'--python={sys.executable}'],
      capture_output=True,
      text=True,
      cwd=_ROOT,
    )
    self.assertEqual(done.returncode, 1)
    self.assertRegex(done.stderr, '^error: .*(is not a 64-bit CPython|Linux)')
    self.assertEmpty(os.listdir(folder.full_path))


if __name__ == '__main__':
  absltest.main()
