# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.picture_folder."""

import os
import pathlib

from absl.testing import absltest

from depth_mai.pictures import picture_folder


class ListingTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path) / 'DCIM'

  def _touch(self, *names):
    for name in names:
      path = self.folder / name
      path.parent.mkdir(parents=True, exist_ok=True)
      path.touch()

  def test_pictures_are_in_natural_order(self):
    self._touch('10.png', '2.png', 'b.JPG', 'a.webp', '1.png', '02.png')
    names = [p.name for p in picture_folder.list_pictures(self.folder).pictures]
    self.assertEqual(
      names, ['1.png', '02.png', '2.png', '10.png', 'a.webp', 'b.JPG']
    )

  def test_all_that_pillow_reads(self):
    self._touch('a.bmp', 'b.tif', 'c.TIFF', 'd.jfif', 'e.gif', 'f.ppm')
    listing = picture_folder.list_pictures(self.folder)
    self.assertLen(listing.pictures, 6)
    self.assertEmpty(listing.problems + listing.left_out)

  def test_what_is_left_out_is_counted_and_named(self):
    self._touch('a.jpg', '.DS_Store', '._a.jpg', 'sub/deep/b.jpg', 'sub/c.png')
    self._touch('1.HEIC', '2.heif', 'raw.DNG', 'clip.MOV', 'notes.txt', 'x\ny')
    self._touch('empty/x.txt')
    listing = picture_folder.list_pictures(self.folder)
    self.assertEqual([p.name for p in listing.pictures], ['a.jpg'])
    heic, raw = listing.problems
    self.assertIn(
      'HEIC files that are left out: 2 (1.HEIC, 2.heif). Cure: pip install',
      heic,
    )
    self.assertIn(
      'raw files that are left out: 1 (raw.DNG). Cure: convert', raw
    )
    video, others, below = listing.left_out
    self.assertIn('videos that are left out: 1 (clip.MOV). Cure: give', video)
    self.assertIn(r'other files that are left out: 2 (notes.txt, x\ny)', others)
    self.assertIn('left out: 1 (sub: 2 pictures)', below)

  def test_names_of_pictures_that_are_no_files(self):
    self._touch('a.png', 'within.png/b.png')
    (self.folder / 'folder.png').mkdir()
    (self.folder / 'loop.jpg').symlink_to('loop.jpg')
    (self.folder / 'gone.PNG').symlink_to('nowhere')
    os.mkfifo(self.folder / 'pipe.webp')
    listing = picture_folder.list_pictures(self.folder)
    self.assertEqual([p.name for p in listing.pictures], ['a.png'])
    (problem,), (below,) = listing.problems, listing.left_out
    self.assertIn(
      'left out: 4 (folder.png, gone.PNG, loop.jpg, pipe.webp). Cure: put',
      problem,
    )
    self.assertIn('(within.png: 1 picture)', below)

  def test_a_raw_file_beside_its_picture_is_no_problem(self):
    self._touch('IMG_1.JPG', 'IMG_1.CR2', 'IMG_2.CR2')
    listing = picture_folder.list_pictures(self.folder)
    (problem,), (left_out,) = listing.problems, listing.left_out
    self.assertIn('raw files that are left out: 1 (IMG_2.CR2)', problem)
    self.assertIn('that are left out: 1 (IMG_1.CR2)', left_out)

  def test_empty_and_missing_folder(self):
    self._touch('notes.txt', 'sub/a.png')
    with self.assertRaisesRegex(
      ValueError, r'DCIM contains no picture.*notes.txt.*sub: 1 picture\)'
    ):
      picture_folder.list_pictures(self.folder)
    with self.assertRaisesRegex(ValueError, '/x/y cannot be read'):
      picture_folder.list_pictures('/x/y')

  def test_subfolders(self):
    self._touch('b.png', 'x/10.png', 'x/2.png', 'x/deep/1.jpg', '.hidden/c.png')
    self._touch('x/clip.mov', 'only_text/notes.txt', 'heic/1.heic')
    (self.folder / 'link').symlink_to('x')
    listing = picture_folder.list_pictures(self.folder, subfolders=True)
    self.assertEqual(
      [str(path.relative_to(self.folder)) for path in listing.pictures],
      ['b.png', 'x/2.png', 'x/10.png', 'x/deep/1.jpg'],
    )
    self.assertIn('(1.heic)', listing.problems[0])
    link, video = listing.left_out
    self.assertIn('(link: 3 pictures)', link)
    self.assertIn('(clip.mov)', video)

  def test_gathered_inputs_are_listed_once(self):
    self._touch('a.png', 'x/b.png', 'x/y/c.png')
    (self.folder / 'empty').mkdir()
    listing = picture_folder.gather(
      [
        self.folder / 'x/b.png',
        self.folder,
        self.folder / 'x',
        self.folder / 'empty',
        self.folder / 'missing.png',
      ]
    )
    self.assertEqual(
      [str(path.relative_to(self.folder)) for path in listing.pictures],
      ['x/b.png', 'a.png', 'missing.png'],
    )
    self.assertRegex(listing.problems[0], 'empty contains no picture')
    self.assertLen(listing.left_out, 2)

  def test_a_folder_of_heic_alone_is_no_empty_folder(self):
    self._touch('1.heic')
    listing = picture_folder.list_pictures(self.folder)
    self.assertEmpty(listing.pictures)
    self.assertLen(listing.problems, 1)


class ResultNamesTest(absltest.TestCase):
  def _names(self, *names):
    named = picture_folder.result_names(map(pathlib.Path, names))
    self.assertEqual([str(path) for path in named.values()], [*names])
    return list(named)

  def test_names_are_stems(self):
    self.assertEqual(self._names('1.png', 'x/10.jpg'), ['1', '10'])

  def test_no_result_replaces_another(self):
    self.assertEqual(
      self._names('a.png', 'a.jpg', 'b/A.png', 'a_2.png'),
      ['a', 'a_3', 'A_4', 'a_2'],
    )

  def test_two_forms_of_an_accent_are_one_name(self):
    # Some file systems store the first form for the second.
    self.assertEqual(
      self._names('caf\u00e9.png', 'cafe\u0301.png'),
      ['caf\u00e9', 'cafe\u0301_2'],
    )


if __name__ == '__main__':
  absltest.main()
