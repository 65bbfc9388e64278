# SPDX-License-Identifier: Apache-2.0
"""Tests of tables.js in a real browser."""

import contextlib
import pathlib
import tempfile

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.web import guard
from depth_mai.web import pages
from depth_mai.web import serving
from depth_mai.web.sortable_table import Cell
from depth_mai.web.sortable_table import Column
from depth_mai.web.sortable_table import Table
from depth_mai.web.sortable_table import number_cell
from tests.web import web_driver

_MISSING = web_driver.what_is_missing()
_TEMPLATE = """{% extends 'base.html' %}
{% import 'macros.html' as macros %}
{% block title %}Test{% endblock %}
{% block content %}
<h1>Test</h1>
{{ macros.table(table) }}{{ macros.picture(picture) }}
{% endblock %}"""


@absltest.skipIf(_MISSING, f'No browser: {_MISSING}.')
class TablesTest(absltest.TestCase):
  """The same page twice: from a server, and as a single file."""

  def setUp(self):
    super().setUp()
    folder = pathlib.Path(
      self.enter_context(tempfile.TemporaryDirectory(prefix='tables_'))
    )
    self.browser = self.enter_context(
      contextlib.closing(web_driver.Browser(str(folder / 'profile')))
    )
    Image.fromarray(np.zeros((10, 20, 3), np.uint8)).save(folder / 'a.png')
    columns = (Column('Name', text=True), Column('ms', descending=True))
    values = (('b', 9.0), ('a', 10.0), ('c', None))
    rows = [
      [Cell(name, name), number_cell(value, part=0.5)] for name, value in values
    ]
    jinja2 = pages.optional_package('jinja2')
    loader = jinja2.DictLoader({'test.html': _TEMPLATE})
    environment = pages._environment()
    environment.loader = jinja2.ChoiceLoader([environment.loader, loader])
    values = {
      'table': Table(columns, rows),
      'picture': pages.embedded(folder / 'a.png', 'Black'),
    }
    self.one_file = folder / 'page.html'
    self.one_file.write_text(pages.render_one_file('test.html', **values))
    app = guard.create_app()
    app.get('/')(lambda: pages.render('test.html', **values))
    self.address = self.enter_context(serving.running(app, '127.0.0.1', 0))

  def names(self):
    return ''.join(
      self.browser.run(
        "return [...document.querySelectorAll('tbody th')]"
        '.map(head => head.textContent)'
      )
    )

  def check(self, url):
    browser = self.browser
    browser.open(url)
    self.assertEqual(self.names(), 'bac')
    heading = 'thead th:nth-child({}) button'
    for column, expected in (
      (2, 'abc'),  # From high to low; unknown figures come last.
      (2, 'bac'),
      (1, 'abc'),
      (1, 'cba'),
    ):
      browser.click(heading.format(column))
      self.assertEqual(self.names(), expected, column)
    self.assertLen(browser.find('th[aria-sort=descending]'), 1)
    browser.click('.picture button')
    self.assertLen(browser.find('.picture.zoomed'), 1)
    loaded = "return document.querySelector('.picture img').naturalWidth"
    colour = (
      'return getComputedStyle(document.querySelector("td.part svg")).fill'
    )
    self.assertEqual(browser.run(colour), 'rgb(207, 228, 242)')
    return browser.run(loaded)

  def test_single_file(self):
    self.assertEqual(self.check(self.one_file.as_uri()), 20)
    self.assertEmpty(self.browser.console_errors())

  def test_served(self):
    # The policy of served pages has no embedded pictures.
    self.assertEqual(self.check(self.address.url), 0)


if __name__ == '__main__':
  absltest.main()
