# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables, figures and texts of verdicts."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging.web import verdict_view
from depth_mai.web import pages
from tests.judging.web import small_verdicts
from tests.web import page_reader

_NASTY = '<script>alert(1)</script>.tflite'


def _drawn(table):
  return page_reader.Page(pages.macro('table', table))


class TableOneTest(parameterized.TestCase):
  @parameterized.parameters(
    (400.0, 0),
    (298.4, 0),
    # The paper rounds; of equal scores, its own row comes first.
    (298.0, 1),
    (150.0, 3),
    (40.0, 7),
    (1.0, 8),
    (None, 8),
  )
  def test_place(self, score, place):
    record = small_verdicts.record(score=score)
    page = _drawn(verdict_view.table_1(record))
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
    rows = _drawn(verdict_view.table_1(record)).rows
    self.assertEqual(
      rows[1],
      ['1 This file (a.tflite)', '400.0', '0.2500', '50.00', '0.750', '0.1250']
      + ['0.3750', '2.90'],
    )
    # As the paper prints it.
    self.assertEqual(
      rows[2],
      ['2 TCL', '298', '0.2773', '46', '3.47', '0.1103', '0.2997', '2.9'],
    )
    self.assertEqual([row[0] for row in rows[-2:]], ['8 ICL', '9 JMU-CVLab'])

  def test_escaped(self):
    page = _drawn(verdict_view.table_1(small_verdicts.record(_NASTY)))
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
    page = _drawn(verdict_view.leaderboard(records))
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

  def test_predicted_figures_are_marked_and_have_no_place(self):
    records = [
      small_verdicts.predicted_record(),
      small_verdicts.record(number=2),
    ]
    page = _drawn(verdict_view.leaderboard(records))
    self.assertStartsWith(page.rows[1][0], '1 a.tflite')
    row = page.rows[2]
    self.assertStartsWith(row[0], 'a.tflite')
    self.assertEqual(row[1], '120–180 (predicted)')
    self.assertEqual(row[3], '40–55 (predicted)')
    self.assertEqual(row[-2], '4–6 (predicted)')
    sorted_by = [cell.get('data-value') for cell in page.named('td')][-9:]
    self.assertIsNone(sorted_by[0])  # Sorts last.

  def test_none(self):
    records = [small_verdicts.record(errors=['No.'])]
    self.assertIsNone(verdict_view.leaderboard(records))
    self.assertIsNone(verdict_view.leaderboard([]))

  def test_escaped(self):
    page = _drawn(verdict_view.leaderboard([small_verdicts.record(_NASTY)]))
    self.assertIn(_NASTY, page.text)
    self.assertEmpty(page.named('script'))


class RejectedTest(absltest.TestCase):
  def test_first_reason_and_how_many_more(self):
    records = [
      small_verdicts.record('good.tflite', 1),
      small_verdicts.record(_NASTY, 2, errors=[_NASTY, 'b', 'c']),
      small_verdicts.record('c.tflite', 3, errors=['No.']),
    ]
    page = _drawn(verdict_view.rejected(records))
    self.assertEqual(
      [row[1] for row in page.rows[1:]], [f'{_NASTY} (and 2 more)', 'No.']
    )
    self.assertEmpty(page.named('script'))
    self.assertIsNone(verdict_view.rejected(records[:1]))


class PredictedTest(parameterized.TestCase):
  def test_predicted(self):
    self.assertEqual(
      verdict_view.predicted(small_verdicts.predicted_record()['verdict']),
      {'score': (120.0, 180.0), 'rank': (4, 6), 'runtime_ms': (40.0, 55.0)},
    )

  def test_measured_or_unknown(self):
    for record in (
      small_verdicts.record(),
      small_verdicts.record(errors=['No.']),
    ):
      self.assertEqual(verdict_view.predicted(record['verdict']), {})

  @parameterized.parameters(
    ((40.2, 55.0), '.0f', '40–55'),
    ((40.2, 40.4), '.0f', '40'),
    ((1200.0, 1800.0), ',.0f', '1,200–1,800'),
    ((4, 6), 'd', '4–6'),
  )
  def test_interval_text(self, interval, spec, expected):
    self.assertEqual(verdict_view.interval_text(interval, spec), expected)


class TextsTest(parameterized.TestCase):
  @parameterized.parameters(
    (None, None, 'rooms, validation split'),
    (20, None, 'rooms, validation split, first 20 pictures'),
    (20, 20, 'rooms, validation split, first 20 pictures'),
    # What was measured counts.
    (20, 3, 'rooms, validation split, first 3 pictures'),
    (1, 1, 'rooms, validation split, first 1 picture'),
    (None, 50, 'rooms, validation split, 50 pictures'),
  )
  def test_data_text(self, limit, images, expected):
    data = {'data_dir_name': 'rooms', 'split': 'validation', 'limit': limit}
    self.assertEqual(verdict_view.data_text(data, {'images': images}), expected)
    if images is None:
      self.assertEqual(verdict_view.data_text(data), expected)

  def test_figures(self):
    found = verdict_view.figures(small_verdicts.record()['verdict'])
    self.assertEqual(found[0], ('400.0', '', 'score'))
    self.assertEqual(found[3], ('50.00', ' ms', 'runtime on A board'))
    self.assertLen(found, 7)
    rejected = small_verdicts.record(errors=['No.'])
    self.assertEmpty(verdict_view.figures(rejected['verdict']))

  def test_interface(self):
    verdict = {'interface': {'input_range': {'value': '<b>', 'why': 'a flag'}}}
    self.assertEqual(
      verdict_view.interface(verdict), [('Input range', '<b> (a flag)')]
    )
    self.assertEmpty(verdict_view.interface({'interface': None}))

  def test_facts_of_a_rejected_file(self):
    facts = dict(verdict_view.facts(small_verdicts.record(errors=['No.'])))
    self.assertStartsWith(facts['File'], '2,900,000 bytes, sha256 ')
    self.assertEmpty(facts['Timing'])
    self.assertEqual(facts['Sandbox'], 'seccomp')


class ByDataTest(absltest.TestCase):
  def test_groups(self):
    other = small_verdicts.DATA | {'limit': 5}
    records = [
      small_verdicts.record('a', 1),
      small_verdicts.record('b', 2, other),
      small_verdicts.record('c', 3),
    ]
    groups = verdict_view.by_data(records, small_verdicts.DATA)
    self.assertEqual(
      [(name, [record['name'] for record in group]) for name, group in groups],
      [
        ('rooms, validation split', ['a', 'c']),
        ('rooms, validation split, first 5 pictures', ['b']),
      ],
    )
    groups = verdict_view.by_data(records[1:2], small_verdicts.DATA)
    self.assertEqual([len(group) for _, group in groups], [0, 1])


if __name__ == '__main__':
  absltest.main()
