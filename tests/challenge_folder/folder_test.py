# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.challenge_folder.folder."""

import os
import pathlib
import shutil

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.challenge_folder import folder
from depth_mai.files import problems
from tests.data import dummy_data


def write_depth(path: pathlib.Path, depth_mm: np.ndarray) -> None:
  Image.fromarray(np.asarray(depth_mm, np.uint16)).save(path)


class FolderTestCase(parameterized.TestCase):
  """Writes a good folder to `self.root` for every test."""

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path) / 'data'
    dummy_data.write_folder(self.root)


class ListingTest(FolderTestCase):
  def test_pairs_are_sorted_by_id(self):
    rgb_dir, depth_dir = (self.root / 'train' / s for s in ('rgb', 'depth'))
    for i, name in enumerate(('b.10', 'a')):
      shutil.copy(rgb_dir / f'0000{i}.png', rgb_dir / f'{name}.PNG')
      shutil.copy(depth_dir / f'0000{i}.png', depth_dir / f'{name}.png')
    pairs = folder.list_pairs(self.root, 'train')
    self.assertEqual(
      [pair.id for pair in pairs], ['00000', '00001', '00002', 'a', 'b.10']
    )
    self.assertEqual(
      pairs[-1],
      folder.Pair('b.10', rgb_dir / 'b.10.PNG', depth_dir / 'b.10.png'),
    )

  @parameterized.parameters('.png', '.jpg', '.jpeg', '.JPG')
  def test_suffixes_of_pictures(self, suffix):
    root = self.root.parent / 'other'
    dummy_data.write_folder(root, {'train': 2}, rgb_suffix=suffix)
    paths = [pair.rgb_path.name for pair in folder.list_pairs(root, 'train')]
    self.assertEqual(paths, [f'00000{suffix}', f'00001{suffix}'])
    self.assertEmpty(folder.find_problems(root))

  def test_splits_are_those_on_disk_in_fixed_order(self):
    (self.root / 'notes').mkdir()
    self.assertEqual(
      folder.split_names(self.root), ['train', 'validation', 'test']
    )
    shutil.rmtree(self.root / 'train')
    self.assertEqual(folder.split_names(self.root), ['validation', 'test'])

  @parameterized.parameters('.DS_Store', '._00000.png', 'Thumbs.db', 'a.txt')
  def test_other_files_are_ignored(self, name):
    for kind in ('rgb', 'depth'):
      (self.root / 'train' / kind / name).write_bytes(b'other')
    self.assertLen(folder.list_pairs(self.root, 'train'), 3)

  @parameterized.parameters(True, False)
  def test_test_split_may_lack_depth(self, empty_folder):
    shutil.rmtree(self.root / 'test' / 'depth')
    if empty_folder:
      (self.root / 'test' / 'depth').mkdir()
    (pair,) = folder.list_pairs(self.root, 'test')
    self.assertIsNone(pair.depth_path)
    ((name, rgb_uint8, depth_mm),) = folder.iterate_pairs(self.root, 'test')
    self.assertEqual(name, '00000')
    self.assertEqual(rgb_uint8.shape, (24, 32, 3))
    self.assertIsNone(depth_mm)
    self.assertEmpty(folder.find_problems(self.root))


class IterationTest(FolderTestCase):
  def test_iterate_pairs_yields_the_written_pairs(self):
    depth_mm = np.full((24, 32), 40000, np.uint16)
    depth_mm[3, 4] = 0
    write_depth(self.root / 'train' / 'depth' / '00001.png', depth_mm)
    pairs = list(folder.iterate_pairs(self.root, 'train'))
    self.assertEqual([pair[0] for pair in pairs], ['00000', '00001', '00002'])
    np.testing.assert_array_equal(pairs[1][2], depth_mm)
    rng = np.random.default_rng((0, 0, 2))  # As in dummy_data.
    rgb_uint8 = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    np.testing.assert_array_equal(pairs[2][1], rgb_uint8)


class UnknownDepthTest(FolderTestCase):
  def test_marks_are_unknown_and_counted(self):
    rng = np.random.default_rng(0)
    written = rng.integers(900, 4000, (24, 32), dtype=np.uint16)
    for name, mark in (('00000', 65535), ('00001', 20000)):
      marked = written.copy()
      marked[:8] = mark
      write_depth(self.root / 'train/depth' / f'{name}.png', marked)
    expected = written.copy()
    expected[:8] = 0
    for _, _, depth_mm in list(folder.iterate_pairs(self.root, 'train'))[:2]:
      np.testing.assert_array_equal(depth_mm, expected)
    found = folder.survey(self.root)
    self.assertEmpty(found.problems)
    (note,) = found.notes
    # A third of two of three maps.
    self.assertStartsWith(note, 'train: 512 pixels (22.2%) of 2 depth maps')

  def test_a_map_of_marks_alone(self):
    path = self.root / 'train/depth/00001.png'
    write_depth(path, np.full((24, 32), 65535))
    (problem,) = folder.find_problems(self.root)
    self.assertIn('unknown (0 or 65535) everywhere', str(problem))


