# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.challenge_folder.folder_notes."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.challenge_folder import folder_notes

_DEPTH_MM = np.arange(900, 3900, dtype=np.uint16).reshape(30, 100)


def _notes(depth_mm, *, orientation=1, marked=0, unread=()):
  facts = [
    folder_notes.Facts.of(f'{i}.jpg', orientation, depth_mm, marked)
    for i in range(2)
  ]
  return list(folder_notes.notes(facts, unread))


class FolderNotesTest(parameterized.TestCase):
  def test_nothing_to_say(self):
    self.assertEmpty(_notes(_DEPTH_MM))
    self.assertEmpty(_notes(None))

  def test_marks(self):
    (note,) = _notes(_DEPTH_MM, marked=300)
    self.assertIn('600 pixels (10.0%) of 2 depth maps stand for unknown', note)

  def test_depth_that_is_cut_off(self):
    (note,) = _notes(np.minimum(_DEPTH_MM, 3000))
    self.assertIn('2 depth maps end at 3000', note)

  @parameterized.parameters((4, 'Matterport3D'), (5, 'TUM'), (257, '8 bits'))
  def test_steps(self, step, words):
    (note,) = _notes(np.arange(1, 201, dtype=np.uint16).reshape(10, 20) * step)
    self.assertIn(f'all depths are multiples of {step}, as in {words}', note)

  def test_depth_that_uses_all_of_16_bits(self):
    (note,) = _notes(np.linspace(1, 65534, 3000).astype(np.uint16))
    self.assertIn('as depth that was normalised does', note)

  def test_depths_in_words(self):
    facts = [
      folder_notes.Facts.of('a', 1, np.array([depths], np.uint16), 0)
      for depths in ([0, 1000, 2000, 6000], [0, 0, 0, 0], [500, 4000, 4000, 0])
    ]
    self.assertEqual(
      folder_notes.depth_text(facts),
      'median depth 3.00 m (2.00 .. 4.00 m), from 0.50 to 6.00 m',
    )
    self.assertEqual(folder_notes.depth_text(facts[1:2]), '')

  def test_rotated_bits(self):
    depth_mm = np.linspace(900, 9900, 3000).reshape(30, 100).astype(int)
    codes = (depth_mm % 8192 * 8 + depth_mm // 8192).astype(np.uint16)
    (note,) = _notes(codes)
    self.assertIn('multiples of 8, or one above, as in SUN RGB-D', note)
    self.assertEmpty(_notes(depth_mm.astype(np.uint16)))

  def test_orientation_and_files(self):
    turned, unread = _notes(_DEPTH_MM, orientation=6, unread=['a.txt'])
    self.assertIn(
      '2 pictures with an EXIF orientation (first: 0.jpg, 6)', turned
    )
    self.assertEqual(unread, '1 file not read: 1 .txt (first: a.txt)')


if __name__ == '__main__':
  absltest.main()
