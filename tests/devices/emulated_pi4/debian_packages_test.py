# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil
import unittest.mock

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import debian_packages


class DebianPackagesTest(absltest.TestCase):
  def test_source_code_is_asked_for(self):
    modern = (
      'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n'
    )
    self.assertIn(
      'Types: deb deb-src\nURIs', debian_packages.with_source_code(modern)
    )
    old = '# deb comment\ndeb http://mirror.example/debian bookworm main\n'
    self.assertEqual(
      debian_packages.with_source_code(old).split('\n')[-2],
      'deb-src http://mirror.example/debian bookworm main',
    )
    self.assertEqual(debian_packages.with_source_code(old).count('deb-src'), 1)

  def test_a_failure_says_what_and_the_cure(self):
    # An apt-get without a network.
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
      with self.assertRaisesRegex(
        ValueError,
        r'apt-get -qq update failed \(100\): E: Could not resolve.*network',
      ):
        debian_packages.DebianPackages(folder / 'state')
    # It was told of folders of its own.
    text = (folder / 'state/amd64.conf').read_text()
    self.assertIn(f'Dir::State "{folder}/state/state";', text)
    self.assertIn(f'Dir::State::Status "{folder}/state/status";', text)
    self.assertEqual((folder / 'state/status').read_text(), '')


if __name__ == '__main__':
  absltest.main()
