# SPDX-License-Identifier: Apache-2.0
"""Tests of the page: sections, texts, and every figure in its cell."""

from html import parser
import os
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.report import leaderboard_page
from depth_mai.web import pages
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


class _Cells(parser.HTMLParser):
  """Reads a table into rows of (text, attributes); `small` texts follow a |."""

  def __init__(self, html):
    super().__init__()
    self.rows = []
    self.feed(html)

  def handle_starttag(self, tag, attrs):
    if tag == 'tr':
      self.rows.append([])
    elif tag in ('td', 'th'):
      self.rows[-1].append(['', dict(attrs)])
    elif tag == 'small':
      self.rows[-1][-1][0] += '|'

  def handle_data(self, data):
    if self.rows and self.rows[-1]:
      self.rows[-1][-1][0] += data.strip()


def _html(table):
  return pages.macro('table', table)


def _rows(table):
  return _Cells(_html(table)).rows


def _texts(row):
  return [text for text, _ in row]


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
        "Does the order match the paper's?",
        'Accuracy against runtime',
        'Depth pictures',
        'Precisions',
        'Ranked files',
        'Not judged',
        'How it was made',
      ],
    )
    self.assertEqual(page.tags.count('img'), 3)  # The icon and two pictures.
    self.assertEqual(page.tags.count('table'), 4)
    self.assertIn('a note', page.text())
    self.assertIn('a problem', page.text())

  def test_explains_that_the_sides_cannot_be_compared(self):
    text = self.page(small_leaderboard.leaderboard()).text()
    self.assertIn("measured on the organisers' ZED pictures", text)
    self.assertIn('timed on a Raspberry Pi 4', text)
    self.assertIn('The figures of the two sides cannot be compared', text)

  def test_describes_how_it_was_made(self):
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
    self.assertIn('JMU-CVLab leads with a score of 10,000.', text)

  def test_minimal_leaderboard(self):
    page = self.page({'rows': [{'system': 'new'}]})
    self.assertEqual(
      page.headings,
      [
        'Leaderboard',
        'Ranking',
        'Ranked files',
        'How it was made',
      ],
    )
    self.assertEqual(page.tags.count('img'), 1)  # The icon.
    self.assertNotIn('leads', page.text())
    self.assertNotIn('None', page.text())

  def test_missing_systems_are_named(self):
    board = small_leaderboard.leaderboard()
    board['missing'] = ['icl']
    text = self.page(board).text()
    self.assertIn('icl: there is no judged file.', text)

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

  def test_the_file_loads_nothing(self):
    self.page(small_leaderboard.leaderboard(), self.picture, self.picture)
    with open(self.path, encoding='utf-8') as stream:
      html = stream.read()
    self.assertStartsWith(html, '<!DOCTYPE html>')
    self.assertIn('default-src &#39;none&#39;', html)
    self.assertNotRegex(html, r'(src|href)="(?!data:|#)')
    self.assertNotRegex(html, r'url\(|@import|fetch\(')

  def test_without_jinja2_names_what_to_install(self):
    with mock.patch.dict(sys.modules, {'jinja2': None}):
      with self.assertRaisesRegex(ValueError, r"pip install '.\[rep"):
        self.page(small_leaderboard.leaderboard())
    self.assertFalse(os.path.exists(self.path))

  def test_errors(self):
    with self.assertRaisesRegex(ValueError, 'no rows'):
      self.page({})
    with self.assertRaisesRegex(ValueError, 'plot.pdf'):
      self.page(small_leaderboard.leaderboard(), 'plot.pdf')
    self.assertFalse(os.path.exists(self.path))


