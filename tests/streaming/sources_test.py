# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/sources.py."""

import os
import pathlib
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.streaming import folder_source
from depth_mai.streaming import pipe_source
from depth_mai.streaming import sources
from tests.streaming import moving_pictures


class SourcesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_folder(self):
    moving_pictures.folder(self.folder / 'a', 2)
    source = sources.open_source(None, str(self.folder / 'a'))
    self.assertIsInstance(source, folder_source.FolderSource)

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
      self.assertIsInstance(source, pipe_source.StreamSource)
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
    with mock.patch.object(sources.pi_camera, 'open_camera') as opened:
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
  def test_other_cameras(self, name):
    with self.assertRaisesRegex(ValueError, f'--camera={name}: give a number'):
      sources.open_source(name, None)

  @parameterized.parameters((None, None), ('0', 'a.mp4'))
  def test_one_of_them(self, camera, video):
    with self.assertRaisesRegex(ValueError, 'exactly one'):
      sources.open_source(camera, video)


if __name__ == '__main__':
  absltest.main()
