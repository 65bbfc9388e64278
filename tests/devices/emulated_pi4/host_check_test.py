# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import platform
import unittest.mock

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import host_check

_DEBIAN_12 = 'PRETTY_NAME="Debian 12"\nID=debian\nVERSION_CODENAME=bookworm\n'
_PROGRAMS = ('apt-get', 'dpkg', 'dpkg-deb', 'gcc', 'tar', 'xz')


class HostCheckTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    (self.root / 'etc').mkdir()
    (self.root / 'bin').mkdir()
    self._release(_DEBIAN_12)
    for name in _PROGRAMS:
      self._program(name)
    patch = unittest.mock.patch.dict(os.environ, PATH=f'{self.root}/bin')
    self.enter_context(patch)
    # The test runs on any machine, so it replaces the architecture.
    self.enter_context(
      unittest.mock.patch.object(platform, 'machine', lambda: self.machine)
    )
    self.machine = 'x86_64'

  def _release(self, text):
    (self.root / 'etc/os-release').write_text(text)

  def _program(self, name):
    path = self.root / 'bin' / name
    path.write_text('')
    path.chmod(0o755)

  def test_nothing_is_missing(self):
    host_check.check_host(self.root)

  def test_another_system(self):
    self._release('PRETTY_NAME="Ubuntu 24.04"\nID=ubuntu\n')
    with self.assertRaisesRegex(ValueError, 'Ubuntu 24.04.*docker run'):
      host_check.check_host(self.root)
    self._release(_DEBIAN_12.replace('bookworm', 'trixie'))
    with self.assertRaisesRegex(ValueError, 'needs Debian 12'):
      host_check.check_host(self.root)

  def test_no_release_file(self):
    (self.root / 'etc/os-release').unlink()
    with self.assertRaisesRegex(ValueError, 'an unknown system'):
      host_check.check_host(self.root)

  def test_another_processor(self):
    self.machine = 'aarch64'
    with self.assertRaisesRegex(ValueError, 'aarch64.*--device=local'):
      host_check.check_host(self.root)

  def test_missing_programs(self):
    (self.root / 'bin/gcc').unlink()
    (self.root / 'bin/xz').unlink()
    with self.assertRaisesRegex(
      ValueError, 'gcc, xz missing.*apt-get install gcc xz-utils'
    ):
      host_check.check_host(self.root)


if __name__ == '__main__':
  absltest.main()
