# SPDX-License-Identifier: Apache-2.0
"""Builds the site of the documents (mkdocs.yml), and reads it in a browser."""

import ast
import functools
from html import parser
import http.server
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
from urllib import parse

from absl.testing import absltest
from absl.testing import parameterized

from tests.web import web_driver

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
_PACKAGES = ('mkdocs', 'material', 'mkdocstrings_handlers')
_ABSENT = [name for name in _PACKAGES if not importlib.util.find_spec(name)]
_NO_BROWSER = web_driver.what_is_missing()
# Attributes whose addresses a browser loads by itself, and all that it follows.
_LOADED = {
  ('img', 'src'),
  ('script', 'src'),
  ('link', 'href'),
  ('iframe', 'src'),
}
_FOLLOWED = {('a', 'href'), *_LOADED}
_RETURN = '\ue007'


class _Page(parser.HTMLParser):
  """The addresses and anchors of a page, and the text of its code blocks."""

  def __init__(self, path):
    super().__init__()
    self.addresses, self.anchors, self.code = [], {''}, ['']
    self._inside_code = False
    self.feed(path.read_text(encoding='utf-8'))

  def handle_starttag(self, tag, attrs):
    for name, value in attrs:
      if (tag, name) in _FOLLOWED:
        self.addresses.append((tag, name, value))
      if name in ('id', 'name'):
        self.anchors.add(value)
    if tag == 'pre':
      self._inside_code = True
      self.code.append('')

  def handle_endtag(self, tag):
    if tag == 'pre':
      self._inside_code = False

  def handle_data(self, data):
    if self._inside_code:
      self.code[-1] += data


def _public_names(package):
  """Yields the documented functions and classes of a package's modules."""
  for path in sorted((_ROOT / package).glob('*.py')):
    module = path.relative_to(_ROOT).with_suffix('').as_posix()
    for node in ast.parse(path.read_text()).body:
      if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        if not node.name.startswith('_') and ast.get_docstring(node):
          yield f'{module.replace("/", ".")}.{node.name}'


