# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.survey_report."""

import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import survey
from depth_mai.datasets.rgbd_folder import survey_report
from depth_mai.report import picture
from tests.data import dummy_data


class TextTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _lines(self, **keys):
    keys = {
      'rgb': '{sequence}/color/{id}.png',
      'depth': '{sequence}/depth/{id}.png',
      'depth_unit': 'mm',
      **keys,
    }
    found = survey.survey(self.root, description_lib.Description(**keys))
    return survey_report.lines(found)

  def test_report(self):
    depths = (1000, 2000, 3000, 4000)
    for index, depth_mm in enumerate(depths):
      for sequence in ('a', 'b', 'c'):
        values = np.full((24, 32), depth_mm)
        values[:6] = 0
        dummy_data.save_depth(
          self.root / sequence / 'depth' / f'{index}.png', values
        )
        picture = self.root / sequence / 'color' / f'{index}.png'
        picture.parent.mkdir(exist_ok=True)
        Image.new('RGB', (64, 48)).save(picture)
    Image.new('RGB', (64, 48)).save(self.root / 'b/color/lone.png')
    self.assertEqual(
      self._lines(split=description_lib.Split(validation=('c',)), max_width=32),
      [
        'pairs         12 in 3 sequences',
        'no partner    1 picture (first: b/color/lone.png), 0 depth maps',
        'pictures      64 x 48 (12)',
        'depth maps    32 x 24 (12), uint16',
        'stored as     32 x 24 (12)',
        'numbers       1000 .. 4000, read as mm',
        'depth         median 2.50 m (1.00 .. 4.00 m), from 1.00 to 4.00 m',
        'known         75% of the pixels (75% .. 75%)',
        'train         8 pairs: a, b',
        'validation    4 pairs: c',
        'note          depth maps are resized to the size of their picture '
        '(nearest pixel); both must have the same field of view',
      ],
    )

  def test_shared_scene_is_reported(self):
    dummy_data.write_recordings(self.root, {'a': 10})
    (note,) = self._lines()[-1:]
    self.assertIn('training and validation share a scene: a', note)

  def test_every_and_splits(self):
    dummy_data.write_recordings(self.root)
    lines = self._lines(
      every=2, split=description_lib.Split(('hall',), test=('office',))
    )
    text = '\n'.join(lines)
    self.assertIn('pairs         6 in 3 sequences', text)
    self.assertIn('6 more left out by every', text)
    self.assertIn('note          in no split, or not usable: 3 pairs', text)

  def test_mark_for_unknown_depth_is_reported(self):
    dummy_data.write_recordings(self.root, {'a': 5})
    depth_mm = np.full((24, 32), 2000)
    depth_mm[0] = 65535
    dummy_data.save_depth(self.root / 'a/depth/000001.png', depth_mm)
    with_mark = '\n'.join(self._lines())
    self.assertIn(
      '65535 counts as unknown, 32 pixels of 1 depth map',
      with_mark,
    )
    self.assertIn('from 0.80 to 5.00 m', with_mark)

  def test_depth_that_is_cut_off_is_reported(self):
    dummy_data.write_recordings(self.root, {'a': 3})
    for path in self.root.glob('a/depth/*.png'):
      depth_mm = np.linspace(900, 12000, 24 * 32).reshape(24, 32)
      dummy_data.save_depth(path, np.minimum(depth_mm, 10000).astype(int))
    text = '\n'.join(self._lines())
    self.assertIn('note          3 depth maps end at 10000, which at', text)
    invalid = '\n'.join(self._lines(invalid=(10000.0,)))
    self.assertNotIn('end at', invalid)

  def test_files_that_fit_no_pattern_are_reported(self):
    dummy_data.write_recordings(self.root, {'a': 5})
    (self.root / 'a/depth/000001.png').rename(self.root / 'a/depth/000001.PNG')
    (self.root / 'a/color/video.MOV').touch()
    (self.root / 'val.txt').write_text('a-000001\na-000001\n')
    text = '\n'.join(
      self._lines(split=description_lib.Split(validation='val.txt'))
    )
    self.assertIn(
      'left out      1 file that fits no pattern: 1 .MOV (first: '
      'a/color/video.MOV)',
      text,
    )
    self.assertIn('written differently, and all are read: .png (4), .PNG', text)
    self.assertIn('val.txt names frames again in 1 line', text)

  def test_orientations_are_reported(self):
    dummy_data.write_recordings(self.root, {'a': 3}, size=(24, 24))
    exif = Image.Exif()
    exif[0x112] = 3
    path = self.root / 'a/color/000001.png'
    Image.new('RGB', (24, 24)).save(path, exif=exif)
    self.assertIn(
      '1 picture with an EXIF orientation (first: a/color/000001.png, 3)',
      '\n'.join(self._lines()),
    )

  def test_far_depth_is_reported(self):
    dummy_data.write_recordings(self.root, {'a': 5})
    depth_mm = np.full((24, 32), 2000)
    depth_mm[:12] = 9000
    for i in range(5):
      dummy_data.save_depth(self.root / f'a/depth/{i:06d}.png', depth_mm)
    text = '\n'.join(self._lines(max_depth_m=8.0))
    self.assertIn('50.0% of the pixels are farther than 8 m', text)

  def test_unit_that_looks_wrong_is_reported(self):
    dummy_data.write_recordings(self.root, {'a': 5}, units_per_metre=5000)
    text = '\n'.join(self._lines())
    self.assertIn("look like depth_unit = 'tum'", text)
    self.assertIn('the description states mm', text)

  def test_rotated_bits_outweigh_a_plausible_range(self):
    dummy_data.write_recordings(self.root, {'a': 5}, units_per_metre=8000)
    for path in self.root.glob('a/depth/*.png'):
      with Image.open(path) as depth:
        codes = np.asarray(depth).astype(int) // 8 * 8
      Image.fromarray(codes.astype(np.uint16)).save(path)
    self.assertIn("look like depth_unit = 'sunrgbd'", '\n'.join(self._lines()))

  def test_distances_to_the_camera_are_named(self):
    dummy_data.write_recordings(self.root, {'a': 3})
    (self.root / 'a/depth').rename(self.root / 'a/depth_euclidean')
    lines = self._lines(depth='{sequence}/depth_euclidean/{id}.png')
    self.assertIn("names say 'euclidean'", '\n'.join(lines))

  def test_numbers_without_a_unit_are_reported(self):
    dummy_data.write_recordings(self.root, {'a': 5})
    for path in list(self.root.glob('a/depth/*.png')):
      grey = np.random.default_rng(0).integers(1, 255, (24, 32))
      Image.fromarray((grey * 257).astype(np.uint16)).save(path)
    text = '\n'.join(self._lines())
    self.assertIn('all numbers are multiples of 257: this looks like 8', text)

  def test_no_validation(self):
    dummy_data.write_recordings(self.root, {'a': 5})
    text = '\n'.join(self._lines(split=description_lib.Split(validation=0)))
    self.assertIn('no validation split', text)


class PreviewTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def _survey(self):
    return survey.survey(
      self.root / 'rec',
      description_lib.Description(
        rgb='{sequence}/color/{id}.png',
        depth='{sequence}/depth/{id}.png',
        depth_unit='mm',
      ),
    )

  def test_rows_show_picture_depth_and_both(self):
    dummy_data.write_recordings(self.root / 'rec')
    survey_report.write_preview(self.root / 'seen.png', self._survey())
    with Image.open(self.root / 'seen.png') as saved:
      seen = np.array(saved.convert('RGB'))
    # The first and the last of the frames, which are sorted by their names.
    frames = [('hall', 0), ('office', 1)]
    for sequence, index in frames:
      rgb_uint8, _ = dummy_data.frame(sequence, index)
      self.assertLen(_places(seen, rgb_uint8), 1)
    everything = [
      dummy_data.frame(*name)[1] / 1000
      for name in (('hall', 0), ('kitchen', 0), ('kitchen', 3), ('office', 1))
    ]
    near_m, far_m = picture.depth_range(*everything)
    colours = picture.colourise(everything[0], near_m, far_m)
    (place,) = _places(seen, colours)
    rgb_uint8, depth_mm = dummy_data.frame('hall', 0)
    self.assertEqual(_places(seen, rgb_uint8)[0][0], place[0])  # One row.
    both = rgb_uint8 // 2 + colours // 2
    both[depth_mm == 0] = rgb_uint8[depth_mm == 0]
    self.assertLen(_places(seen, both), 1)

  def test_no_readable_frame(self):
    dummy_data.write_recordings(self.root / 'rec', {'hall': 2})
    for path in self.root.glob('rec/hall/depth/*.png'):
      path.write_bytes(b'')
    with self.assertRaisesRegex(ValueError, 'No frame can be shown'):
      survey_report.write_preview(self.root / 'seen.png', self._survey())
    self.assertFalse((self.root / 'seen.png').exists())


def _places(whole, part):
  """Returns the positions of a picture in another one, as (row, column)."""
  height, width = part.shape[:2]
  corners = (whole[: -height + 1, : -width + 1] == part[0, 0]).all(-1)
  return [
    (y, x)
    for y, x in np.argwhere(corners)
    if (whole[y : y + height, x : x + width] == part).all()
  ]


if __name__ == '__main__':
  absltest.main()
