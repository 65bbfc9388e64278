# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/frozen_frames.py; see also browser_view_test."""

import io
import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.streaming import frozen_frames
from depth_mai.streaming import view


def _shown(number):
  depth_mm = np.full((6, 8), 1000.0 + number, np.float32)
  rgb_uint8 = np.full((6, 8, 3), number, np.uint8)
  return view.Shown(
    rgb_uint8, rgb_uint8, 1.0, 2.0, '', {}, depth_mm, f'{number:06d}'
  )


class FrozenFramesTest(absltest.TestCase):
  def test_each_number_has_its_frame(self):
    frozen = frozen_frames.FrozenFrames()
    first, second = (frozen.freeze(_shown(n))['number'] for n in (10, 20))
    for number, expected_mm in ((first, 1010), (second, 1020), (first, 1010)):
      with Image.open(io.BytesIO(frozen.depth_png(number))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected_mm)

  def test_the_oldest_are_dropped(self):
    frozen = frozen_frames.FrozenFrames()
    numbers = [frozen.freeze(_shown(n))['number'] for n in range(6)]
    for number in numbers[:2]:
      with self.assertRaises(KeyError):
        frozen.picture_jpeg(number)
    for number in numbers[2:]:
      self.assertStartsWith(frozen.picture_jpeg(number), b'\xff\xd8')

  def test_a_recording_takes_what_is_saved(self):
    folder = pathlib.Path(self.create_tempdir().full_path)
    frozen = frozen_frames.FrozenFrames(view.Recording(folder))
    frame = frozen.freeze(_shown(30))
    self.assertTrue(frame['recorded'])
    self.assertIn('000030_side_by_side.png', frozen.save(frame['number']))
    with Image.open(folder / '000030_side_by_side.png') as picture:
      np.testing.assert_array_equal(np.asarray(picture)[:, :8], 30)

  def test_without_a_recording_nothing_is_saved(self):
    frozen = frozen_frames.FrozenFrames()
    frame = frozen.freeze(_shown(1))
    self.assertFalse(frame['recorded'])
    with self.assertRaises(KeyError):
      frozen.save(frame['number'])


if __name__ == '__main__':
  absltest.main()
