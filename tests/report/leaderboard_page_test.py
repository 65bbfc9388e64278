# SPDX-License-Identifier: Apache-2.0
"""Tests of the page: what it says, in which order, with what is missing."""

from html import parser
import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import leaderboard_page
from tests.report import small_leaderboard


class _Page(parser.HTMLParser):
  """Reads headings, the words of the page and its tags."""

  def __init__(self, html):
    super().__init__()
    self.headings, self.words, self.tags = [], [], []
    self._inside = ''
    self.feed(html)

  def handle_starttag(self, tag, attrs):
    self.tags.append(tag)
    self._inside = tag

  def handle_endtag(self, tag):
    self._inside = ''

  def handle_data(self, data):
    if self._inside in ('style', 'script'):
      return
    if self._inside in ('h1', 'h2'):
      self.headings.append(data)
    self.words.append(data)

  def text(self):
    return ' '.join(' '.join(self.words).split())


class WritePageTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.path = os.path.join(self.folder, 'leaderboard.html')
    self.picture = os.path.join(self.folder, 'a.png')
    Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(self.picture)

  def page(self, board, plot_path=None, pictures_path=None, **rest):
    leaderboard_page.write_page(
      self.path, board, plot_path, pictures_path, **rest
    )
    with open(self.path, encoding='utf-8') as stream:
      return _Page(stream.read())

  def test_sections(self):
    board = small_leaderboard.leaderboard()
    board['notes'] = ['a note']
    board['problems'] = ['a problem']
    page = self.page(board, self.picture, self.picture)
    self.assertEqual(
      page.headings,
      [
        'Leaderboard on validation of rooms',
        'Ranking',
        'Before quoting a number',
        "Does the report's order come out again?",
        'Accuracy against runtime',
        'What the systems see',
        'Precisions',
        'The files that were ranked',
        'Not judged',
        'How it was made',
      ],
    )
    self.assertEqual(page.tags.count('img'), 2)
    self.assertEqual(page.tags.count('table'), 4)
    self.assertIn('a note', page.text())
    self.assertIn('a problem', page.text())

  def test_says_what_does_not_compare(self):
    text = self.page(small_leaderboard.leaderboard()).text()
    self.assertIn("measured on the organisers' ZED pictures", text)
    self.assertIn('timed on a Raspberry Pi 4', text)
    self.assertIn('the figures of the two sides do not compare', text)

  def test_says_how_it_was_made(self):
    text = self.page(
      small_leaderboard.leaderboard(),
      pictures_path=self.picture,
      command='python -m depth_mai.leaderboard --models_dir=<dir>',
      pictures_note='They are evenly spaced.',
    ).text()
    self.assertIn('python -m depth_mai.leaderboard --models_dir=<dir>', text)
    self.assertIn('1 March 2026, 12:05 UTC', text)
    self.assertIn('name: Testing board; threads: 4', text)
    self.assertIn('data dir name: rooms; split: validation; images: 40', text)
    self.assertIn('640000 · 2^(-20 · si-RMSE) / runtime in ms', text)
    self.assertIn('They are evenly spaced.', text)
    self.assertIn('JMU-CVLab is ahead with a score of 10,000.', text)

  def test_with_next_to_nothing(self):
    page = self.page({'rows': [{'system': 'new'}]})
    self.assertEqual(
      page.headings,
      [
        'Leaderboard',
        'Ranking',
        'The files that were ranked',
        'How it was made',
      ],
    )
    self.assertNotIn('img', page.tags)
    self.assertNotIn('ahead', page.text())
    self.assertNotIn('None', page.text())

  def test_missing_systems_are_named(self):
    board = small_leaderboard.leaderboard()
    board['missing'] = ['icl']
    text = self.page(board).text()
    self.assertIn('icl: there is no judged file of it.', text)

  def test_texts_are_escaped(self):
    nasty = '<script>alert(1)</script>'
    board = small_leaderboard.leaderboard()
    board |= {'title': nasty, 'created': nasty, 'notes': [nasty]}
    board |= {'missing': [nasty], 'problems': [nasty], 'spearman': {nasty: {}}}
    board['data']['data_dir_name'] = board['device']['name'] = nasty
    board['device'][nasty] = nasty
    board['rows'][0] |= {'team': nasty, 'file': nasty, 'precision': nasty}
    board['precisions'][0]['files'][nasty] = {}
    page = self.page(board, command=nasty, pictures_note=nasty)
    self.assertEqual(page.tags.count('script'), 1)

  @parameterized.parameters(
    ('2026-03-01T12:05:00', '1 March 2026, 12:05'),
    ('yesterday', 'yesterday'),
    (None, 'at an unknown time'),
  )
  def test_dates(self, created, expected):
    board = small_leaderboard.leaderboard() | {'created': created}
    self.assertIn(f'· {expected} ', self.page(board).text() + ' ')

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, 'no rows'):
      self.page({})
    with self.assertRaisesRegex(ValueError, 'plot.pdf'):
      self.page(small_leaderboard.leaderboard(), 'plot.pdf')
    self.assertFalse(os.path.exists(self.path))


if __name__ == '__main__':
  absltest.main()
