# SPDX-License-Identifier: Apache-2.0
"""Tests that the pages can be read, by the contrasts that WCAG 2.2 asks for."""

import re
from xml.etree import ElementTree

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.web import pages

_STYLE = (pages.STATIC_DIR / 'style.css').read_text()
_ICON = (pages.STATIC_DIR / 'icon.svg').read_text()


def _colours(dark):
  """Returns the named colours of the light or the dark page."""
  light_block, dark_block = re.findall(r':root \{(.*?)\}', _STYLE, re.DOTALL)
  return {
    name: colour
    for block in (light_block, dark_block)[: 1 + dark]
    for name, colour in re.findall(r'--([a-z-]+): (#[0-9a-f]{6});', block)
  }


def _luminance(colour):
  """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
  linear = []
  for start in (1, 3, 5):
    part = int(colour[start : start + 2], 16) / 255
    linear.append(
      part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
    )
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
  bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
  return (bright + 0.05) / (dark + 0.05)


class StyleTest(parameterized.TestCase):
  def test_contrast_of_known_colours(self):
    self.assertAlmostEqual(_contrast('#ffffff', '#000000'), 21.0)
    self.assertAlmostEqual(_contrast('#777777', '#ffffff'), 4.48, places=2)

  @parameterized.product(
    dark=(False, True),
    pair=(
      ('ink', 'paper'),
      ('ink', 'card'),
      ('ink', 'shade'),
      ('ink', 'mark'),
      ('ink', 'bad-soft'),
      ('ink', 'warn-soft'),
      ('soft', 'paper'),
      ('soft', 'card'),
      ('soft', 'mark'),
      ('accent', 'paper'),
      ('accent', 'card'),
      ('on-accent', 'accent'),
      ('good', 'good-soft'),
      ('good', 'card'),
      ('bad', 'bad-soft'),
      ('bad', 'card'),
    ),
  )
  def test_text_has_enough_contrast(self, dark, pair):
    colours = _colours(dark)
    self.assertGreaterEqual(
      _contrast(*(colours[name] for name in pair)), 4.5, pair
    )

  def test_light_and_dark_name_the_same(self):
    light = _colours(dark=False)
    self.assertEqual(light.keys(), _colours(dark=True).keys())
    used = set(re.findall(r'var\(--([a-z-]+)', _STYLE))
    self.assertEqual(used, set(light))

  def test_loads_nothing(self):
    for text in (_STYLE, _ICON.replace('http://www.w3.org', '')):
      for word in ('http', 'url(', '@import'):
        self.assertNotIn(word, text)

  def test_icon(self):
    self.assertEndsWith(ElementTree.fromstring(_ICON).tag, 'svg')


if __name__ == '__main__':
  absltest.main()
