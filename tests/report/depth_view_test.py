# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/report/depth_view.py; see also depth_page_test.

tests/web/static/depth_test.py opens what it describes in a browser.
"""

import base64
import io
import json
import zlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.report import depth_view


class DepthViewTest(absltest.TestCase):
  def test_a_description_holds_millimetres_and_is_json(self):
    depth_m = np.random.default_rng(0).uniform(0.5, 60.0, (5, 7))
    depth_m[0, 0] = 0.0
    described = json.loads(
      json.dumps(depth_view.describe('a\n', '/p', depth_m, 1.0, 10.0))
    )
    self.assertEqual(described['picture'], '/p')
    self.assertNotIn('\n', described['name'])
    self.assertEqual((described['height'], described['width']), (5, 7))
    steps = np.frombuffer(
      zlib.decompress(base64.b64decode(described['depth'])), '<u2'
    )
    depth_mm = np.cumsum(steps.astype(int)) % 65536
    np.testing.assert_array_equal(depth_mm, np.rint(1000 * depth_m).ravel())

  def test_the_bar_is_logarithmic(self):
    bar = depth_view.colour_range(1.0, 100.0)
    self.assertEqual((bar['near_m'], bar['far_m']), (1.0, 100.0))
    self.assertGreater(len(bar['ticks']), 2)
    for text, place in bar['ticks']:
      self.assertAlmostEqual(place, np.log10(float(text)) / 2)

  def test_a_large_picture_is_shrunk(self):
    jpeg = depth_view.picture_jpeg(np.zeros((100, 2560, 3), np.uint8))
    self.assertEqual(Image.open(io.BytesIO(jpeg)).size, (1280, 50))

  def test_the_colours(self):
    table = depth_view.colour_table()
    self.assertLen(base64.b64decode(table['colours']), 3 * 256)
    self.assertLen(table['unknown'], 3)


if __name__ == '__main__':
  absltest.main()
