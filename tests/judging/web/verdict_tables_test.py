# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables: who is where, with which figures."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import verdict_tables
from tests.judging.web import small_verdicts
from tests.web import page_reader

_NASTY = '<script>alert(1)</script>.tflite'


class BesideReportTest(parameterized.TestCase):
  @parameterized.parameters(
    (400.0, 0),
    (298.4, 0),
    # The report rounds; of equal scores, its own row stands first.
    (298.0, 1),
    (150.0, 3),
    (40.0, 7),
    (1.0, 8),
    (None, 8),
  )
  def test_place(self, score, place):
    record = small_verdicts.record(score=score)
    page = page_reader.Page(verdict_tables.beside_report(record))
    rows = page.rows[1:]
    self.assertLen(rows, 9)
    number = '' if score is None else f'{place + 1} '
    self.assertEqual(rows[place][0], f'{number}This file (a.tflite)')
    marked = [
      attributes.get('class') == 'marked' for attributes in page.named('tr')[1:]
    ]
    self.assertEqual(marked, [number == place for number in range(9)])

  def test_figures(self):
    record = small_verdicts.record()
    rows = page_reader.Page(verdict_tables.beside_report(record)).rows
    self.assertEqual(
      rows[1],
      ['1 This file (a.tflite)', '400.0', '0.2500', '50.00', '0.750', '0.1250']
      + ['0.3750', '2.90'],
    )
    # As the report prints it.
    self.assertEqual(
      rows[2],
      ['2 TCL', '298', '0.2773', '46', '3.47', '0.1103', '0.2997', '2.9'],
    )
    self.assertEqual([row[0] for row in rows[-2:]], ['8 ICL', '9 JMU-CVLab'])

  def test_escaped(self):
    page = page_reader.Page(
      verdict_tables.beside_report(small_verdicts.record(_NASTY))
    )
    self.assertIn(_NASTY, page.text)
    self.assertEmpty(page.named('script'))


class LeaderboardTest(absltest.TestCase):
  def test_by_score(self):
    records = [
      small_verdicts.record('slow.tflite', 1, score=100.0),
      small_verdicts.record('none.tflite', 2, score=None),
      small_verdicts.record('bad.tflite', 3, errors=['No.']),
      small_verdicts.record('fast.tflite', 4, score=300.0, si_rmse=0.2),
    ]
    page = page_reader.Page(verdict_tables.leaderboard(records))
    names = [row[0].split(' (')[0] for row in page.rows[1:]]
    self.assertEqual(names, ['1 fast.tflite', '2 slow.tflite', 'none.tflite'])
    self.assertEqual(page.rows[1][1:4], ['300.0', '0.2000', '50.00'])
    self.assertEqual(page.rows[1][-2:], ['1', 'A board'])
    self.assertEqual(page.rows[3][1], '–')
    self.assertIn('1 March 2026, 12:04 UTC', page.rows[1][0])
    self.assertEqual(
      [link['href'] for link in page.named('a')],
      [f'/verdicts/{number:016x}' for number in (4, 1, 2)],
    )

  def test_predicted_figures_are_named_so_and_have_no_place(self):
    records = [
      small_verdicts.predicted_record(),
      small_verdicts.record(number=2),
    ]
    page = page_reader.Page(verdict_tables.leaderboard(records))
    self.assertStartsWith(page.rows[1][0], '1 a.tflite')
    row = page.rows[2]
    self.assertStartsWith(row[0], 'a.tflite')
    self.assertEqual(row[1], '120–180 (predicted)')
    self.assertEqual(row[3], '40–55 (predicted)')
    self.assertEqual(row[-2], '4–6 (predicted)')
    sorted_by = [cell.get('data-value') for cell in page.named('td')][-9:]
    self.assertIsNone(sorted_by[0])  # Last, whichever way.

  def test_none(self):
    records = [small_verdicts.record(errors=['No.'])]
    self.assertEqual(verdict_tables.leaderboard(records), '')
    self.assertEqual(verdict_tables.leaderboard([]), '')

  def test_escaped(self):
    page = page_reader.Page(
      verdict_tables.leaderboard([small_verdicts.record(_NASTY)])
    )
    self.assertIn(_NASTY, page.text)
    self.assertEmpty(page.named('script'))


class RejectedTest(absltest.TestCase):
  def test_first_reason_and_how_many(self):
    records = [
      small_verdicts.record('good.tflite', 1),
      small_verdicts.record(_NASTY, 2, errors=[_NASTY, 'b', 'c']),
      small_verdicts.record('c.tflite', 3, errors=['No.']),
    ]
    page = page_reader.Page(verdict_tables.rejected(records))
    self.assertEqual(
      [row[1] for row in page.rows[1:]], [f'{_NASTY} (and 2 more)', 'No.']
    )
    self.assertEmpty(page.named('script'))
    self.assertEqual(verdict_tables.rejected(records[:1]), '')


class InterfaceTest(absltest.TestCase):
  def test_rows(self):
    verdict = {'interface': {'input_range': {'value': '<b>', 'why': 'said'}}}
    page = page_reader.Page(verdict_tables.interface(verdict))
    self.assertEqual(page.rows[1:], [['input range', '<b>', 'said']])
    self.assertEqual(verdict_tables.interface({'interface': None}), '')


class ByDataTest(absltest.TestCase):
  def test_what_compares_stands_together(self):
    other = small_verdicts.DATA | {'limit': 5}
    records = [
      small_verdicts.record('a', 1),
      small_verdicts.record('b', 2, other),
      small_verdicts.record('c', 3),
    ]
    groups = verdict_tables.by_data(records, small_verdicts.DATA)
    self.assertEqual(
      [(name, [record['name'] for record in group]) for name, group in groups],
      [
        ('rooms, validation split', ['a', 'c']),
        ('rooms, validation split, first 5 pictures', ['b']),
      ],
    )
    groups = verdict_tables.by_data(records[1:2], small_verdicts.DATA)
    self.assertEqual([len(group) for _, group in groups], [0, 1])


if __name__ == '__main__':
  absltest.main()
