# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.guess."""

import os
import pathlib
import shutil

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import guess
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import problems
from tests.data import dummy_data


class GuessTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _guess(self):
    """Returns the guess and the frames that it finds."""
    guessed = guess.guess(self.root)
    self.assertIsNone(guessed.problem)
    found = guessed.description
    frames = pairing.find_frames(self.root, found)
    self.assertNotEmpty(frames.frames)
    self.assertEmpty(frames.problems)
    return found, guessed.remarks, frames

  def _doubt(self):
    """Returns why the guess leaves the unit open."""
    guessed = guess.guess(self.root)
    self.assertNotEmpty(guessed.choices['depth_unit'])
    return str(guessed.problem)

  @parameterized.parameters(
    ('{sequence}/color/{id}.png', '{sequence}/depth/{id}.png'),
    ('color/{sequence}/{id}.png', 'depth/{sequence}/{id}.npy'),
    ('{sequence}/cam0/{id}.color.png', '{sequence}/cam0/{id}.depth.npy'),
    ('{sequence}/frame-{id}.color.png', '{sequence}/frame-{id}.depth.png'),
    ('a/{sequence}/rgb_{id}.png', 'a/{sequence}/depth_{id}.pgm'),
    ('{sequence}/{id}_rgb.png', '{sequence}/raw/{id}_aligned_depth.tif'),
    ('{sequence}/image/{id}.bmp', '{sequence}/d/{id}.png'),
  )
  def test_layouts_of_several_recordings(self, rgb, depth):
    is_float = depth.endswith('.npy')
    dummy_data.write_recordings(
      self.root, rgb=rgb, depth=depth, units_per_metre=1 if is_float else 1000
    )
    found, _, frames = self._guess()
    self.assertEqual((found.rgb, found.depth), (rgb, depth))
    self.assertLen(frames.frames, sum(dummy_data.RECORDINGS.values()))
    self.assertEqual(
      {frame.sequence for frame in frames.frames}, set(dummy_data.RECORDINGS)
    )
    self.assertEmpty(frames.lone_rgb + frames.lone_depth)
    self.assertEqual(found.depth_unit, 'm' if is_float else 'mm')
    self.assertEqual(found.split.validation, 0.1)

  def test_one_recording(self):
    dummy_data.write_recordings(self.root, {'hall': 3})
    found, remarks, _ = self._guess()
    self.assertEqual(found.rgb, 'hall/color/{id}.png')
    self.assertIn('3 pairs', remarks['rgb'])
    self.assertIn('A guess', remarks['depth_unit'])

  def test_folders_of_splits(self):
    for split in ('train', 'val'):
      dummy_data.write_recordings(self.root / split)
    found, _, _ = self._guess()
    self.assertEqual(found.rgb, '{split}/{sequence}/color/{id}.png')
    self.assertEqual(found.depth, '{split}/{sequence}/depth/{id}.png')
    self.assertIsNone(found.split.validation)

  def test_folders_of_splits_in_capitals(self):
    for split in ('Train', 'VAL'):
      dummy_data.write_recordings(self.root / split)
    found, _, _ = self._guess()
    self.assertEqual(found.rgb, '{split}/{sequence}/color/{id}.png')

  def test_coloured_depth_is_no_picture(self):
    dummy_data.write_recordings(self.root, {'a': 3})
    for path in list(self.root.glob('a/color/*.png')):
      for name in (f'depth/{path.stem}_color.png', f'color/depth_{path.name}'):
        shutil.copy(path, self.root / 'a' / name)
    found, _, frames = self._guess()
    self.assertEqual(found.rgb, 'a/color/{id}.png')
    self.assertEqual(found.depth, 'a/depth/{id}.png')
    self.assertLen(frames.frames, 3)

  def test_coloured_depth_in_the_same_folder(self):
    dummy_data.write_recordings(
      self.root,
      {'depth data': 3},
      rgb='{sequence}/rgb_{id}.png',
      depth='{sequence}/depth_{id}.png',
    )
    for path in list(self.root.glob('*/rgb_*.png')):
      shutil.copy(path, path.with_name(f'depth_color_{path.name[4:]}'))
    self.assertEqual(self._guess()[0].rgb, 'depth data/rgb_{id}.png')

  def test_files_that_cannot_be_read_are_named(self):
    (self.root / 'a').mkdir()
    for name in ('1.HEIC', '2.MP4', '3.png'):
      (self.root / 'a' / name).write_bytes(b'x')
    with self.assertRaises(problems.BadInputError) as caught:
      guess.guess(self.root)
    for words in (
      'not readable: 1 .png (first: a/3.png)',
      'HEIC: pip install pillow-heif',
      'video: write its pictures to files first',
    ):
      self.assertIn(words, str(caught.exception))

  def test_two_pictures_for_each_depth_map(self):
    for folder in ('corrected_images', 'images'):
      dummy_data.write_recordings(
        self.root,
        {'scan': 3},
        rgb=f'{{sequence}}/{folder}/{{id}}.png',
        depth='{sequence}/depth/{id}.png',
      )
    found, _, frames = self._guess()
    self.assertEqual(found.rgb, 'scan/images/{id}.png')
    self.assertLen(frames.frames, 3)
    self.assertEmpty(frames.problems)
    self.assertLen(frames.left_out, 3)

  def test_names_that_cannot_be_stored(self):
    dummy_data.write_recordings(self.root, {'a': 3})
    for path in list(self.root.glob('a/*/*.png')):
      path.rename(path.with_name(os.fsdecode(b'\xe9' + os.fsencode(path.name))))
    with self.assertRaisesRegex(problems.BadInputError, 'not UTF-8'):
      guess.guess(self.root)

  def test_layout_of_kitti(self):
    for date, split, drive in (
      ('2011_09_26', 'train', '2011_09_26_drive_0001_sync'),
      ('2011_09_26', 'val', '2011_09_26_drive_0002_sync'),
      ('2011_09_28', 'train', '2011_09_28_drive_0001_sync'),
    ):
      for camera in ('image_02', 'image_03'):
        dummy_data.write_recordings(
          self.root,
          {drive: 2},
          rgb=f'{date}/{{sequence}}/{camera}/data/{{id}}.png',
          depth=f'{split}/{{sequence}}/proj_depth/{camera}/{{id}}.png',
        )
    found, _, frames = self._guess()
    self.assertEqual(found.rgb, '*/{sequence}/{part_2}/data/{id}.png')
    self.assertEqual(
      found.depth, '{split}/{sequence}/proj_depth/{part_2}/{id}.png'
    )
    self.assertLen(frames.frames, 12)

  @parameterized.parameters(('s', '.{:06d}'), ('ns', '{:06d}000'))
  def test_time_stamps(self, unit, decimals):
    dummy_data.write_recordings(self.root, {'a': 4, 'b': 3})
    for path in sorted(self.root.glob('*/*/*.png')):
      # The depth map of a frame is 4 ms late.
      late_us = 4000 * (path.parent.name == 'depth')
      late_us += 30000 * int(path.stem)
      name = f'1305031102{decimals.format(late_us)}.png'
      path.rename(path.with_name(name))
    found, _, frames = self._guess()
    self.assertEqual((found.pairing, found.timestamp_unit), ('timestamp', unit))
    self.assertLen(frames.frames, 7)

  def test_units(self):
    dummy_data.write_recordings(self.root, units_per_metre=5000)
    found, remarks, _ = self._guess()
    self.assertEqual(found.depth_unit, 'tum')
    self.assertIn('multiples of 5', remarks['depth_unit'])

  def test_two_units_are_left_open(self):
    dummy_data.write_recordings(self.root, units_per_metre=4321)
    doubt = self._doubt()
    for unit in ('mm', 'tum', 'matterport'):
      self.assertIn(f'depth_unit = "{unit}"', doubt)
    self.assertIn('depth would be', doubt)

  def test_sun_rgbd(self):
    dummy_data.write_recordings(
      self.root,
      rgb='kv2/{sequence}/image/{id}.png',
      depth='kv2/{sequence}/depth_bfx/{id}.png',
      units_per_metre=8000,  # The rotation of up to 8191 mm.
    )
    found, _, _ = self._guess()
    self.assertEqual(found.depth_unit, 'sunrgbd')

  def test_depth_in_colours(self):
    dummy_data.write_recordings(self.root, {'a': 2, 'b': 2}, size=(96, 128))
    for path in list(self.root.glob('*/depth/*.png')):
      depth_m = np.linspace(3, 40, 96)[:, None] + np.zeros((96, 128))
      numbers = np.rint(depth_m / 1000 * (2**24 - 1)).astype(int)
      parts = [numbers % 256, numbers // 256 % 256, numbers // 65536]
      Image.fromarray(np.stack(parts, -1).astype(np.uint8)).save(path)
    found, _, frames = self._guess()
    self.assertEqual(found.depth, '{sequence}/depth/{id}.png')
    self.assertEqual(found.depth_unit, 'rgb24')
    self.assertLen(frames.frames, 4)

  def test_cityscapes_is_named(self):
    dummy_data.write_recordings(
      self.root,
      {'aachen': 2, 'bremen': 2},
      rgb='leftImg8bit/train/{sequence}/{sequence}_{id}_leftImg8bit.png',
      depth='disparity/train/{sequence}/{sequence}_{id}_disparity.png',
    )
    self.assertIn("its name says 'disparity'", self._doubt())
    choices = guess.guess(self.root).choices
    self.assertIn('cityscapes', choices['depth_unit'])
    self.assertContainsSubset(('baseline_m', 'focal_px'), choices)

  def test_masks_of_diode(self):
    dummy_data.write_recordings(
      self.root,
      rgb='{sequence}/scan/{id}.png',
      depth='{sequence}/scan/{id}_depth.npy',
      units_per_metre=1,
    )
    for path in list(self.root.glob('*/scan/*_depth.npy')):
      np.save(path.with_name(f'{path.stem}_mask.npy'), np.ones((24, 32)))
    found, _, _ = self._guess()
    self.assertEqual(found.mask, '{sequence}/scan/{id}_depth_mask.npy')
    self.assertEqual(found.depth_unit, 'm')

  def test_suffixes_are_spelt_differently(self):
    dummy_data.write_recordings(self.root, {'a': 4})
    color = self.root / 'a/color'
    for name, suffix in (('000000', '.JPG'), ('000001', '.jpeg')):
      Image.new('RGB', (32, 24)).save(color / f'{name}.jpg')
      (color / f'{name}.jpg').rename(color / f'{name}{suffix}')
      (color / f'{name}.png').unlink()
    (self.root / 'a/depth/000002.png').rename(self.root / 'a/depth/000002.PNG')
    found, _, frames = self._guess()
    self.assertEqual(found.rgb, 'a/color/{id}.*')
    self.assertEqual(found.depth, 'a/depth/{id}.png')
    self.assertLen(frames.frames, 4)

  def test_no_plausible_unit(self):
    dummy_data.write_recordings(
      self.root, depth='{sequence}/{id}.npy', units_per_metre=1e6
    )
    self.assertIn('the usual range of no unit', self._doubt())

  def test_damaged_files_are_ignored(self):
    dummy_data.write_recordings(self.root)
    (self.root / 'hall/depth/000000.png').write_bytes(b'')
    self.assertEqual(self._guess()[0].depth_unit, 'mm')

  def test_recording_without_depth(self):
    dummy_data.write_recordings(self.root)
    for path in list(self.root.glob('hall/depth/*')):
      path.unlink()
    found, _, frames = self._guess()
    self.assertEqual(found.depth, '{sequence}/depth/{id}.png')
    self.assertLen(frames.lone_rgb, dummy_data.RECORDINGS['hall'])

  def test_unreadable_depth_is_reported(self):
    dummy_data.write_recordings(self.root)
    for path in list(self.root.glob('*/depth/*.png')):
      path.rename(path.with_suffix('.exr'))
    with self.assertRaisesRegex(problems.BadInputError, 'OpenEXR'):
      guess.guess(self.root)

  def test_confidence_and_mask_are_not_depth(self):
    dummy_data.write_recordings(self.root)
    for path in list(self.root.glob('*/color/*.png')):
      other = path.parent.parent / 'confidence' / path.name
      other.parent.mkdir(exist_ok=True)
      Image.new('L', (32, 24), 2).save(other)
      np.save(path.with_name(f'{path.stem}_mask.npy'), np.ones((24, 32)))
    found, _, _ = self._guess()
    self.assertEqual(found.depth, '{sequence}/depth/{id}.png')

  def test_no_usable_files(self):
    def refusal():
      with self.assertRaises(problems.BadInputError) as caught:
        guess.guess(self.root)
      return str(caught.exception)

    self.assertIn('0 colour pictures', refusal())
    for i in range(3):
      Image.new('RGB', (32, 24)).save(self.root / f'{i}.png')
      Image.new('L', (32, 24)).save(self.root / f'{i}_depth.png')
    self.assertIn('3 pictures with one 8-bit channel', refusal())
    np.save(self.root / 'else_depth.npy', np.ones((24, 32)))
    self.assertIn('no picture has the name of', refusal())

  def test_depth_that_nothing_here_reads(self):
    Image.new('RGB', (32, 24)).save(self.root / '1.png')
    (self.root / '1.depth_meters.hdf5').touch()
    with self.assertRaisesRegex(problems.BadInputError, 'HDF5 files are not'):
      guess.guess(self.root)

  def test_coloured_depth_is_named(self):
    for kind in ('rgb', 'depth'):
      (self.root / kind).mkdir()
      Image.new('RGB', (32, 24), 'red').save(self.root / kind / '1.png')
    (self.root / 'calibration.yaml').touch()
    with self.assertRaises(problems.BadInputError) as caught:
      guess.guess(self.root)
    self.assertIn('those of depth/ are called depth', str(caught.exception))
    self.assertIn('not looked at: 1 .yaml', str(caught.exception))


if __name__ == '__main__':
  absltest.main()
