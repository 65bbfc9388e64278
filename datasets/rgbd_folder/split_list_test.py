# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.split_list."""

import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import split_list

_RGB, _DEPTH = 'office 1/rgb_{}.jpg', 'office 1/sync_depth_{}.png'


class SplitListTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.problems, self.notes = [], []

  def _read(self, content, frames=None):
    """Returns the ids of a list; keeps problems and notes."""
    path = self.root / 'val.txt'
    path.write_bytes(
      content if isinstance(content, bytes) else content.encode()
    )
    frames = frames or [
      pairing.Frame(
        f'{sequence}-{i}',
        sequence,
        '',
        self.root / sequence / f'rgb_{i}.jpg',
        self.root / sequence / f'sync_depth_{i}.png',
      )
      for sequence in ('office 1', 'hall')
      for i in range(3)
    ]
    return split_list.read(
      path, 'validation', frames, self.root, self.problems, self.notes
    )

  @parameterized.parameters(
    'hall/rgb_0.jpg\nhall/rgb_2.jpg\n',
    '/hall/rgb_0.jpg\n./hall/rgb_2.jpg',
    './/hall/rgb_0.jpg\r\n\r\nhall\\rgb_2.jpg\r\n',
    '\ufeffhall/rgb_0.jpg\nhall/rgb_2.jpg\n',
    '# mine\nhall-0\n  # and\n  hall-2  \n',
    'hall/sync_depth_0.png\nhall/sync_depth_2.png\n',
    '/hall/rgb_0.jpg /hall/sync_depth_0.png 518.8579\nhall/rgb_2.jpg None '
    '721.5',
    'hall/rgb_0.jpg,hall/sync_depth_0.png\nhall/rgb_2.jpg\thall/sync_depth_2.png',
    'hall/rgb_0\nhall/rgb_2.png',  # As in lists of KITTI in JPEG files.
    'data/nyu/hall/rgb_0.jpg,data/nyu/hall/sync_depth_0.png\n'
    'data/nyu/hall/rgb_2.jpg,data/nyu/hall/sync_depth_2.png',
    'C:\\nyu\\hall\\rgb_0.jpg\nC:\\nyu\\hall\\rgb_2.jpg',
    '"hall/rgb_0.jpg" "hall/sync_depth_0.png" 5e2\n\'hall-2\'',
  )
  def test_spellings(self, content):
    self.assertEqual(self._read(content), ['hall-0', 'hall-2'])
    self.assertEmpty(self.problems)

  def test_utf_16_of_windows(self):
    content = 'hall-1\r\n'.encode('utf-16')
    self.assertEqual(self._read(content), ['hall-1'])

  def test_names_with_spaces(self):
    lines = (
      'office 1/rgb_0.jpg\n"office 1/rgb_1.jpg" "office 1/sync_depth_1.png"'
    )
    self.assertEqual(self._read(lines), ['office 1-0', 'office 1-1'])
    self.assertEqual(
      self._read('office 1'), ['office 1-0', 'office 1-1', 'office 1-2']
    )
    self.assertEmpty(self.problems)

  def test_absolute_paths(self):
    self.assertEqual(self._read(f'{self.root}/hall/rgb_0.jpg'), ['hall-0'])

  def test_folders_above_the_source(self):
    lines = '/a/hall/rgb_0.jpg\n/a/hall/rgb_1.jpg'
    self.assertEqual(self._read(lines), ['hall-0', 'hall-1'])
    self.assertEqual(
      self.notes, ["val.txt: 'a/' before the paths was left out"]
    )
    for other in ('/b/hall/rgb_2.jpg', 'hall/rgb_2.jpg'):
      self.problems.clear()
      self._read(f'{lines}\n{other}')
      self.assertIn('different folders above', str(self.problems[0]))
    self.problems.clear()
    self._read('hall/')
    self.assertEmpty(self.problems)

  def test_many_bad_lines_are_counted(self):
    self._read('\n'.join(f'x/{i}.jpg' for i in range(99)))
    self.assertLen(self.problems, 6)
    self.assertIn('94 lines more cannot be used', str(self.problems[-1]))

  def test_repeated_lines(self):
    self.assertEqual(
      self._read('hall-1\nhall/rgb_1.jpg\nhall-2'), ['hall-1', 'hall-2']
    )
    self.assertIn('names frames again in 1 line', self.notes[0])

  def test_lines_without_a_depth_map(self):
    self.assertEqual(
      self._read('hall-1\nhall/rgb_9.jpg None 721.5'), ['hall-1']
    )
    self.assertIn('1 line without a depth map', self.notes[0])

  @parameterized.parameters(
    ('hall/rgb_9.jpg', "line 1, 'hall/rgb_9.jpg', matches no frame"),
    (
      '2011_09_26/2011_09_26_drive_0001_sync 0000000005 l',
      'as in the lists of Eigen et al.',
    ),
    (
      'hall/rgb_1.jpg hall/sync_depth_2.png',
      "'hall/sync_depth_2.png', but this picture has another",
    ),
    ('# nothing\n\n', 'the list has no line'),
    ('x/1.jpg None 7', 'no line names a frame with a depth map'),
    (b'\xff\x00\x81', 'the list cannot be read'),
  )
  def test_problems(self, content, words):
    self.assertEmpty(self._read(content))
    self.assertIn(words, str(self.problems[0]))
    self.assertLen(self.problems, 1)

  def test_a_pipe_and_a_folder(self):
    os.mkfifo(self.root / 'pipe.txt')
    for name, words in (('pipe.txt', 'a pipe'), ('.', 'directory')):
      problems = []
      split_list.read(self.root / name, 'test', [], self.root, problems, [])
      self.assertIn('split.test: the list cannot be read (', str(problems[0]))
      self.assertIn(words, str(problems[0]))

  def test_a_long_line_is_shortened(self):
    self._read('x' * 9000 + '\n')
    self._read('hall/rgb_0.jpg hall/sync_depth_1.png' + 'y' * 9000)
    for problem in self.problems:
      self.assertLess(len(str(problem)), 500)
    self.assertLen(self.problems, 1)

  def test_depth_path_may_lack_its_first_folders(self):
    frame = pairing.Frame(
      'a', 's', '', self.root / 'd/1.png', self.root / 'val/d/proj_depth/1.png'
    )
    self.assertEqual(
      self._read('d/1.png d/proj_depth/1.png 721.5', [frame]), ['a']
    )
    self.assertEmpty(self.problems)


if __name__ == '__main__':
  absltest.main()
