# SPDX-License-Identifier: Apache-2.0
import pathlib
import unittest.mock
import zipfile

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import pins
from depth_mai.devices.emulated_pi4 import wheels

_METADATA = 'Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.5\n'


class WheelsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _wheel(self, tag):
    """Writes a wheel that pip takes from a folder: no network."""
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
    with (
      unittest.mock.patch.dict('os.environ', environment),
      unittest.mock.patch.object(pins, 'WHEELS', ('tiny-thing==1.5',)),
    ):
      return wheels.unpack(
        str(self.folder / 'downloads'), str(self.folder / 'site')
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
