# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import unittest.mock
import zipfile

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import packages

_METADATA = 'Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.5\n'


class DebianPackagesTest(absltest.TestCase):
  def test_source_packages_are_added(self):
    modern = (
      'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n'
    )
    self.assertIn('Types: deb deb-src\nURIs', packages.with_source_code(modern))
    old = '# deb comment\ndeb http://mirror.example/debian bookworm main\n'
    self.assertEqual(
      packages.with_source_code(old).split('\n')[-2],
      'deb-src http://mirror.example/debian bookworm main',
    )
    self.assertEqual(packages.with_source_code(old).count('deb-src'), 1)

  def test_failures_say_what_to_do(self):
    # An apt-get that fails like one without a network.
    folder = pathlib.Path(self.create_tempdir().full_path)
    if not os.path.isdir('/etc/apt') or shutil.which('sh') is None:
      self.skipTest('no Debian')
    program = folder / 'apt-get'
    program.write_text(
      '#!/bin/sh\necho E: Could not resolve host >&2\nexit 100'
    )
    program.chmod(0o755)
    path = f'{folder}:{os.environ["PATH"]}'
    with unittest.mock.patch.dict(os.environ, PATH=path):
      made = packages.DebianPackages(folder / 'state')
      with self.assertRaisesRegex(
        ValueError,
        r'apt-get -qq update failed \(100\): E: Could not resolve.*network',
      ):
        made.unpack('amd64', ('tar',), str(folder / 'target'))
    # Its configuration names its own folders.
    text = (folder / 'state/amd64.conf').read_text()
    self.assertIn(f'Dir::State "{folder}/state/state";', text)
    self.assertIn(f'Dir::State::Status "{folder}/state/status";', text)
    self.assertEqual((folder / 'state/status').read_text(), '')

  def test_a_missing_list_does_not_matter_if_others_have_the_packages(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    if not os.path.isdir('/etc/apt') or shutil.which('sh') is None:
      self.skipTest('no Debian')
    program = folder / 'apt-get'
    program.write_text('#!/bin/sh\ncase "$*" in *update) exit 100;; esac')
    program.chmod(0o755)
    path = f'{folder}:{os.environ["PATH"]}'
    with unittest.mock.patch.dict(os.environ, PATH=path):
      made = packages.DebianPackages(folder / 'state')
      self.assertEqual(made.unpack('armhf', ('tar',), f'{folder}/target'), {})


class WheelsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'a[1]*'
    self.folder.mkdir()

  def _wheel(self, tag):
    """Writes a wheel, so that pip needs no network."""
    path = self.folder / f'tiny_thing-1.5-cp311-cp311-{tag}.whl'
    info = 'tiny_thing-1.5.dist-info'
    with zipfile.ZipFile(path, 'w') as archive:
      archive.writestr('tiny_thing.py', 'VALUE = 7\n')
      archive.writestr(f'{info}/METADATA', _METADATA)
      archive.writestr(
        f'{info}/WHEEL',
        f'Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-{tag}\n',
      )
      archive.writestr(f'{info}/RECORD', '')

  def _unpack(self):
    environment = {
      'PIP_NO_INDEX': '1',
      'PIP_FIND_LINKS': str(self.folder),
      'PIP_CONFIG_FILE': '/dev/null',
    }
    with unittest.mock.patch.dict('os.environ', environment):
      return packages.unpack_wheels(
        str(self.folder / 'downloads'),
        str(self.folder / 'site'),
        ('tiny-thing==1.5',),
        ('manylinux2014_aarch64',),
        '3.11',
      )

  def test_for_arm(self):
    self._wheel('manylinux2014_aarch64')
    self.assertEqual(self._unpack(), {'tiny-thing': '1.5'})
    self.assertEqual(
      (self.folder / 'site/tiny_thing.py').read_text(), 'VALUE = 7\n'
    )

  def test_not_for_this_machine(self):
    self._wheel('manylinux2014_x86_64')
    with self.assertRaisesRegex(ValueError, 'pip download failed.*network'):
      self._unpack()


if __name__ == '__main__':
  absltest.main()
