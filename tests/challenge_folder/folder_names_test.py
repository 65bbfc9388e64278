# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.challenge_folder.folder_names."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.challenge_folder import folder_names


class FolderNamesTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _touch(self, *names):
    for name in names:
      path = self.root / name
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()

  @parameterized.parameters(
    ('val', 'validation'), ('Validation', 'validation'), ('TRAIN', 'train'),
    ('testing', 'test'),
  )  # fmt: skip
  def test_splits(self, name, right):
    self._touch(f'{name}/rgb/a.png', f'{right}_notes/a.txt', 'runs/rgb/a.png')
    (problem,) = folder_names.misnamed_splits(self.root)
    self.assertEqual(problem.path, self.root / name)
    self.assertIn(f'mv {self.root / name} {self.root / right}', problem.cure)

  def test_both_names(self):
    self._touch('val/Depth/a.png', 'validation/rgb/a.png')
    (problem,) = folder_names.misnamed_splits(self.root)
    self.assertIn('exists, too', problem.cure)

  def test_a_folder_without_pictures_is_no_split(self):
    self._touch('val/a.txt', 'train/rgb/a.png')
    self.assertEmpty(folder_names.misnamed_splits(self.root))

  def test_kinds(self):
    self._touch('RGB/a.png', 'Depth/a.png', 'mask/a.png')
    problems = folder_names.misnamed_kinds(self.root)
    self.assertEqual(
      [problem.path.name for problem in problems], ['Depth', 'RGB']
    )
    self._touch('rgb/a.png', 'depth/a.png', 'images/a.png')
    self.assertEmpty(folder_names.misnamed_kinds(self.root))

  def test_overlooked(self):
    self._touch(
      'a.png', 'b.JPG', '.DS_Store', 'notes.txt', 'Thumbs.db', 'a.zip'
    )
    self._touch('c.heic', 'd.MOV', 'e.heic', 'part_2/f.png')
    (self.root / 'empty').mkdir()
    problems, side = folder_names.overlooked(self.root, ('.png', '.jpg'))
    self.assertEqual(side, ['Thumbs.db', 'a.zip', 'notes.txt'])
    self.assertIn(
      '3 files would be left out: 2 .heic, 1 .MOV', str(problems[0])
    )
    self.assertIn('1 folder would be left out: part_2', str(problems[1]))
    self.assertLen(problems, 2)


if __name__ == '__main__':
  absltest.main()
