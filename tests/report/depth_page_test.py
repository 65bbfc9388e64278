# SPDX-License-Identifier: Apache-2.0
"""Tests of what depth_mai/report/depth_page.py writes.

tests/web/static/depth_test.py opens it in a browser.
"""

import base64
import hashlib
import html
import io
import json
import pathlib
import re
import sys
from unittest import mock
import zlib

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.report import depth_page
from depth_mai.report import scale
from tests.web import page_reader

_NASTY = '</script><b>"1"&.jpg'


def _decoded_mm(picture):
  """Returns the depth map of a page, decoded pixel by pixel."""
  packed = zlib.decompress(base64.b64decode(picture['depth']))
  steps = [packed[i] + 256 * packed[i + 1] for i in range(0, len(packed), 2)]
  values, value = [], 0
  for step in steps:
    value = (value + step) % 65536
    values.append(value)
  return np.array(values).reshape(picture['height'], picture['width'])


class DepthPageTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'page.html'
    self.rng = np.random.default_rng(0)

  def _page(self, **options):
    return depth_page.DepthPage(
      self.path, _NASTY, scale.ColourRange(**options), overwrite=True
    )

  def _data(self):
    (text,) = re.findall(
      r'id="data">(.*?)</script>', self.path.read_text(), re.DOTALL
    )
    return json.loads(text)

  def test_depth_is_kept_to_the_millimetre(self):
    depth_m = self.rng.uniform(0.2, 60.0, (30, 40))
    depth_m[0, :4] = 0.0, np.nan, -1.0, np.inf
    depth_m[1, :2] = 0.0001, 99.0
    page = self._page()
    page.add(_NASTY, np.zeros((30, 40, 3), np.uint8), depth_m)
    page.write()
    (picture,) = self._data()['pictures']
    self.assertEqual(picture['name'], _NASTY)
    expected = np.round(1000 * depth_m)
    expected[0, :4] = 0
    expected[1, :2] = 1, 65535
    np.testing.assert_array_equal(_decoded_mm(picture), expected)

  def test_a_large_picture_is_shrunk(self):
    rgb = np.zeros((1000, 2000, 3), np.uint8)
    rgb[:, 1000:] = 250, 100, 20
    depth_m = np.tile(np.arange(1, 2001) / 100, (1000, 1))
    page = self._page()
    page.add('a.jpg', rgb, depth_m)
    page.write()
    (picture,) = self._data()['pictures']
    depth_mm = _decoded_mm(picture)
    self.assertEqual(depth_mm.shape, (320, 640))
    # Column c of the page shows the middle of its 3.125 columns of the map.
    for column in (0, 100, 639):
      middle = int((column + 0.5) * 3.125)
      self.assertEqual(depth_mm[7, column], 10 * (middle + 1))
    kind, _, jpeg = picture['picture'].partition(',')
    self.assertEqual(kind, 'data:image/jpeg;base64')
    with Image.open(io.BytesIO(base64.b64decode(jpeg))) as image:
      self.assertEqual(image.size, (1280, 640))
      pixels = np.asarray(image).astype(int)
    self.assertLess(np.abs(pixels[:, 700:] - rgb[0, -1]).max(), 6)
    self.assertLess(pixels[:, :600].max(), 6)

  def test_the_bar(self):
    page = self._page(near_m=1.0, far_m=100.0)
    page.add('a', np.zeros((2, 2, 3), np.uint8), np.ones((2, 2)))
    page.write()
    (picture,) = self._data()['pictures']
    self.assertEqual((picture['near_m'], picture['far_m']), (1.0, 100.0))
    for text, place in picture['ticks']:
      self.assertAlmostEqual(place, np.log10(float(text)) / 2)
    self.assertLen(base64.b64decode(self._data()['colours']), 3 * 256)

  def test_the_page_loads_nothing_and_is_escaped(self):
    page = self._page()
    page.add(_NASTY, np.zeros((2, 2, 3), np.uint8), np.ones((2, 2)))
    page.write()
    text = self.path.read_text()
    parsed = page_reader.Page(text)
    self.assertEmpty(parsed.named('b'))
    self.assertIn(_NASTY, html.unescape(text))
    self.assertNotRegex(text, r'https?:(?!//www\.w3\.org/)')
    for _, attributes in parsed.tags:
      for key in {'src', 'href'} & set(attributes):
        self.assertStartsWith(attributes[key], 'data:')
    policy = parsed.named('meta')[1]['content']
    self.assertStartsWith(policy, "default-src 'none'; img-src data:; ")
    for kind in ('style', 'script'):
      (content,) = re.findall(f'<{kind}>(.*?)</{kind}>', text, re.DOTALL)
      digest = base64.b64encode(hashlib.sha256(content.encode()).digest())
      self.assertIn(f"{kind}-src 'sha256-{digest.decode()}'", policy)

  def test_too_many_pictures(self):
    with mock.patch.object(depth_page, 'MOST_PICTURES', 2):
      page = self._page()
      for name in 'abcde':
        page.add(name, np.zeros((2, 2, 3), np.uint8), np.ones((2, 2)))
      self.assertRegex(page.write(), 'Page of 2 .* 3 more are not on this page')
    self.assertLen(self._data()['pictures'], 2)
    self.assertIn('3 more are not', self.path.read_text())

  def test_without_pictures_there_is_no_page(self):
    self.assertIn('no picture', self._page().write())
    self.assertFalse(self.path.exists())

  def test_an_earlier_page(self):
    self.path.write_text('earlier')
    with self.assertRaisesRegex(ValueError, 'page.html already .*--overwrite'):
      depth_page.DepthPage(self.path, 'tcl', scale.ColourRange())

  def test_needs_no_jinja(self):
    with mock.patch.dict(sys.modules, {'jinja2': None}):
      page = self._page()
      page.add('a', np.zeros((2, 2, 3), np.uint8), np.ones((2, 2)))
      page.write()
    self.assertTrue(self.path.exists())


if __name__ == '__main__':
  absltest.main()
