# SPDX-License-Identifier: Apache-2.0
"""Tests that maps are drawn without the pictures of the data set."""

import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.report import colours

_ROOT = pathlib.Path(__file__).parents[2]


class DepthMapsTest(absltest.TestCase):
  def test_predictions_and_errors_are_drawn_but_no_picture(self):
    data = self.create_tempdir().full_path
    random = np.random.default_rng(0)
    for split in ('train', 'validation'):
      for kind in ('rgb', 'depth'):
        os.makedirs(os.path.join(data, split, kind))
      for name in ('a', 'b'):
        rgb_uint8 = random.integers(0, 255, (480, 640, 3), np.uint8)
        depth_mm = np.full((480, 640), 2000, np.uint16)
        depth_mm[:, 320:] = 4000
        for kind, pixels in (('rgb', rgb_uint8), ('depth', depth_mm)):
          path = os.path.join(data, split, kind, f'{name}.png')
          Image.fromarray(pixels).save(path)
    predictions = os.path.join(data, 'validation', 'depth')
    output = os.path.join(data, 'maps.png')
    subprocess.run(
      [
        *(sys.executable, '-m', 'benchmarks.depth_maps'),
        *(f'--data_dir={data}', f'--predictions=perfect={predictions}'),
        f'--output={output}',
      ],
      cwd=_ROOT,
      check=True,
    )
    with Image.open(output) as image:
      drawn = np.array(image.convert('RGB')).reshape(-1, 3)
    is_colour = lambda rgb: (drawn == rgb).all(axis=-1)
    # Two tiles of 240x180, half of each near and half of it far; no error.
    near, far = colours.depth_map(64)[[0, -1]]
    self.assertGreaterEqual(is_colour(near).sum(), 2 * 120 * 180)
    self.assertGreaterEqual(is_colour(far).sum(), 2 * 120 * 180)
    # Everything colourful is in the palettes of the maps: no photograph.
    palettes = {
      *map(tuple, colours.depth_map(64)),
      *map(tuple, colours.error_map(64)),
    }
    colourful = drawn[np.ptp(drawn.astype(int), axis=-1) > 60]
    self.assertContainsSubset(set(map(tuple, colourful)), palettes)


if __name__ == '__main__':
  absltest.main()