class NamesTest(FolderTestCase):
  def _rename(self, kind, name, other):
    path = self.root / 'train' / kind / name
    path.rename(path.with_name(other))

  def test_two_forms_of_an_accent_are_one_id(self):
    self._rename('rgb', '00000.png', 'k\u00fcche.png')
    self._rename('depth', '00000.png', 'ku\u0308che.png')
    self.assertEmpty(folder.find_problems(self.root))
    self.assertIn(
      'k\u00fcche', [p.id for p in folder.list_pairs(self.root, 'train')]
    )

  def test_leading_zeros_and_capitals_are_seen(self):
    self._rename('rgb', '00000.png', '0.png')
    self._rename('depth', '00001.png', 'IMG_1.png')
    self._rename('rgb', '00001.png', 'img_1.png')
    first, second = folder.find_problems(self.root)
    self.assertIn('its depth map is probably 00000.png', str(first))
    self.assertIn('its depth map is probably IMG_1.png', str(second))

  def test_names_that_cannot_be_stored(self):
    for kind in ('rgb', 'depth'):
      self._rename(kind, '00000.png', os.fsdecode(b'caf\xe9.png'))
      self._rename(kind, '00001.png', 'a\nb.png')
    texts = '\n'.join(map(str, folder.find_problems(self.root)))
    self.assertIn('caf\\xe9.png: its name has bytes that are not UTF-8', texts)
    self.assertIn('a\\nb.png: its name has a line end', texts)

  def test_a_split_with_another_name_is_not_overlooked(self):
    (self.root / 'validation').rename(self.root / 'val')
    for look in (
      folder.split_names,
      folder.find_problems,
      lambda root: folder.list_pairs(root, 'train'),
    ):
      with self.assertRaisesRegex(problems.BadInputError, "'validation'"):
        look(self.root)

  def test_depth_of_test_with_another_name(self):
    (self.root / 'test/depth').rename(self.root / 'test/Depth')
    (problem,) = folder.find_problems(self.root)
    self.assertIn("its name must be 'depth'", str(problem))

  def test_other_files_and_folders_are_said(self):
    (self.root / 'train/rgb/a.HEIC').touch()
    (self.root / 'train/depth/a.npy').touch()
    (self.root / 'train/rgb/readme.txt').touch()
    (self.root / 'extra').mkdir()
    (self.root / 'train/masks').mkdir()
    found = folder.survey(self.root)
    self.assertIn('1 .HEIC (first: a.HEIC)', str(found.problems[0]))
    self.assertIn('1 .npy (first: a.npy)', str(found.problems[1]))
    self.assertEqual(
      found.notes,
      [
        'train: 1 file not read: 1 .txt (first: readme.txt)',
        f'not read in {self.root / "train"}: masks',
        f'not read in {self.root}: extra',
      ],
    )


