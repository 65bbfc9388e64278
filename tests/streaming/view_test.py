# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/view.py."""

import inspect
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.streaming import browser_view
from depth_mai.streaming import terminal_view
from depth_mai.streaming import view


class ViewTest(parameterized.TestCase):
  @parameterized.parameters(
    browser_view.BrowserView, view.LogView, terminal_view.TerminalView
  )
  def test_views_have_the_methods_of_the_protocol(self, kind):
    for name in ('panel_size', 'show', 'close'):
      wanted = inspect.signature(getattr(view.View, name)).parameters
      given = inspect.signature(getattr(kind, name)).parameters
      self.assertEqual(list(given), list(wanted), name)


class LogViewTest(absltest.TestCase):
  def test_a_line_every_two_seconds(self):
    now_s, lines, nothing = 0.0, [], np.zeros((0, 0, 3), np.uint8)
    shown_by = view.LogView(lines.append, lambda: now_s)
    self.assertIsNone(shown_by.panel_size(480, 640))
    for number in range(100):
      now_s = number / 10
      shown_by.show(
        view.Shown(
          nothing, nothing, 1, 2, f'at {now_s}', {}, nothing[..., 0], ''
        )
      )
    shown_by.close()
    self.assertEqual(lines, ['at 2.0', 'at 4.0', 'at 6.0', 'at 8.0'])


class RecordingTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'a' / 'b'

  def test_depth_is_stored_in_16_bits_of_millimetres(self):
    recording = view.Recording(self.folder)
    recording.write('IMG_7', np.array([[1234.4, 70000.0]], np.float32))
    with Image.open(self.folder / 'IMG_7_depth.png') as picture:
      self.assertEqual(picture.mode[:1], 'I')
      np.testing.assert_array_equal(np.asarray(picture), [[1234, 65535]])

  def test_earlier_recordings_are_not_overwritten(self):
    view.Recording(self.folder).write('0', np.ones((2, 2)))
    with self.assertRaisesRegex(
      ValueError, 'contains 1 depth maps.* --overwrite'
    ):
      view.Recording(self.folder)
    view.Recording(self.folder, overwrite=True).write('0', np.ones((2, 2)))
    self.assertLen(os.listdir(self.folder), 1)

  def test_what_a_viewer_saves_lies_next_to_the_depth(self):
    recording = view.Recording(self.folder)
    recording.write('7', np.ones((2, 2)))
    rgb_uint8 = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    text = recording.write_view('7', rgb_uint8)
    self.assertEqual(
      text, f'7_depth.png and 7_side_by_side.png in {self.folder}'
    )
    with Image.open(self.folder / '7_side_by_side.png') as picture:
      np.testing.assert_array_equal(np.asarray(picture), rgb_uint8)
    self.assertLen(os.listdir(self.folder), 2)

  def test_a_folder_that_cannot_be_created(self):
    self.folder.parent.mkdir()
    self.folder.touch()
    with self.assertRaisesRegex(ValueError, 'cannot be created.*--output_dir'):
      view.Recording(self.folder)

  def test_a_folder_that_disappears(self):
    recording = view.Recording(self.folder)
    self.folder.rmdir()
    self.folder.touch()
    with self.assertRaisesRegex(ValueError, 'cannot be written'):
      recording.write('0', np.ones((2, 2)))
    with self.assertRaisesRegex(ValueError, 'cannot be written'):
      recording.write_view('0', np.ones((2, 2, 3), np.uint8))


if __name__ == '__main__':
  absltest.main()
