# SPDX-License-Identifier: Apache-2.0
"""Tests of the leaderboard as text and as Markdown."""

import datetime

from absl.testing import absltest

from depth_mai.ranking import leaderboard_content
from depth_mai.ranking import leaderboard_text
from tests.ranking import small_contest


def _board(**arguments):
  measured = small_contest.measured
  device = small_contest.described_device()
  data = {
    'data_dir_name': 'indoor',
    'split': 'validation',
    'images': 192,
    'fingerprint': 'f00',
  }
  files = [
    measured('tcl', si_rmse=0.25, runtime_ms=20.0, size_mb=2.61),
    measured('tcl', 'int8', si_rmse=0.2501, size_mb=0.9),
    measured('tcl', 'fp16', si_rmse=0.249999999, size_mb=1.4),
    measured('smartlab', 'dynamic', runtime_ms=1000.0, size_mb=7.1, macs=None),
    measured('mine', si_rmse=0.5, paper_system=None),
  ]
  return leaderboard_content.assemble(
    files, data, device, created=datetime.datetime(2026, 3, 1), **arguments
  )


class TextTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.text = leaderboard_text.text(
      _board(problems=['x.tflite is damaged. Copy it.'])
    )

  def cells_after(self, heading, start):
    """Returns the words of the line with this start, after a heading."""
    lines = self.text[self.text.index(heading) :].splitlines()
    return next(line for line in lines if line.startswith(start)).split()

  def test_origin_of_the_figures(self):
    for part in (
      'errors: 192 images of the split validation of indoor',
      'runtimes: A board, 1 thread(s), ai-edge-litert 1.0, median of 2',
      '640000 * 2^(-20 si-RMSE) / runtime',
      'not the score of the challenge',
      'other data, another device',
      leaderboard_content.PAPER_NOTE,
      'Measured on a board.',
    ):
      self.assertIn(part, self.text)

  def test_ranking(self):
    # 640000 / 32 / 20 = 1000 and 640000 / 2^6 / 1000 = 10.
    self.assertEqual(
      self.cells_after('Ranking', '1 '),
      '1 tcl FP32 2.61 0.2500 1.500 0.1000 0.2500 20.0 1000.0'.split(),
    )
    self.assertEqual(
      self.cells_after('Ranking', '(1)'),
      '(1) Table 1: TCL - 2.90 0.2773 3.470 0.1103 0.2997 46.0 298.0'.split(),
    )
    # 640000 / 2^10 / 50 = 12.5; it has no row of Table 1.
    second = self.cells_after('Ranking', '2 ')
    self.assertEqual((second[1], second[-1]), ('mine', '12.5'))
    self.assertEqual(self.cells_after('Ranking', '3 ')[-1], '10.0')
    self.assertEqual(self.text.count('Table 1: '), 2)

  def test_predicted_runtimes_are_labelled(self):
    self.assertNotIn('predicted', self.text)
    board = _board()
    board['runtimes'] = 'predicted'
    text = leaderboard_text.text(board)
    self.assertRegex(text, 'rank .* predicted ms +score')
    self.assertIn('predicted ms without XNNPACK', text)
    self.assertIn('predicted runtimes: A board', text)
    self.assertIn('/ predicted runtime in ms with XNNPACK', text)

  def test_costs(self):
    self.assertEqual(
      self.cells_after('Size and cost', 'tcl'),
      'tcl FP32 1,000 10.0 2.610 1.400 0.900 2.610 2.9 -10.0 2'.split()
      + ['20.00', '60.00', '46'],
    )
    self.assertEqual(
      self.cells_after('Size and cost', 'smartlab'),
      'smartlab dynamic 1,000 - - - - 7.100 7.1 +0.0 2'.split()
      + ['1000.00', '3000.00', '65'],
    )
    self.assertEqual(self.cells_after('Size and cost', 'mine')[-1:], ['-'])

  def test_precisions(self):
    heading = 'si-RMSE by precision'
    self.assertEqual(
      self.cells_after(heading, 'system'),
      'system FP32 FP16 change INT8 change dynamic change'.split(),
    )
    # A change of 0 has a plus sign.
    self.assertEqual(
      self.cells_after(heading, 'tcl'),
      'tcl 0.2500 0.2500 +0.00% 0.2501 +0.04% - -'.split(),
    )
    self.assertEqual(
      self.cells_after(heading, 'smartlab'),
      'smartlab - - - - - 0.3000 -'.split(),
    )

  def test_correlation(self):
    self.assertEqual(
      self.cells_after("Spearman's rho", 'MACs'), ['MACs', 'runtime', '-', '1']
    )

  def test_missing_systems_and_problems(self):
    self.assertIn(
      'without a file here: aiia_hit, miaigo, tencent_gylab, ', self.text
    )
    self.assertIn('Not judged: x.tflite is damaged. Copy it.', self.text)

  def test_no_missing_systems_or_problems(self):
    board = _board() | {'missing': []}
    self.assertNotIn('without a file here', leaderboard_text.text(board))
    self.assertNotIn('Not judged', leaderboard_text.text(board))


class MarkdownTest(absltest.TestCase):
  def test_same_cells_as_the_text(self):
    board = _board()
    markdown = leaderboard_text.markdown(board)
    self.assertStartsWith(markdown, '# Leaderboard on validation of indoor\n')
    self.assertLen(
      [line for line in markdown.splitlines() if line.startswith('## ')], 4
    )
    self.assertIn(
      '| 1 | tcl | FP32 | 2.61 | 0.2500 | 1.500 | 0.1000 | 0.2500 | 20.0 | '
      '1000.0 |',
      markdown,
    )
    words = ' '.join(markdown.replace('|', ' ').split())
    for line in leaderboard_text.text(board).splitlines():
      if '---' not in line:
        self.assertIn(' '.join(line.split()), words)


if __name__ == '__main__':
  absltest.main()
