# SPDX-License-Identifier: Apache-2.0
"""Tests of the style: both schemes name the same colours; nothing is loaded."""

import re

from absl.testing import absltest

from depth_mai.report import page_style


class PageStyleTest(absltest.TestCase):
  def test_light_and_dark_use_the_same_names(self):
    blocks = re.findall(r':root \{(.*?)\}', page_style.STYLE, re.DOTALL)
    light, dark = (set(re.findall(r'--[a-z-]+(?=:)', b)) for b in blocks)
    self.assertEqual(light, dark)
    used = set(re.findall(r'var\((--[a-z-]+)', page_style.STYLE))
    self.assertEqual(used - {'--part'}, light)

  def test_blocks_are_closed(self):
    self.assertEqual(page_style.STYLE.count('{'), page_style.STYLE.count('}'))
    for opening, closing in ('{}', '()', '[]'):
      self.assertEqual(
        page_style.SCRIPT.count(opening), page_style.SCRIPT.count(closing)
      )

  def test_loads_nothing(self):
    for text in (page_style.STYLE, page_style.SCRIPT):
      for word in ('http', 'url(', '@import', 'fetch', 'src', '</'):
        self.assertNotIn(word, text)


if __name__ == '__main__':
  absltest.main()
