# SPDX-License-Identifier: Apache-2.0
import pathlib

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import installation

_VERSIONS = {'tflite-runtime': '2.5.0'}


class Arm32Test(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def test_set_up_without_it(self):
    with self.assertRaisesRegex(
      ValueError, r'without TFLite 2\.5\.0. Run "python.* --tflite_2_5 --dir='
    ):
      arm32.of(installation.Installation(str(self.root), {}))

  def test_paths(self):
    whole = installation.Installation(str(self.root), _VERSIONS)
    for name in arm32.Arm32(str(self.root), _VERSIONS).needed_files:
      path = pathlib.Path(name)
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()
    system = arm32.of(whole)
    self.assertEqual(system.guest, str(self.root / 'guest_32'))
    self.assertEqual(system.launcher, str(self.root / 'python3_32'))
    # Both share QEMU's folder and the plugin, and nothing else.
    self.assertEqual(
      set(system.needed_files) & set(whole.needed_files),
      {whole.qemu[0], whole.plugin},
    )
    pathlib.Path(system.library).unlink()
    with self.assertRaisesRegex(
      ValueError, r'gnueabihf.so is missing. Remove \S+/site_32\. Run'
    ):
      arm32.of(whole)


if __name__ == '__main__':
  absltest.main()
