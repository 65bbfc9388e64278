# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.layouts.

The paths are those that the data sets' own pages and tools name.
"""

import tomllib

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.datasets.rgbd_folder import description
from depth_mai.datasets.rgbd_folder import layouts
from depth_mai.datasets.rgbd_folder import pattern


class LayoutsTest(parameterized.TestCase):
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
    layout = layouts.LAYOUTS[name]
    found = [
      pattern.match(layout.rgb, rgb),
      pattern.match(layout.depth, depth),
    ]
    self.assertNotIn(None, found)
    for field in found[0].keys() & found[1].keys():
      if layout.pairing == 'name' or field != 'id':
        self.assertEqual(found[0][field], found[1][field])
    self.assertIn('sequence', found[0])

  def test_mask_of_diode_is_no_depth_map(self):
    layout = layouts.LAYOUTS['diode']
    path = 'val/outdoor/scene_00022/scan_00193/00022_00193_outdoor_010_020'
    mask = f'{path}_depth_mask.npy'
    self.assertEqual(
      pattern.match(layout.mask, mask)['id'], '00022_00193_outdoor_010_020'
    )
    self.assertIsNone(pattern.match(layout.depth, mask))

  @parameterized.parameters(*layouts.LAYOUTS)
  def test_text_reads_back(self, name):
    layout = layouts.LAYOUTS[name]
    text = layouts.to_toml(layout, {'rgb': 'Pictures.'})
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
    text = layouts.to_toml(changed, {})
    self.assertEqual(description.from_table(tomllib.loads(text)), changed)

  def test_text_shows_every_key(self):
    text = layouts.to_toml(layouts.LAYOUTS['tum'], {})
    for key in ('mask', 'every', 'left', 'test', 'divide_sequences'):
      self.assertRegex(text, f'\n# {key} = ')


if __name__ == '__main__':
  absltest.main()
