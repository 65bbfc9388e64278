# SPDX-License-Identifier: Apache-2.0
"""Tests of the descriptions of machine and process."""

import os
import pathlib
import platform
import unittest

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import environment


class EnvironmentTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = self.create_tempdir().full_path

  def _write(self, path, content):
    target = pathlib.Path(self.root, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)

  def test_raspberry_pi(self):
    # As on a Pi 4: strings of the device tree end with NUL, frequencies in kHz.
    cpu = 'sys/devices/system/cpu/cpu0/cpufreq/'
    zone = 'sys/class/thermal/thermal_zone0/'
    self._write('proc/device-tree/model', b'Raspberry Pi 4 Model B Rev 1.4\x00')
    self._write('proc/cpuinfo', b'processor\t: 0\nBogoMIPS\t: 108.00\n')
    self._write(cpu + 'cpuinfo_max_freq', b'1500000\n')
    self._write(cpu + 'scaling_cur_freq', b'600000\n')
    self._write(cpu + 'scaling_governor', b'ondemand\n')
    self._write(
      'sys/devices/platform/soc/soc:firmware/get_throttled', b'80008\n'
    )
    self._write(zone + 'type', b'cpu-thermal\n')
    self._write(zone + 'temp', b'48686\n')
    machine = environment.describe_machine(self.root)
    self.assertEqual(machine['device'], 'Raspberry Pi 4 Model B Rev 1.4')
    self.assertTrue(machine['is_raspberry_pi'])
    self.assertEqual(machine['cpu_max_mhz'], 1500.0)
    state = environment.describe_state(self.root)
    self.assertEqual(state['governor'], 'ondemand')
    self.assertEqual(state['cpu_mhz'], 600.0)
    self.assertAlmostEqual(state['temperature_c'], 48.686)
    self.assertEqual(
      state['throttled'],
      ['soft temperature limit now', 'soft temperature limit occurred'],
    )

  def test_governors_that_differ(self):
    for cpu, governor in (
      (0, b'schedutil'),
      (3, b'schedutil'),
      (4, b'ondemand'),
    ):
      self._write(
        f'sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor', governor
      )
    self.assertEqual(environment.governor(self.root), 'ondemand, schedutil')

  def test_desktop(self):
    self._write(
      'proc/cpuinfo',
      b'processor\t: 0\nmodel\t\t: 94\nmodel name\t: Some CPU @ 3 GHz\n',
    )
    self.assertEqual(environment.device_name(self.root), 'Some CPU @ 3 GHz')
    self.assertFalse(environment.is_raspberry_pi(self.root))

  def test_other_board(self):
    self._write('proc/device-tree/model', b'Khadas VIM3\x00')
    self.assertEqual(environment.device_name(self.root), 'Khadas VIM3')
    self.assertFalse(environment.is_raspberry_pi(self.root))

  def test_system_without_files(self):
    self.assertIn(
      environment.device_name(self.root),
      (platform.processor(), platform.machine(), 'unknown'),
    )
    state = environment.describe_state(self.root)
    self.assertIsNone(state['governor'])
    self.assertIsNone(state['cpu_mhz'])
    self.assertIsNone(state['temperature_c'])
    self.assertIsNone(environment.describe_machine(self.root)['cpu_max_mhz'])

  def test_temperature_is_that_of_the_cpu(self):
    for number, kind, degrees in (
      (0, b'acpitz', b'20000'),
      (1, b'x86_pkg_temp', b'61000'),
      (2, b'iwlwifi', b'40000'),
    ):
      zone = f'sys/class/thermal/thermal_zone{number}/'
      self._write(zone + 'type', kind)
      self._write(zone + 'temp', degrees)
    self.assertEqual(environment.temperature_c(self.root), 61.0)

  def test_unreadable_temperature(self):
    self._write('sys/class/thermal/thermal_zone0/temp', b'unavailable')
    self.assertIsNone(environment.temperature_c(self.root))

  @parameterized.parameters(
    # The example of the Raspberry Pi documentation: 0x50000 and 0x50005.
    ('throttled=0x0\n', []),
    ('throttled=0x50000\n', ['under-voltage occurred', 'throttling occurred']),
    (
      'throttled=0x50005',
      [
        'under-voltage now',
        'throttled now',
        'under-voltage occurred',
        'throttling occurred',
      ],
    ),
    # The format of the kernel's file.
    ('50000\n', ['under-voltage occurred', 'throttling occurred']),
    ('0\n', []),
    ('VCHI initialization failed', None),
    ('', None),
  )
  def test_decode_throttled(self, text, expected):
    self.assertEqual(environment.decode_throttled(text), expected)

  def test_this_machine(self):
    machine = environment.describe_machine()
    self.assertEqual(machine['python'], platform.python_version())
    self.assertEqual(machine['cpu_count'], os.cpu_count())
    self.assertNotEmpty(machine['device'])
    self.assertNotEmpty(machine['runtime_version'])


@unittest.skipUnless(
  os.path.exists('/proc/self/status'), 'memory is read from Linux /proc'
)
class MemoryTest(absltest.TestCase):
  def test_block_of_known_size(self):
    environment.reset_peak_memory()
    before_mb = environment.resident_mb()
    block = np.ones(64 * 2**20, np.uint8)
    held_mb = environment.resident_mb() - before_mb
    self.assertBetween(held_mb, 60, 72)
    del block
    # Large blocks are returned to the system at once; the peak stays.
    self.assertLess(environment.resident_mb() - before_mb, 16)
    self.assertBetween(environment.peak_resident_mb() - before_mb, 60, 72)


if __name__ == '__main__':
  absltest.main()