class RankingTest(absltest.TestCase):
  def test_our_figures_next_to_the_paper_s(self):
    rows = _rows(leaderboard_page.ranking(small_leaderboard.leaderboard()))
    self.assertEqual(
      [text for text, _ in rows[0]],
      [
        '|',
        'This run|rooms, validation split, 40 pictures; Testing board, '
        '4 threads',
        "Table 1 of the paper|the organisers' ZED pictures; Raspberry Pi 4: "
        'other data, another device',
      ],
    )
    measures = ['Score', 'si-RMSE', 'ms', 'RMSE m', 'LOG10', 'REL', 'MB']
    self.assertEqual(_texts(rows[1]), ['System', *measures, 'Rank', *measures])
    predicted = {**small_leaderboard.leaderboard(), 'runtimes': 'predicted'}
    heading = _texts(_rows(leaderboard_page.ranking(predicted))[1])
    # The paper's own column was measured.
    self.assertEqual((heading[3], heading[11]), ('predicted ms', 'ms'))
    self.assertLen(rows, 2 + 8)
    # The last of the paper is the first here.
    ours = ['10,000', '0.2000', '4.00', '1.100', '0.1000', '0.3000', '0.40']
    paper = ['36', '0.3498', '139', '4.46', '0.1402', '0.3404', '3.5']
    self.assertEqual(
      _texts(rows[2]), ['1\xa0 JMU-CVLab|jmu_cvlab · fp32', *ours, '8', *paper]
    )

  def test_paper_s_columns_are_marked(self):
    rows = _rows(leaderboard_page.ranking(small_leaderboard.leaderboard()))
    for row in rows[1:]:
      marked = ['other' in a.get('class', '').split() for _, a in row]
      self.assertEqual(marked, [False] * 8 + [True] * 8)

  def test_the_best_are_bold_as_in_the_paper(self):
    rows = _rows(leaderboard_page.ranking(small_leaderboard.leaderboard()))
    best = [
      (row[0][0].split('|')[0][3:], rows[1][column][0])
      for row in rows[2:]
      for column in range(9, 16)
      if 'best' in row[column][1].get('class', '').split()
    ]
    # Those that Table 1 sets in bold, and the smallest file.
    self.assertCountEqual(
      best,
      [
        ('TCL', 'Score'),
        ('TCL', 'si-RMSE'),
        ('TCL', 'RMSE m'),
        ('TCL', 'LOG10'),
        ('Tencent GY-Lab*', 'REL'),
        ('AIIA HIT', 'ms'),
        ('MiAIgo', 'MB'),
      ],
    )

  def test_bars_are_fractions_of_the_best_score(self):
    table = leaderboard_page.ranking(small_leaderboard.leaderboard())
    parts = [row[1].part for row in table.rows[:3]]
    np.testing.assert_allclose(parts, [1.0, 1 / 2, 1 / 3])
    self.assertEqual(table.rows[0][9].part, 36 / 298)  # The paper's score.

  def test_missing_figures_are_dashes_that_sort_last(self):
    board = {'rows': [{'system': 'new', 'report': None, 'score': None}]}
    (row,) = _rows(leaderboard_page.ranking(board))[2:]
    self.assertEqual(_texts(row), ['new'] + ['–'] * 15)
    for _, attributes in row:
      self.assertNotIn('data-value', attributes)

  def test_escapes(self):
    board = small_leaderboard.leaderboard()
    board['rows'][0]['team'] = '<img src=x>'
    board['data']['data_dir_name'] = '<b>rooms'
    html = _html(leaderboard_page.ranking(board))
    self.assertNotIn('<img', html)
    self.assertNotIn('<b>', html)
    self.assertIn('&lt;img src=x&gt;', html)


class AgreementTest(parameterized.TestCase):
  def test_rows(self):
    rows = _rows(leaderboard_page.agreement(small_leaderboard.leaderboard()))
    self.assertEqual(
      [_texts(row) for row in rows[1:]],
      [
        ['score', 'almost the same order', '+0.91', '8'],
        ['si-RMSE', 'rather the opposite order', '-0.95', '8'],
        [
          "MACs|with the paper's runtime",
          'too few systems',
          '–',
          '2',
        ],
      ],
    )

  @parameterized.parameters(
    (1.0, 'almost the same'),
    (0.9, 'almost the same'),
    (0.7, 'a similar'),
    (0.4, 'a loosely similar'),
    (0.0, 'no common'),
    (-0.4, 'no common'),
    (-0.41, 'rather the opposite'),
  )
  def test_words(self, rho, words):
    board = {'spearman': {'score': {'rho': rho, 'systems': 8}}}
    table = leaderboard_page.agreement(board)
    self.assertEqual(table.rows[0][1].text, f'{words} order')

  def test_an_unknown_measure_keeps_its_name(self):
    board = {'spearman': {'energy': {'rho': 0.5, 'systems': 8}, 'mops': None}}
    rows = _rows(leaderboard_page.agreement(board))
    self.assertEqual([row[0][0] for row in rows[1:]], ['energy', 'mops'])

  def test_nothing(self):
    self.assertIsNone(leaderboard_page.agreement({'spearman': None}))


class PrecisionsTest(absltest.TestCase):
  def test_a_group_for_each_precision(self):
    board = small_leaderboard.leaderboard()
    del board['precisions'][0]['files']['int8']
    rows = _rows(leaderboard_page.precisions(board))
    self.assertEqual(_texts(rows[0]), ['|', 'FP32|', 'INT8|'])
    four = ['MB', 'si-RMSE', 'change', 'ms']
    self.assertEqual(_texts(rows[1]), ['System', *four, *four])
    fp32 = ['3.00', '0.2500', '+0.00 %', '–']
    self.assertEqual(_texts(rows[2])[1:], [*fp32, *['–'] * 4])
    self.assertEqual(
      _texts(rows[3])[1:], [*fp32, '0.90', '0.2600', '+4.00 %', '–']
    )

  def test_zero_change_has_no_minus_sign(self):
    board = small_leaderboard.leaderboard()
    board['precisions'][0]['files']['int8']['si_rmse_change'] = -1e-9
    html = _html(leaderboard_page.precisions(board))
    self.assertNotIn('-0.00', html)

  def test_nothing(self):
    board = small_leaderboard.leaderboard()
    for precisions in (None, [], [{'system': 'tcl', 'files': {}}]):
      board['precisions'] = precisions
      self.assertIsNone(leaderboard_page.precisions(board))


class RankedFilesTest(absltest.TestCase):
  def test_rows(self):
    board = small_leaderboard.leaderboard()
    board['rows'][1] = {'system': 'new', 'rank': 2}
    rows = _rows(leaderboard_page.ranked_files(board))
    self.assertEqual(
      _texts(rows[1])[1:],
      [
        'jmu_cvlab_fp32.tflite',
        'fp32',
        '–',
        '100,000',
        '10.0 M',
        '0.400',
        '-1.5 %',
        '4.00',
        '9.00',
        '1',
      ],
    )
    self.assertEqual(_texts(rows[2])[1:], ['–'] * 10)
    self.assertEqual(rows[1][5][1]['data-value'], '10.0')


if __name__ == '__main__':
  absltest.main()
