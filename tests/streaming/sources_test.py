# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/sources.py with a stand-in for rpicam-vid.

The stand-in accepts the flags that `rpicam-vid --help` lists, and writes its
messages when there is no camera.
"""

import argparse
import os
import pathlib
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.streaming import frame as frame_lib
from depth_mai.streaming import motion_jpeg
from depth_mai.streaming import sources
from tests.streaming import moving_pictures

_STAND_IN = """#!{python}
import sys
if {fails!r}:
  sys.exit({fails!r})
sys.stdout.buffer.write(open({pictures!r}, 'rb').read())
"""


class OpenSourceTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_folder(self):
    moving_pictures.folder(self.folder / 'a', 2)
    source = sources.open_source(None, str(self.folder / 'a'))
    self.assertIsInstance(source, sources.FolderSource)

  def test_motion_jpeg_needs_no_package(self):
    moving_pictures.motion_jpeg(self.folder / 'a.MJPEG', 2)
    with mock.patch.dict(sys.modules, {'av': None}):
      source = sources.open_source(None, str(self.folder / 'a.MJPEG'))
      self.assertLen(list(source.frames()), 2)
    self.assertFalse(source.live)

  def test_standard_input(self):
    reading, writing = os.pipe()
    with open(reading) as stream, mock.patch.object(sys, 'stdin', stream):
      os.write(writing, moving_pictures.jpeg(5))
      os.close(writing)
      source = sources.open_source(None, '-')
      self.assertIsInstance(source, motion_jpeg.StreamSource)
      self.assertTrue(source.live)
      self.assertLen(list(source.frames()), 1)

  def test_standard_input_that_is_a_terminal(self):
    master, slave = os.openpty()
    self.addCleanup(os.close, master)
    with open(slave) as stream, mock.patch.object(sys, 'stdin', stream):
      with self.assertRaisesRegex(ValueError, 'which is a terminal'):
        sources.open_source(None, '-')

  @parameterized.parameters(
    ('rpicam', 0), ('rpicam:0', 0), ('rpicam:1', 1), ('rpicam:12', 12)
  )
  def test_cameras_of_a_raspberry_pi(self, name, number):
    with mock.patch.object(sources, 'open_pi_camera') as opened:
      sources.open_source(name, None)
    opened.assert_called_once_with(number)

  @parameterized.parameters(
    ('0', '/dev/video0'), ('12', '/dev/video12'), ('/dev/x', '/dev/x')
  )
  def test_v4l2_cameras(self, name, path):
    with mock.patch.object(sources.av_source, 'open_camera') as opened:
      sources.open_source(name, None)
    opened.assert_called_once_with(path)

  @parameterized.parameters('usb', '-1', 'rpicam:', 'rpicam:x', '')
  def test_invalid_cameras(self, name):
    with self.assertRaisesRegex(ValueError, f'--camera={name}: give a number'):
      sources.open_source(name, None)

  @parameterized.parameters((None, None), ('0', 'a.mp4'))
  def test_both_or_neither(self, camera, video):
    with self.assertRaisesRegex(ValueError, 'exactly one'):
      sources.open_source(camera, video)


class FolderSourceTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'pictures'
    moving_pictures.folder(self.folder, 4)

  def test_pictures_in_the_order_of_their_names(self):
    source = sources.FolderSource(self.folder)
    frames = list(source.frames())
    numbers = [moving_pictures.number_of(frame.decode()) for frame in frames]
    self.assertEqual(numbers, [0, 1, 2, 3])
    self.assertEqual([frame.number for frame in frames], numbers)
    self.assertFalse(source.live)

  def test_a_damaged_picture_is_one_frame(self):
    (self.folder / '001.png').write_bytes(b'bad')
    frames = list(sources.FolderSource(self.folder).frames())
    with self.assertRaisesRegex(frame_lib.DamagedFrameError, '001.png'):
      frames[1].decode()
    self.assertEqual(moving_pictures.number_of(frames[2].decode()), 2)

  def test_close(self):
    source = sources.FolderSource(self.folder)
    frames = source.frames()
    next(frames)
    source.close()
    self.assertEmpty(list(frames))

  def test_no_picture(self):
    with self.assertRaisesRegex(ValueError, 'no picture'):
      sources.FolderSource(self.create_tempdir().full_path)


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
    source = sources.open_pi_camera(0)
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
    program, *rest = sources.pi_camera_command('/usr/bin/rpicam-vid', 1)
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
  def test_messages_come_with_a_cure(self, message, cure):
    self._install(fails=message)
    source = sources.open_pi_camera(0)
    self.addCleanup(source.close)
    with self.assertRaisesRegex(ValueError, f'exit code 1: .*{cure}'):
      list(source.frames())

  def test_not_installed(self):
    with self.assertRaisesRegex(ValueError, 'apt install rpicam-apps-lite'):
      sources.open_pi_camera(0)


if __name__ == '__main__':
  absltest.main()
