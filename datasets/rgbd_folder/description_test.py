# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.description."""

import os
import pathlib
import tomllib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import description
from depth_mai.datasets.rgbd_folder import pattern
from depth_mai.files import problems

_LEAST = 'rgb = "{id}.jpg"\ndepth = "{id}.png"\ndepth_unit = "mm"\n'


class DescriptionTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'rec.toml'

  def _read(self, text):
    self.path.write_text(text)
    return description.read(self.path)

  def test_least(self):
    self.assertEqual(
      self._read(_LEAST),
      description.Description('{id}.jpg', '{id}.png', 'mm'),
    )

  def test_every_key(self):
    found = self._read(
      """
      rgb = "{sequence}/{id}.jpg"
      depth = "{sequence}/{id}.npy"
      depth_unit = 6553.5
      mask = "{sequence}/{id}_mask.png"
      invalid = [-1.0, 65535, nan]
      min_depth_m = 0.2
      max_depth_m = 8
      pairing = "timestamp"
      timestamp_unit = "ns"
      tolerance_s = 0.01
      every = 5
      max_width = 640
      [crop]
      left = 1
      top = 2
      right = 3
      bottom = 4
      [split]
      validation = ["hall", "room_*"]
      test = 0.2
      divide_sequences = true
      """
    )
    self.assertEqual(found.encoding.units_per_metre, 6553.5)
    self.assertEqual(found.unit_name, '1/6553.5 m')
    self.assertEqual(found.invalid[:2], (-1.0, 65535))
    self.assertEqual(found.crop, description.Crop(1, 2, 3, 4))
    self.assertEqual(
      found.split,
      description.Split(None, ('hall', 'room_*'), 0.2, True),
    )
    self.assertEqual((found.every, found.max_width), (5, 640))

  @parameterized.parameters(
    ('"m"', 1, 'm'),
    ('"cm"', 100, 'cm'),
    ('"mm"', 1000, 'mm'),
    ('"kitti"', 256, '1/256 m'),
    ('"tum"', 5000, '1/5000 m'),
    ('1000', 1000, 'mm'),
    ('5000', 5000, '1/5000 m'),
  )
  def test_units(self, unit, per_metre, name):
    found = self._read(_LEAST.replace('"mm"', unit))
    self.assertEqual(found.encoding.units_per_metre, per_metre)
    self.assertEqual(found.unit_name, name)

  @parameterized.parameters(
    ('depht_unit = "mm"', 'no key depht_unit (meant: depth_unit?)'),
    ('[split]\nvalidaton = 0.1', 'split.validaton (meant: split.validation?)'),
    ('[split]\ninvalid = [1]', '(invalid belongs above the line [split])'),
    ('crop = 3', 'crop is 3; allowed: a table'),
    ('[crop]\nleft = -1', 'crop.left is -1; allowed: a whole number of 0'),
    ('every = 0', 'every is 0; allowed: a whole number of 1'),
    ('every = 2.5', 'every is 2.5'),
    ('max_width = true', 'max_width is True'),
    ('invalid = 0', 'invalid is 0; allowed: a list'),
    ('invalid = ["nan"]', 'allowed: a list'),
    ('max_depth_m = inf', 'max_depth_m is inf'),
    ('min_depth_m = 70', 'min_depth_m is 70 and max_depth_m 65.534'),
    ('tolerance_s = 0', 'tolerance_s is 0'),
    ('pairing = "time"', "pairing is 'time'; allowed: name, timestamp"),
    ('timestamp_unit = 1', 'timestamp_unit is 1; allowed: s, ms, us, ns'),
    ('mask = "a.png"', "mask: the pattern 'a.png' has no {id}"),
    ('[split]\nvalidation = 1.0', 'split.validation is 1.0'),
    ('[split]\ntrain = 0.9', 'split.train is 0.9; allowed: a list'),
    ('[split]\ntest = []', 'split.test is []'),
    ('[split]\ntest = [1]', 'split.test is [1]'),
    ('[split]\ndivide_sequences = 1', 'divide_sequences is 1'),
    ('rgb = ', 'TOML'),
  )
  def test_bad_values_are_named(self, line, words):
    with self.assertRaises(problems.BadInputError) as caught:
      self._read(_LEAST + line)
    self.assertIn(words, str(caught.exception))
    self.assertIn('rec.toml: ', str(caught.exception))
    self.assertIn('Cure: ', str(caught.exception))

  @parameterized.parameters('"metres"', '0', '-1', 'inf', 'true')
  def test_bad_units(self, unit):
    with self.assertRaisesRegex(ValueError, 'allowed: m, cm, mm, kitti, tum'):
      self._read(_LEAST.replace('"mm"', unit))

  def test_unit_is_never_assumed(self):
    with self.assertRaisesRegex(ValueError, 'there is no depth_unit'):
      self._read('rgb = "{id}.jpg"\ndepth = "{id}.png"')

  def test_missing_file(self):
    with self.assertRaisesRegex(ValueError, '--write_description'):
      description.read(self.path)

  def test_a_pipe(self):
    os.mkfifo(self.path)
    with self.assertRaisesRegex(ValueError, 'cannot be read .*a pipe'):
      description.read(self.path)


