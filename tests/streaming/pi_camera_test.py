# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/pi_camera.py with a stand-in for rpicam-vid.

No camera was at hand: the stand-in takes the flags that `rpicam-vid --help`
lists, and says what it says without a camera.
"""

import argparse
import os
import pathlib
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.streaming import pi_camera
from tests.streaming import moving_pictures

_STAND_IN = """#!{python}
import sys
if {fails!r}:
  sys.exit({fails!r})
sys.stdout.buffer.write(open({pictures!r}, 'rb').read())
"""


class PiCameraTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    moving_pictures.motion_jpeg(self.folder / 'a.mjpeg', 3)
    self.enter_context(mock.patch.dict(os.environ, PATH=str(self.folder)))

  def _install(self, name='rpicam-vid', fails=''):
    path = self.folder / name
    path.write_text(
      _STAND_IN.format(
        python=sys.executable,
        fails=fails,
        pictures=str(self.folder / 'a.mjpeg'),
      )
    )
    path.chmod(0o755)

  @parameterized.parameters('rpicam-vid', 'libcamera-vid')
  def test_pictures_of_either_name(self, name):
    self._install(name)
    source = pi_camera.open_camera(0)
    self.addCleanup(source.close)
    self.assertTrue(source.live)
    self.assertLen(list(source.frames()), 3)

  def test_its_options(self):
    parser = argparse.ArgumentParser(exit_on_error=False)
    for name in ('camera', 'width', 'height', 'quality', 'timeout', 'verbose'):
      parser.add_argument(f'--{name}', type=int)
    parser.add_argument('--nopreview', action='store_true')
    parser.add_argument('--flush', action='store_true')
    parser.add_argument('--codec')
    parser.add_argument('--output')
    program, *rest = pi_camera.command('/usr/bin/rpicam-vid', 1)
    options = parser.parse_args(rest)
    self.assertEqual(program, '/usr/bin/rpicam-vid')
    self.assertEqual((options.width, options.height), (640, 480))
    self.assertEqual((options.camera, options.timeout), (1, 0))
    self.assertEqual((options.codec, options.output), ('mjpeg', '-'))

  @parameterized.parameters(
    ('ERROR: *** no cameras available ***', 'ribbon cable at both ends'),
    ('failed to acquire camera /base/soc', 'Another program uses the camera'),
    ('ERROR: *** something new ***', 'something new.*rpicam-hello show'),
  )
  def test_what_it_says_comes_with_a_cure(self, says, cure):
    self._install(fails=says)
    source = pi_camera.open_camera(0)
    self.addCleanup(source.close)
    with self.assertRaisesRegex(ValueError, f'exit code 1: .*{cure}'):
      list(source.frames())

  def test_not_installed(self):
    with self.assertRaisesRegex(ValueError, 'apt install rpicam-apps-lite'):
      pi_camera.open_camera(0)


if __name__ == '__main__':
  absltest.main()
