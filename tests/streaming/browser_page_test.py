# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/browser_page.py; see also browser_view_test."""

import html.parser
import re

from absl.testing import absltest

from depth_mai.streaming import browser_page


class _Tags(html.parser.HTMLParser):
  def __init__(self):
    super().__init__()
    self.tags, self.ids = [], set()

  def handle_starttag(self, tag, attrs):
    self.tags.append((tag, dict(attrs)))
    self.ids.add(dict(attrs).get('id'))


class BrowserPageTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.parsed = _Tags()
    self.parsed.feed(browser_page.PAGE)

  def test_it_loads_nothing_from_elsewhere(self):
    self.assertNotRegex(browser_page.PAGE, r'https?:|//[a-z]')
    for tag, attributes in self.parsed.tags:
      for name in ('src', 'href'):
        self.assertIn(attributes.get(name), (None, 'data:,'), tag)

  def test_the_script_finds_what_it_fills(self):
    wanted = set(re.findall(r"byId\('(\w+)'\)", browser_page.PAGE))
    self.assertNotEmpty(wanted)
    self.assertContainsSubset(wanted, self.parsed.ids)


if __name__ == '__main__':
  absltest.main()