@absltest.skipIf(
  _ABSENT, f"there is no {', '.join(_ABSENT)}; run pip install -e '.[docs]'"
)
class SiteTest(parameterized.TestCase):
  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.site = pathlib.Path(
      cls.enterClassContext(tempfile.TemporaryDirectory())
    )
    cls.build = subprocess.run(
      [
        *(sys.executable, '-m', 'mkdocs', 'build', '--strict', '-q'),
        *('-f', _ROOT / 'mkdocs.yml', '-d', cls.site),
      ],
      env={**os.environ, 'NO_MKDOCS_2_WARNING': '1'},
      capture_output=True,
      text=True,
      check=False,
    )
    cls.pages = {path: _Page(path) for path in cls.site.rglob('*.html')}

  def _page(self, name):
    return self.pages[self.site / name]

  def test_it_builds_without_a_warning(self):
    self.assertEqual(self.build.returncode, 0, self.build.stderr)
    self.assertEqual(self.build.stderr, '')

  def test_every_document_is_a_page_at_its_own_place(self):
    for pattern in ('*.md', 'docs/**/*.md', 'pretrained/**/*.md'):
      for path in _ROOT.glob(pattern):
        place = path.relative_to(_ROOT).with_suffix('.html').as_posix()
        place = place.replace('README.html', 'index.html')
        self.assertIn(self.site / place, self.pages)

  def test_links_lead_somewhere(self):
    for path, page in self.pages.items():
      if path.name == '404.html':  # Its addresses start from the server's root.
        continue
      for _, _, address in page.addresses:
        url = parse.urlsplit(address)
        if url.scheme:
          continue
        target = path.parent / parse.unquote(url.path) if url.path else path
        target = pathlib.Path(os.path.normpath(target))
        if target.is_dir():
          target /= 'index.html'
        self.assertTrue(target.exists(), f'{path}: {address}')
        if url.fragment and target in self.pages:
          anchor = parse.unquote(url.fragment)
          self.assertIn(
            anchor, self.pages[target].anchors, f'{path}: {address}'
          )

  def test_nothing_is_loaded_from_elsewhere(self):
    for path, page in self.pages.items():
      for tag, name, address in page.addresses:
        if (tag, name) in _LOADED:
          self.assertNotRegex(address, '^(https?:)?//', path)
    for path in self.site.rglob('*.css'):
      self.assertNotRegex(path.read_text(), r'(url\(|@import) *.?(https?:|//)')

  def test_a_source_file_is_shown_whole(self):
    for name in ('CITATION.cff', 'depth_mai/models/systems/ours.py'):
      shown = self._page(f'{name}.html').code[-1]
      self.assertEqual(shown.strip(), (_ROOT / name).read_text().strip())

  @parameterized.parameters(
    ('losses', 'depth_mai/losses'),
    ('losses', 'depth_mai/distillation'),
    ('layers', 'depth_mai/layers'),
    ('models', 'depth_mai/models/systems'),
    ('models', 'depth_mai/models/encoders'),
    ('models', 'depth_mai/models/teachers'),
  )
  def test_the_reference_has_everything_public(self, page, package):
    names = list(_public_names(package))
    self.assertGreater(len(names), 4)
    self.assertContainsSubset(
      names, self._page(f'docs/api/{page}.html').anchors
    )

  def test_what_readme_calls_has_its_place_in_the_reference(self):
    self.assertContainsSubset(
      {'depth_mai.load', 'depth_mai.points', 'depth_mai.write_ply'},
      self._page('docs/api/predicting.html').anchors,
    )

  def test_a_table_in_a_docstring_keeps_its_lines(self):
    text = ast.get_docstring(
      ast.parse((_ROOT / 'depth_mai/models/systems/tcl.py').read_text())
    )
    (table,) = re.findall(r'^  in .*?\n(?=\n)', text, re.MULTILINE | re.DOTALL)
    table = re.sub('^  ', '', table, flags=re.MULTILINE)
    self.assertIn(table, self._page('docs/api/models.html').code)

  @absltest.skipIf(_NO_BROWSER, _NO_BROWSER)
  def test_a_browser_reads_and_searches_it_without_a_network(self):
    handler = functools.partial(_Quiet, directory=str(self.site))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    self.addCleanup(server.server_close)
    threading.Thread(target=server.serve_forever).start()
    self.addCleanup(server.shutdown)
    url = f'http://127.0.0.1:{server.server_port}/'
    browser = web_driver.Browser(self.create_tempdir().full_path)
    self.addCleanup(browser.close)
    browser.size(390, 844, phone=True)
    for page in ('index', 'docs/extending', 'docs/device', 'docs/api/losses'):
      browser.open(f'{url}{page}.html')
      width = browser.run('return document.documentElement.scrollWidth')
      self.assertLessEqual(width, 390, page)
    background = 'return getComputedStyle(document.body).backgroundColor'
    browser.colour_scheme('light')
    browser.size(1280, 900)
    browser.open(url)
    self.assertEqual(browser.run(background), 'rgb(255, 255, 255)')
    browser.colour_scheme('dark')
    browser.open(url)
    self.assertLess(
      max(map(int, re.findall(r'\d+', browser.run(background))[:3])), 60
    )
    browser.type('input.md-search__input', 'virtual normals')
    browser.wait_for('.md-search-result__link[href*="losses.html"]')
    own = [address for address in browser.requested() if 'http' in address[:5]]
    self.assertGreater(len(own), 8)
    self.assertEqual([a for a in own if not a.startswith(url)], [])
    self.assertEmpty(browser.console_errors())


class _Quiet(http.server.SimpleHTTPRequestHandler):
  """Serves a folder without a log."""

  def log_message(self, *unused):
    pass


if __name__ == '__main__':
  absltest.main()
