# SPDX-License-Identifier: Apache-2.0
"""Tests of the score against Table 1, of the ranks against known examples."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.metrics import paper_results
from depth_mai.metrics import score


class ChallengeScoreTest(parameterized.TestCase):
  @parameterized.parameters(*paper_results.ROWS.values())
  def test_published_scores(self, row):
    got = score.challenge_score(row.si_rmse, row.runtime_ms)
    self.assertEqual(round(got), row.score)

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


class AverageRanksTest(parameterized.TestCase):
  @parameterized.parameters(
    ([30, 10, 20], [3, 1, 2]),
    ([0, 2, 3, 2], [1, 2.5, 4, 2.5]),
    ([5, 5, 5], [2, 2, 2]),
    ([-1.5], [1]),
    ([], []),
  )
  def test_by_hand(self, values, want):
    self.assertEqual(score.average_ranks(values).tolist(), want)

  @parameterized.parameters([[[1.0, float('nan')]]], [[[1.0, None]]])
  def test_refuses_values_without_a_rank(self, values):
    with self.assertRaisesRegex(ValueError, 'finite'):
      score.average_ranks(values)


class SpearmanTest(parameterized.TestCase):
  def test_without_equal_values(self):
    # The example of Wikipedia, "Spearman's rank correlation coefficient": IQ
    # and hours of television of ten people, rho = -29/165.
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    self.assertAlmostEqual(score.spearman(iq, hours), -29 / 165, places=12)

  def test_with_equal_values(self):
    # The example of scipy.stats.spearmanr's documentation.
    self.assertAlmostEqual(
      score.spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]),
      0.8207826816681233,
      places=12,
    )

  def test_only_the_order_counts(self):
    self.assertAlmostEqual(
      score.spearman([1, 10, 100, 1000], [1, 2, 3, 99]), 1.0
    )
    self.assertAlmostEqual(
      score.spearman([1, 10, 100, 1000], [4, 3, 2, 1]), -1.0
    )

  @parameterized.parameters(([], []), ([1], [2]), ([1, 2], [3, 3]))
  def test_no_order(self, first, second):
    self.assertIsNone(score.spearman(first, second))

  def test_lengths_must_agree(self):
    with self.assertRaisesRegex(ValueError, '2 values and second 3'):
      score.spearman([1, 2], [1, 2, 3])


if __name__ == '__main__':
  absltest.main()
