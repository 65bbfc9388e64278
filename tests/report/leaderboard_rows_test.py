# SPDX-License-Identifier: Apache-2.0
"""Tests of reading a leaderboard."""

import math

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.report import leaderboard_rows
from tests.report import small_leaderboard


class RowsTest(absltest.TestCase):
  def test_by_rank_with_the_unranked_last(self):
    board = {
      'rows': [
        {'system': 'c', 'rank': None},
        {'system': 'b', 'rank': 2},
        {'system': 'a', 'rank': 1},
      ]
    }
    got = [row['system'] for row in leaderboard_rows.rows(board)]
    self.assertEqual(got, ['a', 'b', 'c'])

  def test_errors(self):
    for board in ({}, {'rows': None}, {'rows': []}):
      with self.assertRaisesRegex(ValueError, 'no rows'):
        leaderboard_rows.rows(board)
    with self.assertRaisesRegex(ValueError, 'names no system'):
      leaderboard_rows.rows({'rows': [{'team': 'TCL'}]})


class TextsTest(parameterized.TestCase):
  def test_names_are_teams_unless_they_repeat(self):
    rows = [
      {'system': 'tcl', 'team': 'TCL'},
      {'system': 'a', 'team': 'Twice'},
      {'system': 'b', 'team': 'Twice'},
      {'system': 'tcl_96x128', 'team': None},
    ]
    self.assertEqual(
      leaderboard_rows.names(rows), ['TCL', 'a', 'b', 'tcl_96x128']
    )

  def test_origin(self):
    heading, note = leaderboard_rows.origin(small_leaderboard.leaderboard())
    self.assertEqual(heading, 'This run')
    self.assertEqual(
      note, 'rooms, validation split, 40 pictures; Testing board, 4 threads'
    )

  @parameterized.parameters({}, {'data': None, 'device': None})
  def test_origin_unknown(self, **board):
    _, note = leaderboard_rows.origin(board)
    self.assertEqual(note, 'unnamed data; an unnamed device')

  def test_one_thread(self):
    board = {'device': {'name': 'Pi', 'threads': 1}}
    self.assertEqual(leaderboard_rows.device_text(board), 'Pi, 1 thread')

  def test_paper_origin_names_data_and_device(self):
    text = ' '.join(leaderboard_rows.PAPER_ORIGIN)
    for part in ('paper', 'ZED', 'Raspberry Pi 4', 'other data'):
      self.assertIn(part, text)

  def test_paper_row_of_a_system_without_one(self):
    self.assertEqual(leaderboard_rows.paper_row({'report': None}), {})

  @parameterized.parameters(
    ({}, ''),
    ({'runtimes': 'measured'}, ''),
    ({'runtimes': 'predicted'}, 'predicted '),
  )
  def test_runtime_prefix(self, board, prefix):
    self.assertEqual(leaderboard_rows.runtime_prefix(board), prefix)

  def test_known(self):
    self.assertEqual(leaderboard_rows.known(0.0), 0.0)
    for value in (None, math.nan, math.inf):
      self.assertIsNone(leaderboard_rows.known(value))


if __name__ == '__main__':
  absltest.main()