class RefusalTest(FolderTestCase):
  def assert_refused(self, path: str, *words: str, split: str = 'train'):
    """Checks that find_problems and reading give one problem, at `path`."""
    (problem,) = folder.find_problems(self.root)
    self.assertEqual(problem.path, self.root / path)
    for word in words:
      self.assertIn(word, str(problem))
    with self.assertRaises(problems.BadInputError) as caught:
      list(folder.iterate_pairs(self.root, split))
    self.assertEqual(caught.exception.problems, [problem])
    self.assertIn(str(self.root / path), str(caught.exception))
    self.assertIsInstance(caught.exception, ValueError)

  def test_picture_without_depth(self):
    (self.root / 'train/depth/00001.png').unlink()
    self.assert_refused('train/rgb/00001.png', 'no depth map', '00001.png')

  def test_depth_without_picture(self):
    (self.root / 'train/rgb/00001.png').unlink()
    self.assert_refused('train/depth/00001.png', 'no picture')

  def test_test_split_with_some_depth(self):
    shutil.copy(
      self.root / 'test/rgb/00000.png', self.root / 'test/rgb/00001.png'
    )
    self.assert_refused('test/rgb/00001.png', 'no depth map', split='test')

  @parameterized.parameters('rgb', 'depth')
  def test_two_files_with_one_id(self, kind):
    directory = self.root / 'train' / kind
    Image.new('RGB', (32, 24)).save(directory / '00001.jpg')
    self.assert_refused(
      f'train/{kind}/00001.jpg', "'00001'", '00001.jpg, 00001.png', 'keep one'
    )

  def test_depth_as_jpeg(self):
    (self.root / 'train/depth/00001.png').unlink()
    Image.new('L', (32, 24), 90).save(self.root / 'train/depth/00001.jpg')
    self.assert_refused('train/depth/00001.jpg', 'PNG', '16-bit')

  def test_depth_of_8_bits(self):
    Image.new('L', (32, 24), 90).save(self.root / 'train/depth/00001.png')
    self.assert_refused(
      'train/depth/00001.png', 'one channel of 8 bits', '16-bit one-channel'
    )

  def test_depth_of_three_channels(self):
    Image.new('RGB', (32, 24)).save(self.root / 'train/depth/00001.png')
    self.assert_refused('train/depth/00001.png', 'three channels')

  def test_different_sizes_in_a_pair(self):
    path = self.root / 'train/depth/00001.png'
    write_depth(path, np.full((32, 24), 900))
    self.assert_refused('train/depth/00001.png', '24 x 32', '32 x 24')

  def test_sizes_may_differ_between_pairs(self):
    for kind in ('rgb', 'depth'):
      with Image.open(self.root / f'train/{kind}/00001.png') as picture:
        picture.resize((40, 30), Image.Resampling.NEAREST).save(
          self.root / f'train/{kind}/00001.png'
        )
    self.assertEmpty(folder.find_problems(self.root))

  @parameterized.parameters('rgb', 'depth')
  def test_truncated_file(self, kind):
    path = self.root / f'train/{kind}/00001.png'
    path.write_bytes(path.read_bytes()[:200])
    self.assert_refused(f'train/{kind}/00001.png', 'cut off', 'copy it again')

  def test_depth_is_zero_everywhere(self):
    write_depth(self.root / 'train/depth/00001.png', np.zeros((24, 32)))
    self.assert_refused('train/depth/00001.png', 'everywhere')

  @parameterized.parameters((5, '0.005 m'), (99, '0.099 m'), (60001, '60.001'))
  def test_depth_is_not_in_millimetres(self, value, words):
    depth = np.full((24, 32), value)
    depth[:20] = 0  # The median is that of the known depth.
    depth[20] = 3000
    write_depth(self.root / 'train/depth/00001.png', depth)
    self.assert_refused('train/depth/00001.png', words, 'millimetres')

  @parameterized.parameters(100, 60000)
  def test_extreme_depth_is_accepted(self, value):
    write_depth(self.root / 'train/depth/00001.png', np.full((24, 32), value))
    self.assertEmpty(folder.find_problems(self.root))

  def test_no_depth_folder(self):
    shutil.rmtree(self.root / 'train' / 'depth')
    self.assert_refused('train/depth', 'no depth folder', 'only test')

  def test_no_rgb_folder(self):
    (self.root / 'train/rgb').rename(self.root / 'train/images')
    self.assert_refused('train/images', "its name must be 'rgb'", 'mv ')

  def test_empty_split(self):
    shutil.rmtree(self.root / 'train')
    (self.root / 'train/rgb').mkdir(parents=True)
    (self.root / 'train/depth').mkdir()
    (self.root / 'train/rgb/a.bmp').write_bytes(b'other')
    self.assert_refused(
      'train/rgb/a.bmp', '1 file would be left out: 1 .bmp', 'convert pictures'
    )

  def test_root_without_splits(self):
    root = self.root / 'train'
    for call in (folder.split_names, folder.find_problems):
      with self.assertRaisesRegex(ValueError, 'contains depth/, rgb/.*validat'):
        call(root)

  def test_missing_root(self):
    with self.assertRaisesRegex(ValueError, 'nowhere is not a folder'):
      folder.split_names(self.root / 'nowhere')

  def test_missing_split(self):
    shutil.rmtree(self.root / 'validation')
    for call in (folder.list_pairs, folder.find_problems):
      with self.assertRaisesRegex(ValueError, "'validation'.* train, test "):
        call(self.root, 'validation')
    with self.assertRaisesRegex(ValueError, "'val'; it has train, test .*poss"):
      folder.list_pairs(self.root, 'val')

  def test_kinds_of_data_directories(self):
    self.assertTrue(folder.is_challenge_folder(self.root))
    self.assertFalse(folder.is_prepared(self.root))
    (self.root / 'dataset_info.json').write_text('{}')
    self.assertFalse(folder.is_challenge_folder(self.root))
    self.assertTrue(folder.is_prepared(self.root))
    self.assertFalse(folder.is_challenge_folder(self.root / 'train'))

  def test_every_problem_is_reported(self):
    write_depth(self.root / 'train/depth/00000.png', np.zeros((24, 32)))
    (self.root / 'train/rgb/00000.png').write_bytes(b'')
    (self.root / 'train/rgb/00002.png').unlink()
    (self.root / 'validation/depth/00001.png').unlink()
    found = [
      str(problem.path.relative_to(self.root))
      for problem in folder.find_problems(self.root)
    ]
    self.assertEqual(
      found,
      [
        'train/depth/00002.png',
        'train/rgb/00000.png',
        'train/depth/00000.png',
        'validation/rgb/00001.png',
      ],
    )
    self.assertLen(folder.find_problems(self.root, 'validation'), 1)


if __name__ == '__main__':
  absltest.main()
