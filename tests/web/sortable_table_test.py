# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables and of the macro that draws them."""

import math

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.web import pages
from depth_mai.web.sortable_table import Cell
from depth_mai.web.sortable_table import Column
from depth_mai.web.sortable_table import Group
from depth_mai.web.sortable_table import Table
from depth_mai.web.sortable_table import number_cell
from tests.web import page_reader

_NASTY = '<script>alert("1")</script> & \'more\''


def _table(rows, **rest):
  columns = (Column('Name', text=True), Column('MB', _NASTY, descending=True))
  return Table(columns, rows, **rest)


def _drawn(rows, **rest):
  return page_reader.Page(pages.macro('table', _table(rows, **rest)))


class TableTest(absltest.TestCase):
  def test_cells_carry_the_value_they_are_sorted_by(self):
    page = _drawn(
      [
        [Cell('b', 'b', 'detail'), number_cell(1.234, '.1f', ' MB')],
        [Cell('a', 'a'), number_cell(None)],
      ]
    )
    values = [
      attributes.get('data-value')
      for tag, attributes in page.tags
      if tag == 'td' or attributes.get('scope') == 'row'
    ]
    self.assertEqual(values, ['b', '1.234', 'a', None])
    self.assertEqual(page.rows[1:], [['b (detail)', '1.2 MB'], ['a', '–']])
    self.assertEqual(page.named('td')[1]['class'], 'missing')

  def test_headings_say_how_they_sort(self):
    heads = _drawn([]).named('th')
    self.assertEqual([head['data-column'] for head in heads], ['0', '1'])
    self.assertEqual(
      [head['data-first'] for head in heads], ['ascending', 'descending']
    )
    self.assertEqual([head.get('title') for head in heads], [None, _NASTY])
    self.assertEqual(heads[0]['class'], 'text')

  def test_bars_need_no_inline_style(self):
    for part, width in ((0.25, '25.0'), (7.0, '100.0'), (-1.0, '0.0')):
      page = _drawn([[Cell('a'), Cell('1', 1, best=True, part=part)]])
      self.assertEqual(page.named('td')[0]['class'], 'best part')
      self.assertEqual(page.named('rect')[0]['width'], width)
      self.assertNotIn('style', str(page.tags))

  def test_highlighted_rows(self):
    rows = [[Cell(name), Cell('1', 1)] for name in 'abc']
    classes = [row.get('class') for row in _drawn(rows, marked=[1]).named('tr')]
    self.assertEqual(classes, [None, None, 'marked', None])

  def test_links(self):
    page = _drawn([[Cell(_NASTY, link=f'/"{_NASTY}'), Cell('1', 1)]])
    self.assertEqual(page.named('a'), [{'href': f'/"{_NASTY}'}])
    self.assertEqual(page.rows[1][0], _NASTY)

  def test_groups(self):
    groups = [Group('', 1), Group('Here', 1, 'note', 'other')]
    page = _drawn([[Cell('a'), Cell('1', 1)]], groups=groups)
    self.assertEqual(page.rows[0][1], 'Here (note)')
    self.assertEqual(page.named('th')[1], {'colspan': '1', 'class': 'other'})

  def test_everything_is_escaped(self):
    page = _drawn(
      [[Cell(_NASTY, _NASTY, _NASTY), Cell(_NASTY, _NASTY)]],
      groups=[Group(_NASTY, 2, _NASTY)],
    )
    self.assertEmpty(page.named('script'))
    self.assertEqual(page.named('td')[0]['data-value'], _NASTY)
    self.assertEqual(page.text.count(_NASTY), 5)

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, "'Name', 'MB'.* have 1"):
      _table([[Cell('a')]])
    with self.assertRaisesRegex(ValueError, 'have 3'):
      _table([], groups=[Group('', 3)])


class NumberCellTest(parameterized.TestCase):
  def test_number(self):
    self.assertEqual(
      number_cell(0.0, '+.2f', ' %', best=True),
      Cell('+0.00 %', 0.0, best=True),
    )

  @parameterized.parameters(None, math.nan, math.inf)
  def test_unknown(self, value):
    self.assertEqual(number_cell(value, best=True), Cell('–'))


if __name__ == '__main__':
  absltest.main()
