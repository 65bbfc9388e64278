# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/folder_source.py."""

import pathlib

from absl.testing import absltest

from depth_mai.streaming import folder_source
from depth_mai.streaming import frame as frame_lib
from tests.streaming import moving_pictures


class FolderSourceTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'pictures'
    moving_pictures.folder(self.folder, 4)

  def test_pictures_in_the_order_of_their_names(self):
    source = folder_source.FolderSource(self.folder)
    frames = list(source.frames())
    numbers = [moving_pictures.number_of(frame.decode()) for frame in frames]
    self.assertEqual(numbers, [0, 1, 2, 3])
    self.assertEqual([frame.number for frame in frames], numbers)
    self.assertFalse(source.live)

  def test_a_damaged_picture_is_one_frame(self):
    (self.folder / '001.png').write_bytes(b'bad')
    frames = list(folder_source.FolderSource(self.folder).frames())
    with self.assertRaisesRegex(frame_lib.DamagedFrameError, '001.png'):
      frames[1].decode()
    self.assertEqual(moving_pictures.number_of(frames[2].decode()), 2)

  def test_close(self):
    source = folder_source.FolderSource(self.folder)
    frames = source.frames()
    next(frames)
    source.close()
    self.assertEmpty(list(frames))

  def test_no_picture(self):
    with self.assertRaisesRegex(ValueError, 'holds no picture'):
      folder_source.FolderSource(self.create_tempdir().full_path)


if __name__ == '__main__':
  absltest.main()
