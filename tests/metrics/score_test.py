# SPDX-License-Identifier: Apache-2.0
"""Tests of the score against the results table of the 2022 challenge."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.metrics import score


class ChallengeScoreTest(parameterized.TestCase):
  @parameterized.named_parameters(
    ('tcl', 0.2773, 46, 298),
    ('aiia_hit', 0.311, 37, 232),
    ('miaigo', 0.299, 54, 188),
    ('tencent_gylab', 0.303, 68, 141),
    ('tencent_gylab_2021', 0.2836, 103, 122),
    ('smartlab', 0.3296, 65, 102),
    ('jmu_cvlab', 0.3498, 139, 36),
    ('icl', 0.338, 142, 42),
  )
  def test_published_scores(self, si_rmse, runtime_ms, want):
    self.assertEqual(round(score.challenge_score(si_rmse, runtime_ms)), want)

  def test_slopes(self):
    base = score.challenge_score(0.3, 50.0)
    self.assertAlmostEqual(score.challenge_score(0.25, 50.0) / base, 2.0)
    self.assertAlmostEqual(score.challenge_score(0.3, 25.0) / base, 2.0)
    self.assertAlmostEqual(score.challenge_score(0.3, 50.0, k=64e4) / base, 1.0)
    self.assertAlmostEqual(score.challenge_score(0.0, 1.0, k=7.0), 7.0)

  @parameterized.parameters(
    (-0.1, 50.0, 1.0, 'si_rmse'),
    (float('nan'), 50.0, 1.0, 'si_rmse'),
    (0.3, 0.0, 1.0, 'runtime_ms'),
    (0.3, -5.0, 1.0, 'runtime_ms'),
    (0.3, float('inf'), 1.0, 'runtime_ms'),
    (0.3, 50.0, 0.0, 'k must'),
  )
  def test_errors(self, si_rmse, runtime_ms, k, name):
    with self.assertRaisesRegex(ValueError, name):
      score.challenge_score(si_rmse, runtime_ms, k)


if __name__ == '__main__':
  absltest.main()
