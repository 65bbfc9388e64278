# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables: every figure in its cell, beside the report's."""

from html import parser

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.report import leaderboard_tables
from tests.report import small_leaderboard


class _Cells(parser.HTMLParser):
  """Reads tables into rows of (text, attributes); `small` texts follow a |."""

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


def _rows(html):
  return _Cells(html).rows


def _texts(row):
  return [text for text, _ in row]


class RankingTest(absltest.TestCase):
  def test_our_figures_beside_the_report_s(self):
    rows = _rows(leaderboard_tables.ranking(small_leaderboard.leaderboard()))
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
    heading = _texts(_rows(leaderboard_tables.ranking(predicted))[1])
    # The report's own column was measured.
    self.assertEqual((heading[3], heading[11]), ('predicted ms', 'ms'))
    self.assertLen(rows, 2 + 8)
    # The last of the report is the first here.
    ours = ['10,000', '0.2000', '4.00', '1.100', '0.1000', '0.3000', '0.40']
    report = ['36', '0.3498', '139', '4.46', '0.1402', '0.3404', '3.5']
    self.assertEqual(
      _texts(rows[2]), ['1\xa0 JMU-CVLab|jmu_cvlab · fp32', *ours, '8', *report]
    )

  def test_report_s_columns_are_marked(self):
    rows = _rows(leaderboard_tables.ranking(small_leaderboard.leaderboard()))
    for row in rows[1:]:
      marked = ['other' in a.get('class', '').split() for _, a in row]
      self.assertEqual(marked, [False] * 8 + [True] * 8)

  def test_bold_are_the_best_as_in_the_report(self):
    rows = _rows(leaderboard_tables.ranking(small_leaderboard.leaderboard()))
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

  def test_bars_are_parts_of_the_best_score(self):
    rows = _rows(leaderboard_tables.ranking(small_leaderboard.leaderboard()))
    parts = [row[1][1]['style'] for row in rows[2:5]]
    self.assertEqual(
      parts, ['--part: 100.0%', '--part: 50.0%', '--part: 33.3%']
    )

  def test_missing_figures_are_dashes_that_sort_last(self):
    board = {'rows': [{'system': 'new', 'report': None, 'score': None}]}
    (row,) = _rows(leaderboard_tables.ranking(board))[2:]
    self.assertEqual(_texts(row), ['new'] + ['–'] * 15)
    for _, attributes in row:
      self.assertNotIn('data-value', attributes)

  def test_escapes(self):
    board = small_leaderboard.leaderboard()
    board['rows'][0]['team'] = '<img src=x>'
    board['data']['data_dir_name'] = '<b>rooms'
    html = leaderboard_tables.ranking(board)
    self.assertNotIn('<img', html)
    self.assertNotIn('<b>', html)
    self.assertIn('&lt;img src=x&gt;', html)


class AgreementTest(parameterized.TestCase):
  def test_rows(self):
    rows = _rows(leaderboard_tables.agreement(small_leaderboard.leaderboard()))
    self.assertEqual(
      [_texts(row) for row in rows[1:]],
      [
        ['score', 'almost the same order', '+0.91', '8'],
        ['si-RMSE', 'rather the opposite order', '-0.95', '8'],
        [
          "MACs|with the report's runtime",
          'too few systems to say',
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
    self.assertIn(f'>{words} order<', leaderboard_tables.agreement(board))

  def test_an_unknown_measure_keeps_its_name(self):
    board = {'spearman': {'energy': {'rho': 0.5, 'systems': 8}, 'mops': None}}
    rows = _rows(leaderboard_tables.agreement(board))
    self.assertEqual([row[0][0] for row in rows[1:]], ['energy', 'mops'])

  def test_nothing(self):
    self.assertEqual(leaderboard_tables.agreement({'spearman': None}), '')


class PrecisionsTest(absltest.TestCase):
  def test_a_group_for_each_precision(self):
    board = small_leaderboard.leaderboard()
    del board['precisions'][0]['files']['int8']
    rows = _rows(leaderboard_tables.precisions(board))
    self.assertEqual(_texts(rows[0]), ['|', 'FP32|', 'INT8|'])
    four = ['MB', 'si-RMSE', 'change', 'ms']
    self.assertEqual(_texts(rows[1]), ['System', *four, *four])
    fp32 = ['3.00', '0.2500', '+0.00 %', '–']
    self.assertEqual(_texts(rows[2])[1:], [*fp32, *['–'] * 4])
    self.assertEqual(
      _texts(rows[3])[1:], [*fp32, '0.90', '0.2600', '+4.00 %', '–']
    )

  def test_no_change_has_one_sign(self):
    board = small_leaderboard.leaderboard()
    board['precisions'][0]['files']['int8']['si_rmse_change'] = -1e-9
    self.assertNotIn('-0.00', leaderboard_tables.precisions(board))

  def test_nothing(self):
    board = small_leaderboard.leaderboard()
    for precisions in (None, [], [{'system': 'tcl', 'files': {}}]):
      board['precisions'] = precisions
      self.assertEqual(leaderboard_tables.precisions(board), '')


class RankedFilesTest(absltest.TestCase):
  def test_rows(self):
    board = small_leaderboard.leaderboard()
    board['rows'][1] = {'system': 'new', 'rank': 2}
    rows = _rows(leaderboard_tables.ranked_files(board))
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
    self.assertEqual(rows[1][5][1]['data-value'], '10000000')


if __name__ == '__main__':
  absltest.main()
