# SPDX-License-Identifier: Apache-2.0
"""Tests of the leaderboard's content."""

import datetime
import json

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.metrics import paper_results
from depth_mai.ranking import leaderboard_content
from tests.ranking import small_contest

_DATA = {
  'data_dir_name': 'indoor',
  'split': 'validation',
  'images': 192,
  'fingerprint': 'f00',
}
_NOON = datetime.datetime(
  2026, 3, 1, 13, tzinfo=datetime.timezone(datetime.timedelta(hours=1))
)


def _assembled(*measured, **arguments):
  device = small_contest.described_device()
  return leaderboard_content.assemble(
    measured, _DATA, device, created=_NOON, **arguments
  )


class AssembleTest(parameterized.TestCase):
  def test_the_figures_of_table_1_give_its_scores_and_order(self):
    # With the rows of Table 1 as our figures.
    board = _assembled(
      *(
        small_contest.measured(
          row.system,
          paper_results.SUBMITTED_PRECISION[row.system],
          row.si_rmse,
          row.runtime_ms,
          size_mb=row.size_mb,
          macs=int(1e6 * row.runtime_ms),
        )
        for row in paper_results.ROWS.values()
      )
    )
    for row in board['rows']:
      self.assertEqual(round(row['score']), row['report']['score'])
      self.assertEqual(row['rank'], row['report']['rank'])
      self.assertAlmostEqual(row['size_difference_percent'], 0.0)
      self.assertEqual(row['precision'], row['submitted_precision'])
    self.assertEqual(
      [row['system'] for row in board['rows']][-2:], ['icl', 'jmu_cvlab']
    )
    for found in board['spearman'].values():
      self.assertAlmostEqual(found['rho'], 1.0)
      self.assertEqual(found['systems'], 8)
    self.assertEqual(board['missing'], [])
    self.assertEqual(json.loads(json.dumps(board)), board)

  def test_a_row(self):
    board = _assembled(
      small_contest.measured(
        'tcl', si_rmse=0.25, runtime_ms=20.0, size_mb=2.61
      ),
      small_contest.measured('tcl', 'int8', size_mb=0.9),
    )
    (row,) = board['rows']
    self.assertAlmostEqual(row.pop('score'), 640000 / 32 / 20)
    self.assertAlmostEqual(row.pop('size_difference_percent'), -10.0)
    self.assertEqual(
      row,
      {
        'rank': 1,
        'system': 'tcl',
        'team': 'TCL',
        'precision': 'fp32',
        'submitted_precision': 'fp32',
        'file': 'tcl_fp32.tflite',
        'sha256': b'tclfp32'.hex(),
        'parameters': 1000,
        'macs': 10**7,
        'interface': {
          'unit': 'mm',
          'input_range': '0..255',
          'layout': 'nhwc',
          'output_tensor': '0',
          'input_size': 'auto',
        },
        'size_mb': 2.61,
        'sizes_mb': {'fp32': 2.61, 'fp16': None, 'int8': 0.9},
        'report': {
          'team': 'TCL',
          'size_mb': 2.9,
          'si_rmse': 0.2773,
          'rmse': 3.47,
          'log10': 0.1103,
          'rel': 0.2997,
          'runtime_ms': 46,
          'score': 298,
          'rank': 1,
        },
        'runtime_ms': 20.0,
        'runtime_ms_no_xnnpack': 60.0,
        'instructions': None,
        'instructions_no_xnnpack': None,
        'partitions': 2,
        'si_rmse': 0.25,
        'rmse': 1.5,
        'log10': 0.1,
        'rel': 0.25,
      },
    )

  def test_head(self):
    board = _assembled(
      small_contest.measured('tcl'), problems=['x.tflite is damaged']
    )
    self.assertEqual(board['format'], 'depth_mai.leaderboard/1')
    self.assertEqual(board['title'], 'Leaderboard on validation of indoor')
    self.assertEqual(board['created'], '2026-03-01T12:00:00+00:00')
    self.assertEqual(board['data'], _DATA)
    self.assertEqual(board['device']['name'], 'A board')
    self.assertEqual(board['problems'], ['x.tflite is damaged'])
    self.assertEqual(
      board['missing'],
      [name for name in paper_results.SYSTEMS if name != 'tcl'],
    )
    self.assertEqual(
      board['notes'], [leaderboard_content.PAPER_NOTE, 'Measured on a board.']
    )

  def test_the_submitted_precision_is_ranked(self):
    measured = small_contest.measured
    board = _assembled(
      *(
        measured(system, precision)
        for system, precisions in (
          ('smartlab', ('fp32', 'dynamic', 'int8')),
          ('icl', ('fp32', 'int8')),
          ('aiia_hit', ('int8', 'fp32', 'fp16')),
          ('mine', ('int8', 'fp16')),
        )
        for precision in precisions
      ),
      measured('icl_wide', 'int16x8', paper_system='icl'),
    )
    self.assertEqual(
      {row['system']: row['precision'] for row in board['rows']},
      {
        'smartlab': 'dynamic',
        'icl': 'fp32',
        'aiia_hit': 'fp32',
        'mine': 'fp16',
        'icl_wide': 'int16x8',
      },
    )
    notes = [note for note in board['notes'] if 'is ranked instead' in note]
    self.assertLen(notes, 2)
    self.assertStartsWith(notes[0], 'icl: fp32 is ranked instead of the sub')
    self.assertStartsWith(notes[1], 'icl_wide: int16x8 is ranked instead')

  def test_equal_scores_share_a_rank(self):
    measured = small_contest.measured
    board = _assembled(
      measured('tcl'),
      measured('icl', 'fp16'),
      measured('mine', si_rmse=0.2),
      measured('slow', runtime_ms=99.0),
    )
    self.assertEqual(
      [(row['rank'], row['system']) for row in board['rows']],
      [(1, 'mine'), (2, 'icl'), (2, 'tcl'), (4, 'slow')],
    )

  def test_a_system_that_is_not_in_table_1(self):
    (row,) = _assembled(small_contest.measured('mine', paper_system=None))[
      'rows'
    ]
    for name in (
      'team',
      'report',
      'size_difference_percent',
      'submitted_precision',
    ):
      self.assertIsNone(row[name], name)

  def test_precisions(self):
    board = _assembled(
      small_contest.measured('tcl', 'int8', si_rmse=0.33, runtime_ms=10.0),
      small_contest.measured('tcl', 'fp32', si_rmse=0.30),
      small_contest.measured('icl', 'fp16', si_rmse=0.40),
    )
    tcl, icl = board['precisions']
    self.assertEqual((tcl['system'], icl['system']), ('tcl', 'icl'))
    self.assertEqual(list(tcl['files']), ['fp32', 'int8'])
    self.assertEqual(tcl['files']['fp32']['si_rmse_change'], 0.0)
    self.assertAlmostEqual(tcl['files']['int8']['si_rmse_change'], 0.1)
    self.assertEqual(tcl['files']['int8']['file'], 'tcl_int8.tflite')
    self.assertEqual(tcl['files']['int8']['runtime_ms'], 10.0)
    self.assertAlmostEqual(
      tcl['files']['int8']['score'], 64000 * 2 ** (-20 * 0.33)
    )
    self.assertIsNone(icl['files']['fp16']['si_rmse_change'])

  def test_correlation_needs_three_systems_of_table_1(self):
    measured = small_contest.measured
    board = _assembled(
      measured('tcl', runtime_ms=9.0),
      measured('icl', 'fp16', runtime_ms=1.0),
      measured('tcl_96x128', paper_system='tcl'),
      measured('mine', paper_system=None),
    )
    self.assertEqual(
      board['spearman']['runtime_ms'], {'rho': None, 'systems': 2}
    )
    # Table 1: TCL 46, AIIA HIT 37, ICL 142 ms; ours are ranked 3, 2, 1.
    board = _assembled(
      measured('tcl', runtime_ms=9.0, macs=5),
      measured('aiia_hit', runtime_ms=5.0, macs=None),
      measured('icl', 'fp16', runtime_ms=1.0, macs=7),
    )
    self.assertEqual(board['spearman']['runtime_ms']['systems'], 3)
    self.assertAlmostEqual(board['spearman']['runtime_ms']['rho'], -0.5)
    self.assertAlmostEqual(
      board['spearman']['runtime_ms_no_xnnpack']['rho'], -0.5
    )
    self.assertEqual(board['spearman']['macs'], {'rho': None, 'systems': 2})

  def test_a_file_without_a_runtime_is_listed_but_not_ranked(self):
    measured = small_contest.measured
    board = _assembled(
      measured('smartlab', 'dynamic', runtime_ms=None, instructions=7),
      measured('smartlab', 'int8', instructions=5),
      measured('smartlab', 'fp32', instructions=9),
      measured('icl', 'fp16', runtime_ms=None, instructions=3),
    )
    (row,) = board['rows']
    self.assertEqual((row['system'], row['precision']), ('smartlab', 'fp32'))
    self.assertIn('fp32 is ranked instead of', board['notes'][-1])
    dynamic = board['precisions'][0]['files']['dynamic']
    self.assertIsNone(dynamic['score'])
    self.assertEqual(dynamic['instructions'], 7)

  def test_an_emulated_device(self):
    # Table 1: TCL 46, AIIA HIT 37, ICL 142 ms.
    measured = small_contest.measured
    board = _assembled(
      measured('tcl', instructions=5),
      measured('aiia_hit', instructions=9),
      measured('icl', 'fp16', instructions=7),
    )
    self.assertEqual(board['runtimes'], 'predicted')
    self.assertAlmostEqual(board['spearman']['instructions']['rho'], -0.5)
    self.assertAlmostEqual(
      board['spearman']['instructions_no_xnnpack']['rho'], -0.5
    )
    self.assertEqual(_assembled(measured('tcl'))['runtimes'], 'measured')

  def test_score_constant(self):
    board = _assembled(small_contest.measured('tcl'), score_constant=100.0)
    self.assertAlmostEqual(board['rows'][0]['score'], 100 * 2**-6.0 / 50)
    self.assertEqual(board['score_constant'], 100.0)

  @parameterized.parameters((2.5, True), (1.5, False), (None, False))
  def test_figures_of_a_busy_machine_are_doubtful(self, load_average, marked):
    board = _assembled(
      small_contest.measured('tcl', load_average=load_average),
      small_contest.measured('icl', 'fp16'),
    )
    busy = [
      note for note in board['notes'] if note.startswith('Other programs')
    ]
    self.assertLen(busy, marked)
    if marked:
      self.assertIn('doubtful: tcl_fp32.tflite. Remove', busy[0])

  def test_nothing_to_rank(self):
    with self.assertRaisesRegex(
      ValueError, 'No file could be judged.\n.*x.tfl'
    ):
      _assembled(problems=['x.tflite is damaged'])


if __name__ == '__main__':
  absltest.main()