class LayoutsTest(parameterized.TestCase):
  """The paths are those in the data sets' own pages and tools."""

  @parameterized.parameters(
    (
      '7scenes',
      'redkitchen/seq-01/frame-000000.color.png',
      'redkitchen/seq-01/frame-000000.depth.png',
    ),
    (
      'tum',
      'rgbd_dataset_freiburg1_xyz/rgb/1305031102.175304.png',
      'rgbd_dataset_freiburg1_xyz/depth/1305031102.160407.png',
    ),
    (
      'kitti',
      '2011_09_26/2011_09_26_drive_0001_sync/image_02/data/0000000005.png',
      'train/2011_09_26_drive_0001_sync/proj_depth/groundtruth/image_02/'
      '0000000005.png',
    ),
    (
      'diode',
      'val/indoors/scene_00019/scan_00183/00019_00183_indoors_000_010.png',
      'val/indoors/scene_00019/scan_00183/'
      '00019_00183_indoors_000_010_depth.npy',
    ),
  )
  def test_paths(self, name, rgb, depth):
    layout = description.LAYOUTS[name]
    found = [
      pattern.match(layout.rgb, rgb),
      pattern.match(layout.depth, depth),
    ]
    self.assertNotIn(None, found)
    for field in found[0].keys() & found[1].keys():
      if layout.pairing == 'name' or field != 'id':
        self.assertEqual(found[0][field], found[1][field])
    self.assertIn('sequence', found[0])

  def test_mask_of_diode_is_not_a_depth_map(self):
    layout = description.LAYOUTS['diode']
    path = 'val/outdoor/scene_00022/scan_00193/00022_00193_outdoor_010_020'
    mask = f'{path}_depth_mask.npy'
    self.assertEqual(
      pattern.match(layout.mask, mask)['id'], '00022_00193_outdoor_010_020'
    )
    self.assertIsNone(pattern.match(layout.depth, mask))

  @parameterized.parameters(*description.LAYOUTS)
  def test_text_reads_back(self, name):
    layout = description.LAYOUTS[name]
    text = description.to_toml(layout, {'rgb': 'Pictures.'})
    self.assertIn('\n# Pictures.\nrgb = ', text)
    self.assertEqual(description.from_table(tomllib.loads(text)), layout)

  def test_text_with_everything_reads_back(self):
    changed = description.Description(
      rgb='{sequence}/"ü"/{id}.jpg',
      depth='{sequence}/{id}.png',
      depth_unit=6553.5,
      invalid=(65535, -1.5),
      max_depth_m=10.0,
      crop=description.Crop(bottom=4),
      split=description.Split(('a',), 0.25, 'test.txt', True),
    )
    text = description.to_toml(changed, {})
    self.assertEqual(description.from_table(tomllib.loads(text)), changed)

  def test_text_shows_every_key(self):
    text = description.to_toml(description.LAYOUTS['tum'], {})
    for key in ('mask', 'every', 'left', 'test', 'divide_sequences'):
      self.assertRegex(text, f'\n# {key} = ')

  def test_disparities_need_two_cameras(self):
    keys = {'rgb': '{id}.png', 'depth': '{id}.pfm'}
    with self.assertRaisesRegex(ValueError, 'baseline_m, and the focal'):
      description.Description(**keys, depth_unit='disparity')
    with self.assertRaisesRegex(ValueError, 'belong to disparities'):
      description.Description(**keys, depth_unit='mm', baseline_m=0.2)
    description.Description(
      **keys, depth_unit='cityscapes', baseline_m=0.2, focal_px=2000
    )

  def test_choices_are_comments(self):
    draft = description.Description('{id}.png', '{id}.npy', 'mm')
    text = description.to_toml(draft, {}, {'depth_unit': ('mm', 'tum')})
    self.assertIn('# depth_unit = "mm"\n# depth_unit = "tum"\n', text)
    with self.assertRaisesRegex(ValueError, 'there is no depth_unit'):
      description.from_table(tomllib.loads(text))


if __name__ == '__main__':
  absltest.main()
