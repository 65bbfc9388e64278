# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import fake_pi


class FakePiTest(absltest.TestCase):
  def test_four_cortex_a72(self):
    root = pathlib.Path(self.create_tempdir().full_path)
    fake_pi.write(root)
    cpuinfo = (root / 'proc/cpuinfo').read_text()
    # Arm's implementer and part numbers: 0x41, Cortex-A72 0xd08.
    self.assertEqual(cpuinfo.count('CPU part\t: 0xd08\n'), 4)
    self.assertEqual(cpuinfo.count('CPU implementer\t: 0x41\n'), 4)
    self.assertIn('Raspberry Pi 4', cpuinfo)
    # Instructions that it does not have.
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

  def test_says_nothing_of_a_board_to_programs(self):
    # environment.is_raspberry_pi reads it: an emulator is no board.
    self.assertNotIn('proc/device-tree/model', fake_pi.files())


if __name__ == '__main__':
  absltest.main()
