# SPDX-License-Identifier: Apache-2.0
"""Tests of the text in pictures: its position, and text that does not fit."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from depth_mai.report import lettering


def _ink_rows(picture):
  return np.flatnonzero((picture < 128).any(axis=(1, 2)))


class WriteTest(parameterized.TestCase):
  @parameterized.parameters(10, 18, 40)
  def test_capitals_are_centred(self, size):
    paper = Image.new('RGB', (100, 100), lettering.PAPER_RGB)
    font = lettering.font_of(size)
    lettering.write(ImageDraw.Draw(paper), (5, 50), 'HH', font)
    rows = _ink_rows(np.array(paper))
    self.assertAlmostEqual(rows.mean(), 50, delta=1.5)
    self.assertBetween(np.ptp(rows), 0.5 * size, size)


class ShortenedTest(absltest.TestCase):
  def test_fits(self):
    font = lettering.font_of(14)
    text = 'tencent_gylab_2021'
    self.assertEqual(lettering.shortened(text, 1000, font), text)
    for width in (120, 90, 60):
      got = lettering.shortened(text, width, font)
      self.assertEndsWith(got, '...')
      self.assertStartsWith(text, got.removesuffix('...'))
      self.assertLessEqual(lettering.text_width(got, font), width)
      longer = text[: len(got) - 2] + '...'
      self.assertGreater(lettering.text_width(longer, font), width)

  def test_no_room(self):
    font = lettering.font_of(14)
    self.assertEqual(lettering.shortened('abc', 1, font), '...')


class OddTextTest(parameterized.TestCase):
  @parameterized.parameters('caf\udce9', 'two\nlines', '\x1b[31m', 'x' * 10**5)
  def test_any_name_can_be_written(self, text):
    for font in (lettering.font_of(14), ImageFont.load_default()):
      shown = lettering.shortened(text, 200, font)
      self.assertLessEqual(lettering.text_width(text[:20], font), 400)
      paper = Image.new('RGB', (400, 30), lettering.PAPER_RGB)
      lettering.write(ImageDraw.Draw(paper), (5, 15), shown, font)
      self.assertNotEmpty(_ink_rows(np.array(paper)))

  def test_the_font_of_old_versions_of_pillow(self):
    font = ImageFont.ImageFont()
    self.assertEqual(lettering.drawable('\u6df1 \xe4', font), '\\u6df1 \xe4')

  @parameterized.parameters(
    ('lr=$1e-3$', r'lr=\$1e-3\$'), ('_base', ' _base'), ('\x1b', r'\x1b')
  )
  def test_labels_of_plots(self, text, expected):
    self.assertEqual(lettering.plot_label(text), expected)


class TextPanelTest(absltest.TestCase):
  def test_lines_are_below_each_other(self):
    got = lettering.text_panel(['HHH', '', 'HHH'], 100, 90, 20)
    self.assertEqual(got.shape, (90, 100, 3))
    rows = _ink_rows(got)
    self.assertLess(rows.min(), 20)
    self.assertFalse(np.isin(np.arange(27, 54), rows).any())
    self.assertGreater(rows.max(), 60)

  def test_a_line_that_is_too_wide_is_shortened(self):
    got = lettering.text_panel(['H' * 99], 100, 30, 20)
    self.assertTrue((got[:, -1] == 255).all())

  def test_height_fits_the_lines(self):
    for count in (1, 2, 5):
      height = lettering.panel_height(count, 18)
      room = lettering.text_panel(['gH'] * count, 60, height + 40, 18)
      self.assertLess(_ink_rows(room).max(), height)
      self.assertTrue((room[height:] == 255).all())


if __name__ == '__main__':
  absltest.main()
