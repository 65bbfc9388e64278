# SPDX-License-Identifier: Apache-2.0
"""Tests of score and rank against Table 1 of the report."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import standing

_MEASURED = {
  'kind': 'measured',
  'runtime_ms': 46.0,
  'predicted_ms_low': None,
  'predicted_ms_high': None,
  'note': 'Measured.',
}


class StandingTest(parameterized.TestCase):
  @parameterized.parameters(
    # Scores of Table 1: 298, 232, 188, 141, 122, 102, 42, 36.
    (1000.0, 1),
    (298.5, 1),
    (297.5, 2),
    (200.0, 3),
    (100.0, 7),
    (40.0, 8),
    (1.0, 9),
  )
  def test_rank(self, score, rank):
    self.assertEqual(standing.rank_of(score), rank)

  def test_measured(self):
    # TCL's row: si-RMSE 0.2773, 46 ms, score 298.
    got = standing.of(0.2773, _MEASURED)
    self.assertAlmostEqual(got['score'], 298, delta=0.5)
    self.assertEqual((got['kind'], got['of']), ('measured', 9))
    self.assertIsNone(got['score_low'])
    self.assertIn('Measured.', got['notes'])

  def test_predicted(self):
    runtime = _MEASURED | {
      'kind': 'predicted',
      'runtime_ms': None,
      'predicted_ms_low': 40.0,
      'predicted_ms_high': 160.0,
    }
    got = standing.of(0.25, runtime)
    # 640000 * 2 ** -5 = 20000.
    self.assertAlmostEqual(got['score_high'], 500)
    self.assertAlmostEqual(got['score_low'], 125)
    self.assertEqual((got['rank_best'], got['rank_worst']), (1, 5))
    self.assertEqual(got['kind'], 'predicted')
    self.assertIsNone(got['score'])
    self.assertIsNone(got['rank'])

  def test_nothing_to_go_by(self):
    got = standing.of(0.25, _MEASURED | {'runtime_ms': None})
    self.assertIsNone(got['score'])
    self.assertIsNone(got['score_low'])


if __name__ == '__main__':
  absltest.main()
