# SPDX-License-Identifier: Apache-2.0
"""Tests that pages are escaped, complete and load nothing from elsewhere."""

import base64
import hashlib
import os
import re
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.web import pages
from tests.web import page_reader

_NASTY = '<script>alert("1")</script>&'


def _addresses(page):
  return [
    attributes[key]
    for _, attributes in page.tags
    for key in ('src', 'href')
    if key in attributes
  ]


class RenderTest(absltest.TestCase):
  def test_frame(self):
    html = pages.render(
      'error.html', name='depth_mai', heading=_NASTY, text=_NASTY
    )
    page = page_reader.Page(html)
    self.assertStartsWith(html, '<!DOCTYPE html>\n')
    self.assertEqual(page.text.count(_NASTY), 3)
    (script,) = page.named('script')
    self.assertEqual(script['src'], '/static/tables.js')
    self.assertEqual(page.named('html'), [{'lang': 'en'}])
    self.assertIn({'class': 'skip', 'href': '#content'}, page.named('a'))
    self.assertEqual(page.named('main'), [{'id': 'content'}])

  def test_links_files_that_are_there(self):
    page = page_reader.Page(
      pages.render('error.html', name='depth_mai', heading='a', text='')
    )
    addresses = _addresses(page)
    self.assertGreater(len(addresses), 4)
    for address in addresses:
      self.assertRegex(address, '^(/static/[a-z.]+|/|#content)$')
      if address.startswith('/static/'):
        self.assertTrue((pages.STATIC_DIR / address[8:]).exists(), address)

  def test_a_missing_value_is_an_error(self):
    with self.assertRaisesRegex(Exception, "'text' is undefined"):
      pages.render('error.html', name='depth_mai', heading='a')

  def test_without_jinja(self):
    with mock.patch.dict('sys.modules', {'jinja2': None}):
      with self.assertRaisesRegex(ValueError, r"'.\[judge\]'"):
        pages.optional_package('jinja2')


class RenderOneFileTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.html = pages.render_one_file(
      'error.html', name='depth_mai', heading=_NASTY, text=''
    )
    self.page = page_reader.Page(self.html)

  def test_loads_nothing(self):
    for address in _addresses(self.page):
      self.assertRegex(address, '^(data:|#content|/$)')

  def test_policy_allows_its_own_style_and_script_only(self):
    policy = next(
      meta['content']
      for meta in self.page.named('meta')
      if meta.get('http-equiv') == 'Content-Security-Policy'
    )
    self.assertStartsWith(policy, "default-src 'none'; img-src data:; ")
    self.assertNotIn('unsafe', policy)
    for kind in ('style', 'script'):
      (content,) = re.findall(f'<{kind}>(.*?)</{kind}>', self.html, re.DOTALL)
      digest = base64.b64encode(hashlib.sha256(content.encode()).digest())
      self.assertIn(f"{kind}-src 'sha256-{digest.decode()}'", policy)


class EmbeddedTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path

  def test_bytes_and_size_are_inside(self):
    path = os.path.join(self.folder, 'a.PNG')
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path)
    picture = pages.embedded(path, _NASTY)
    (image,) = page_reader.Page(pages.macro('picture', picture)).named('img')
    self.assertEqual((image['width'], image['height']), ('30', '20'))
    self.assertEqual(image['alt'], _NASTY)
    kind, _, data = image['src'].partition(',')
    self.assertEqual(kind, 'data:image/png;base64')
    with open(path, 'rb') as stream:
      self.assertEqual(base64.b64decode(data), stream.read())

  def test_svg(self):
    path = os.path.join(self.folder, 'a.svg')
    with open(path, 'w') as stream:
      stream.write('<svg/>')
    picture = pages.embedded(path, '')
    self.assertStartsWith(picture.source, 'data:image/svg+xml;base64,')
    self.assertIsNone(picture.width)

  def test_errors(self):
    for name in ('a.txt', 'a.png'):
      path = os.path.join(self.folder, name)
      with open(path, 'w') as stream:
        stream.write('no picture')
      with self.assertRaisesRegex(ValueError, name):
        pages.embedded(path, '')


class MacrosTest(parameterized.TestCase):
  def test_items(self):
    page = page_reader.Page(pages.macro('items', [_NASTY, 'b'], 'notes'))
    self.assertLen(page.named('li'), 2)
    self.assertEqual(page.named('ul'), [{'class': 'notes'}])
    self.assertEqual(page.text, f'{_NASTY} b')
    self.assertEqual(pages.macro('items', []), '')
    self.assertEqual(pages.macro('items', None), '')

  def test_facts(self):
    html = pages.macro('facts', [('a', _NASTY), ('b', ''), ('c', None)])
    self.assertEqual(page_reader.Page(html).text, f'a {_NASTY}')

  @parameterized.parameters(
    ('2026-03-01T14:05:00+02:00', '1 March 2026, 12:05 UTC'),
    ('2026-03-01T14:05:00', '1 March 2026, 14:05'),
    ('yesterday', 'yesterday'),
    (None, 'at an unknown time'),
  )
  def test_moment(self, text, expected):
    self.assertEqual(pages.moment(text), expected)

  @parameterized.parameters(
    (2_924_608, '2.92 MB'), (100_000, '0.10 MB'), (1_528, '1,528 bytes')
  )
  def test_file_size(self, size, expected):
    self.assertEqual(pages.file_size(size), expected)


if __name__ == '__main__':
  absltest.main()
