# SPDX-License-Identifier: Apache-2.0
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest.mock

from absl.testing import absltest

from depth_mai.devices import set_up_folder
from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import installation as installation_lib
from depth_mai.devices.emulated_pi4 import parts
from depth_mai.devices.emulated_pi4 import setup
from tests.devices.emulated_pi4 import emulator

_ROOT = pathlib.Path(__file__).resolve().parents[3]


class SetupTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'pi'
    # The tests do not depend on this machine.
    self.check = self.enter_context(
      unittest.mock.patch.object(setup.host_check, 'check_host')
    )

  def _copy(self):
    """Links an installation's parts into the folder, without a stamp."""
    source = pathlib.Path(emulator.open_or_skip(self).root)
    self.root.mkdir()
    for name in ('host', 'guest', 'site', 'include', 'plugin.so'):
      (self.root / name).symlink_to(source / name)
    shutil.copy(source / 'parts.json', self.root)

  def test_resumes_after_an_interruption(self):
    self._copy()
    (self.root / parts.DOWNLOADS).mkdir()
    made = setup.set_up(str(self.root))
    self.assertEqual(made.versions['ai-edge-litert'], '2.3.0')
    # It has its own launcher and a stamp, and the downloads are removed.
    self.assertIn(str(self.root), (self.root / 'python3').read_text())
    stamp = json.loads((self.root / set_up_folder.STAMP).read_text())
    self.assertEqual(stamp['fingerprint'], installation_lib.fingerprint())
    self.assertFalse((self.root / parts.DOWNLOADS).exists())
    # Nothing is made twice.
    with unittest.mock.patch.object(parts.Parts, 'make_all', None):
      self.assertEqual(setup.set_up(str(self.root)), made)

  def test_the_32_bit_system_is_added_later(self):
    emulator.open_32_or_skip(self)
    source = pathlib.Path(emulator.open_or_skip(self).root)
    self._copy()
    for name in ('guest_32', 'site_32'):
      (self.root / name).symlink_to(source / name)
    listed = json.loads((self.root / 'parts.json').read_text())
    del listed['site_32']
    (self.root / 'parts.json').write_text(json.dumps(listed))
    self.assertNotIn('tflite-runtime', setup.set_up(str(self.root)).versions)
    with unittest.mock.patch.object(
      parts.packages_lib, 'unpack_wheels'
    ) as unpack:
      unpack.side_effect = ValueError('no network')
      with self.assertRaisesRegex(ValueError, 'no network'):
        setup.set_up(str(self.root), with_32_bits=True)
      # What was complete before remains so.
      whole = installation_lib.open_installation(str(self.root))
      with self.assertRaisesRegex(ValueError, 'without TFLite'):
        arm32.of(whole)

      def link(downloads, target, *_):
        shutil.copytree(source / 'site_32', target)
        return {'tflite-runtime': '2.5.0'}

      unpack.side_effect = link
      made = setup.set_up(str(self.root), with_32_bits=True)
    self.assertEqual(made.versions['tflite-runtime'], '2.5.0')

  def test_no_stamp_without_a_working_python(self):
    self._copy()
    (self.root / 'site').unlink()
    (self.root / 'site').mkdir()
    with self.assertRaisesRegex(ValueError, 'does not run'):
      setup.set_up(str(self.root))
    self.assertFalse((self.root / set_up_folder.STAMP).exists())

  def test_an_old_stamp_is_removed_first(self):
    self.root.mkdir()
    stamp = self.root / set_up_folder.STAMP
    stamp.write_text('{"fingerprint": "old", "versions": {}}')
    with unittest.mock.patch.object(parts.Parts, 'make_all') as make_all:
      make_all.side_effect = ValueError('no network')
      with self.assertRaisesRegex(ValueError, 'no network'):
        setup.set_up(str(self.root))
    self.assertFalse(stamp.exists())

  def test_unsuitable_host(self):
    self.check.side_effect = ValueError('This is Plan 9')
    with self.assertRaisesRegex(ValueError, 'Plan 9'):
      setup.set_up(str(self.root))
    self.assertFalse(self.root.exists())

  def test_only_one_at_a_time(self):
    self.root.mkdir()
    with open(self.root / 'lock', 'w') as stream:
      fcntl.flock(stream, fcntl.LOCK_EX)
      with self.assertRaisesRegex(ValueError, 'Another setup runs in'):
        setup.set_up(str(self.root))

  def test_the_program_prints_the_error(self):
    folder = self.create_tempdir()
    done = subprocess.run(
      [sys.executable, '-m', setup.__name__, f'--dir={folder.full_path}/pi'],
      capture_output=True,
      text=True,
      cwd=_ROOT,
      # No program that it needs is on this path.
      env={**os.environ, 'PATH': folder.full_path},
    )
    self.assertEqual(done.returncode, 1)
    self.assertRegex(done.stderr, '^error: .*(missing: install|needs Debian)')
    self.assertEmpty(os.listdir(folder.full_path))


if __name__ == '__main__':
  absltest.main()
