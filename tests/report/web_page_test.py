# SPDX-License-Identifier: Apache-2.0
"""Tests of the HTML: well formed, escaped, complete without a network."""

import base64
from html import parser
import math
import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import web_page
from depth_mai.report.web_page import Cell
from depth_mai.report.web_page import Column
from depth_mai.report.web_page import Group

_NASTY = '<script>alert("1")</script> & \'more\''
_VOID = ('img', 'meta')


class Tree(parser.HTMLParser):
  """Reads HTML; fails where a tag is closed that is not the open one."""

  def __init__(self, html):
    super().__init__()
    self.open, self.tags, self.texts = [], [], []
    self.feed(html)
    self.close()
    assert not self.open, self.open

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))
    if tag not in _VOID:
      self.open.append(tag)

  def handle_endtag(self, tag):
    opened = self.open.pop()
    assert opened == tag, (opened, tag)

  def handle_data(self, data):
    self.texts.append((self.open[-1] if self.open else '', data))

  def named(self, tag):
    return [attributes for name, attributes in self.tags if name == tag]


def _table(rows, **rest):
  columns = (Column('Name', text=True), Column('MB', _NASTY, descending=True))
  return web_page.table(columns, rows, **rest)


class TableTest(absltest.TestCase):
  def test_cells_carry_what_they_are_sorted_by(self):
    rows = [
      [Cell('b', 'b', 'detail'), web_page.number_cell(1.234, '.1f', ' MB')],
      [Cell('a', 'a'), web_page.number_cell(None)],
    ]
    tree = Tree(_table(rows))
    values = [
      attributes.get('data-value')
      for tag, attributes in tree.tags
      if tag == 'td' or attributes.get('scope') == 'row'
    ]
    self.assertEqual(values, ['b', '1.234', 'a', None])
    self.assertIn(('td', '1.2 MB'), tree.texts)
    self.assertIn(('td', '–'), tree.texts)
    self.assertIn(('small', 'detail'), tree.texts)

  def test_headings_say_how_they_sort(self):
    heads = [a for a in Tree(_table([])).named('th') if 'data-column' in a]
    self.assertEqual([head['data-column'] for head in heads], ['0', '1'])
    self.assertEqual(
      [head['data-first'] for head in heads], ['ascending', 'descending']
    )

  def test_marks(self):
    rows = [[Cell('a'), Cell('1', 1, best=True, part=0.25)]]
    (cell,) = Tree(_table(rows)).named('td')
    self.assertEqual(cell['class'], 'best part')
    self.assertEqual(cell['style'], '--part: 25.0%')

  def test_rows_that_stand_out(self):
    rows = [[Cell(name), Cell('1', 1)] for name in 'abc']
    tree = Tree(_table(rows, marked=[1]))
    classes = [row.get('class') for row in tree.named('tr')]
    self.assertEqual(classes, [None, None, 'marked', None])

  def test_links(self):
    rows = [[Cell(_NASTY, link=f'/"{_NASTY}'), Cell('1', 1)]]
    tree = Tree(_table(rows))
    self.assertEqual(tree.named('a'), [{'href': f'/"{_NASTY}'}])
    self.assertIn(('a', _NASTY), tree.texts)

  def test_groups(self):
    groups = [Group('', 1), Group('Here', 1, 'note', 'other')]
    tree = Tree(_table([[Cell('a'), Cell('1', 1)]], groups=groups))
    self.assertIn(('small', 'note'), tree.texts)
    self.assertEqual(
      [a.get('colspan') for a in tree.named('th')][:2], ['1'] * 2
    )
    self.assertEqual(tree.named('th')[1]['class'], 'other')

  def test_everything_is_escaped(self):
    html = _table(
      [[Cell(_NASTY, _NASTY, _NASTY), Cell(_NASTY, _NASTY)]],
      groups=[Group(_NASTY, 2, _NASTY)],
    )
    tree = Tree(html)
    self.assertEmpty(tree.named('script'))
    self.assertEqual(tree.named('td')[0]['data-value'], _NASTY)
    self.assertEqual(sum(text == _NASTY for _, text in tree.texts), 5)

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, "'Name', 'MB'.* have 1"):
      _table([[Cell('a')]])
    with self.assertRaisesRegex(ValueError, 'have 3'):
      _table([], groups=[Group('', 3)])


class NumberCellTest(parameterized.TestCase):
  def test_number(self):
    self.assertEqual(
      web_page.number_cell(0.0, '+.2f', ' %', best=True),
      Cell('+0.00 %', 0.0, best=True),
    )

  @parameterized.parameters(None, math.nan, math.inf)
  def test_unknown(self, value):
    self.assertEqual(web_page.number_cell(value, best=True), Cell('–'))


class PictureTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path

  def test_bytes_and_size_are_inside(self):
    path = os.path.join(self.folder, 'a.PNG')
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path)
    (image,) = Tree(web_page.picture(path, _NASTY)).named('img')
    self.assertEqual((image['width'], image['height']), ('30', '20'))
    self.assertEqual(image['alt'], _NASTY)
    kind, _, data = image['src'].partition(',')
    self.assertEqual(kind, 'data:image/png;base64')
    with open(path, 'rb') as stream:
      self.assertEqual(base64.b64decode(data), stream.read())

  def test_svg(self):
    path = os.path.join(self.folder, 'a.svg')
    with open(path, 'w') as stream:
      stream.write('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (image,) = Tree(web_page.picture(path, 'a')).named('img')
    self.assertStartsWith(image['src'], 'data:image/svg+xml;base64,')

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, r"a\.bmp.*'\.jpg', '\.png'"):
      web_page.picture('a.bmp', 'a')
    path = os.path.join(self.folder, 'text.png')
    with open(path, 'w') as stream:
      stream.write('no picture')
    with self.assertRaisesRegex(ValueError, 'text.png is not the picture'):
      web_page.picture(path, 'a')
    with self.assertRaises(OSError):
      web_page.picture(os.path.join(self.folder, 'none.png'), 'a')


class PageTest(absltest.TestCase):
  def test_frame(self):
    page = web_page.page(_NASTY, '<p>body</p>')
    self.assertStartsWith(page, '<!DOCTYPE html>')
    tree = Tree(page)
    self.assertIn(('title', _NASTY), tree.texts)
    self.assertIn(('p', 'body'), tree.texts)
    self.assertIn({'charset': 'utf-8'}, tree.named('meta'))
    self.assertLen(tree.named('script'), 1)

  def test_loads_nothing(self):
    page = web_page.page('a', _table([[Cell('a'), Cell('1', 1)]]))
    self.assertNotIn('http:', page)
    self.assertNotIn('https:', page)
    self.assertNotIn('url(', page)
    self.assertEmpty(Tree(page).named('link'))
    policies = [a.get('content', '') for a in Tree(page).named('meta')]
    self.assertTrue(any("default-src 'none'" in text for text in policies))

  def test_light_and_dark_use_the_same_names(self):
    page = web_page.page('a', '')
    light, dark = (
      {
        line.split(':')[0].strip()
        for line in part.split('}')[0].replace('\n', ' ').split(';')
        if '--' in line
      }
      for part in (
        page.split(':root {')[1],
        page.split('prefers-color-scheme: dark')[1].split(':root {')[1],
      )
    )
    self.assertEqual(light, dark)
    self.assertGreater(len(light), 5)


if __name__ == '__main__':
  absltest.main()
