# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/recording.py."""

import os
import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.streaming import recording


class RecordingTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'a' / 'b'

  def test_depth_is_kept_as_16_bits_of_millimetres(self):
    kept = recording.Recording(self.folder)
    kept.write(7, np.array([[1234.4, 70000.0]], np.float32))
    with Image.open(self.folder / '000007_depth.png') as picture:
      self.assertEqual(picture.mode[:1], 'I')
      np.testing.assert_array_equal(np.asarray(picture), [[1234, 65535]])

  def test_an_earlier_recording_is_not_mixed_with(self):
    recording.Recording(self.folder).write(0, np.ones((2, 2)))
    with self.assertRaisesRegex(ValueError, '1 depth maps .* --overwrite'):
      recording.Recording(self.folder)
    recording.Recording(self.folder, overwrite=True).write(0, np.ones((2, 2)))
    self.assertLen(os.listdir(self.folder), 1)

  def test_a_folder_that_cannot_be_made(self):
    self.folder.parent.mkdir()
    self.folder.touch()
    with self.assertRaisesRegex(ValueError, 'cannot be made.*--output_dir'):
      recording.Recording(self.folder)

  def test_a_folder_that_is_taken_away(self):
    kept = recording.Recording(self.folder)
    self.folder.rmdir()
    self.folder.touch()
    with self.assertRaisesRegex(ValueError, 'cannot be written'):
      kept.write(0, np.ones((2, 2)))


if __name__ == '__main__':
  absltest.main()
