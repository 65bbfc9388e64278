# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.preview."""

import pathlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.datasets.mai_depth import dummy_data
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import preview
from depth_mai.datasets.rgbd_folder import survey
from depth_mai.report import picture


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
    preview.write(self.root / 'seen.png', self._survey())
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
      preview.write(self.root / 'seen.png', self._survey())
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
