# SPDX-License-Identifier: Apache-2.0
"""Tests that the pages can be read, by the contrasts that WCAG 2.2 asks for."""

import re
from xml.etree import ElementTree

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import style


def _colours(dark):
  """Returns the named colours of the light or the dark page."""
  blocks = re.findall(r':root \{(.*?)\}', style.STYLE, re.DOTALL)
  found = {}
  # Of page_style and of style: light, then dark, each.
  for light_block, dark_block in zip(blocks[::2], blocks[1::2], strict=True):
    for block in (light_block, dark_block)[: 1 + dark]:
      found |= dict(re.findall(r'--([a-z-]+): (#[0-9a-f]{6});', block))
  return found


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
  def test_text_is_legible(self, dark, pair):
    colours = _colours(dark)
    self.assertGreaterEqual(
      _contrast(*(colours[name] for name in pair)), 4.5, pair
    )

  def test_light_and_dark_name_the_same(self):
    light = _colours(dark=False)
    self.assertEqual(light.keys(), _colours(dark=True).keys())
    used = set(re.findall(r'var\(--([a-z-]+)', style.STYLE)) - {'part'}
    self.assertEqual(used, set(light))

  def test_loads_nothing(self):
    for text in (style.STYLE, style.ICON.replace('http://www.w3.org', '')):
      for word in ('http', 'url(', '@import'):
        self.assertNotIn(word, text)

  def test_icon(self):
    self.assertEndsWith(ElementTree.fromstring(style.ICON).tag, 'svg')


if __name__ == '__main__':
  absltest.main()
