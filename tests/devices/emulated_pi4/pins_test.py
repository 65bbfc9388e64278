# SPDX-License-Identifier: Apache-2.0
import configparser
import pathlib

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import pins

_SETUP = pathlib.Path(__file__).resolve().parents[3] / 'setup.cfg'


class PinsTest(absltest.TestCase):
  def test_every_wheel_has_one_version(self):
    for wheel in pins.WHEELS:
      self.assertRegex(wheel, r'^[a-z-]+==\d+\.\d+(\.\d+)*$')
    self.assertEqual(pins.pinned_version('numpy'), '2.3.5')
    with self.assertRaises(KeyError):
      pins.pinned_version('tensorflow')

  def test_what_a_device_needs_is_there(self):
    if not _SETUP.exists():
      self.skipTest('setup.cfg is not at hand')
    setup = configparser.ConfigParser()
    setup.read(_SETUP)
    lines = setup['options']['install_requires'].strip().splitlines()
    needed = {
      line.split('>')[0].split('=')[0].strip()
      for line in lines
      if '== "armv7l"' not in line
    }
    self.assertContainsSubset(
      needed, {wheel.split('==')[0] for wheel in pins.WHEELS}
    )


if __name__ == '__main__':
  absltest.main()
