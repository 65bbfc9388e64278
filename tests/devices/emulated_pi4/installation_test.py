# SPDX-License-Identifier: Apache-2.0
import configparser
import json
import os
import pathlib
import unittest.mock

from absl.testing import absltest

from depth_mai.devices import set_up_folder
from depth_mai.devices.emulated_pi4 import installation

_SETUP = pathlib.Path(__file__).resolve().parents[3] / 'setup.cfg'


class InstallationTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _make(self):
    """Makes empty files in place of a complete installation."""
    made = installation.Installation(str(self.root), {})
    for name in made.needed_files:
      path = pathlib.Path(name)
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()
    self._stamp(installation.fingerprint())

  def _stamp(self, fingerprint):
    content = {'fingerprint': fingerprint, 'versions': {'qemu-user': '7.2'}}
    (self.root / set_up_folder.STAMP).write_text(json.dumps(content))

  def _open(self):
    return installation.open_installation(str(self.root))

  def test_opens(self):
    self._make()
    found = self._open()
    self.assertEqual(found.versions, {'qemu-user': '7.2'})
    self.assertEqual(found.root, str(self.root))

  def test_no_installation(self):
    with self.assertRaisesRegex(
      ValueError, r'is not set up in .* Run "python -m .*setup --dir='
    ):
      self._open()

  def test_without_a_stamp(self):
    self._make()
    (self.root / set_up_folder.STAMP).unlink()
    with self.assertRaisesRegex(ValueError, 'is not set up in'):
      self._open()

  def test_another_version(self):
    self._make()
    self._stamp('0123')
    with self.assertRaisesRegex(ValueError, 'by another version'):
      self._open()

  def test_damage(self):
    self._make()
    (self.root / 'guest/proc/cpuinfo').unlink()
    with self.assertRaisesRegex(ValueError, 'proc/cpuinfo is missing'):
      self._open()
    for text in ('{', '[]', '{"versions": {}}'):
      (self.root / set_up_folder.STAMP).write_text(text)
      with self.assertRaisesRegex(ValueError, 'stamp.json cannot be read'):
        self._open()

  def test_default_folder(self):
    with unittest.mock.patch.dict(
      os.environ, {installation.FOLDER.variable: str(self.root)}
    ):
      self.assertEqual(installation.FOLDER.default_root(), str(self.root))
    with unittest.mock.patch.dict(
      os.environ, {installation.FOLDER.variable: ''}
    ):
      self.assertEndsWith(
        installation.FOLDER.default_root(), '.cache/depth_mai/emulated_pi4'
      )

  def test_the_package_contains_the_sources_of_the_plugin(self):
    sources = installation.plugin_sources()
    self.assertIn('GPL-2.0-or-later', sources['instruction_counter.c'])
    for name in ('a64.h', 'cache.h'):
      self.assertIn('Apache-2.0', sources[name])
      self.assertIn(f'#include "{name}"', sources['instruction_counter.c'])

  def test_every_wheel_has_one_version(self):
    for wheel in installation.WHEELS:
      self.assertRegex(wheel, r'^[a-z-]+==\d+\.\d+(\.\d+)*$')

  def test_wheels_include_the_requirements_of_a_device(self):
    if not _SETUP.exists():
      self.skipTest('there is no setup.cfg')
    setup = configparser.ConfigParser()
    setup.read(_SETUP)
    lines = setup['options']['install_requires'].strip().splitlines()
    needed = {
      line.split('>')[0].split('=')[0].strip()
      for line in lines
      if '== "armv7l"' not in line
    }
    self.assertContainsSubset(
      needed, {wheel.split('==')[0] for wheel in installation.WHEELS}
    )


class ProcessorFilesTest(absltest.TestCase):
  def test_four_cortex_a72(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    installation.write_processor_files(root)
    cpuinfo = (root / 'proc/cpuinfo').read_text()
    # Arm's implementer and part numbers: 0x41, Cortex-A72 0xd08.
    self.assertEqual(cpuinfo.count('CPU part\t: 0xd08\n'), 4)
    self.assertEqual(cpuinfo.count('CPU implementer\t: 0x41\n'), 4)
    self.assertIn('Raspberry Pi 4', cpuinfo)
    # Instructions that it lacks.
    for feature in ('asimddp', 'fphp', 'sve', 'atomics', 'i8mm'):
      self.assertNotIn(feature, cpuinfo)
    folder = root / 'sys/devices/system/cpu'
    self.assertEqual((folder / 'present').read_text(), '0-3\n')
    self.assertEqual(
      sorted(path.name for path in folder.glob('cpu?')),
      ['cpu0', 'cpu1', 'cpu2', 'cpu3'],
    )
    midr = int((folder / 'cpu3/regs/identification/midr_el1').read_text(), 16)
    self.assertEqual((midr >> 24, midr >> 4 & 0xFFF), (0x41, 0xD08))
    self.assertEqual((folder / 'cpu2/topology/core_id').read_text(), '2\n')

  def test_there_is_no_device_tree(self):
    # environment.is_raspberry_pi reads it, and an emulator is not a board.
    self.assertNotIn('proc/device-tree/model', installation.processor_files())


if __name__ == '__main__':
  absltest.main()
