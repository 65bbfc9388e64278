# SPDX-License-Identifier: Apache-2.0
"""Tests of the rank correlation against published examples."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.metrics import rank_correlation


class AverageRanksTest(parameterized.TestCase):
  @parameterized.parameters(
    ([30, 10, 20], [3, 1, 2]),
    ([0, 2, 3, 2], [1, 2.5, 4, 2.5]),
    ([5, 5, 5], [2, 2, 2]),
    ([-1.5], [1]),
    ([], []),
  )
  def test_by_hand(self, values, want):
    self.assertEqual(rank_correlation.average_ranks(values).tolist(), want)

  @parameterized.parameters([[[1.0, float('nan')]]], [[[1.0, None]]])
  def test_refuses_what_has_no_rank(self, values):
    with self.assertRaisesRegex(ValueError, 'finite'):
      rank_correlation.average_ranks(values)


class SpearmanTest(parameterized.TestCase):
  def test_without_equal_values(self):
    # The example of Wikipedia, "Spearman's rank correlation coefficient": IQ
    # and hours of television of ten people, rho = -29/165.
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    self.assertAlmostEqual(
      rank_correlation.spearman(iq, hours), -29 / 165, places=12
    )

  def test_with_equal_values(self):
    # The example of scipy.stats.spearmanr's documentation.
    self.assertAlmostEqual(
      rank_correlation.spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]),
      0.8207826816681233,
      places=12,
    )

  def test_only_the_order_counts(self):
    self.assertAlmostEqual(
      rank_correlation.spearman([1, 10, 100, 1000], [1, 2, 3, 99]), 1.0
    )
    self.assertAlmostEqual(
      rank_correlation.spearman([1, 10, 100, 1000], [4, 3, 2, 1]), -1.0
    )

  @parameterized.parameters(([], []), ([1], [2]), ([1, 2], [3, 3]))
  def test_no_order(self, first, second):
    self.assertIsNone(rank_correlation.spearman(first, second))

  def test_lengths_must_agree(self):
    with self.assertRaisesRegex(ValueError, '2 values and second 3'):
      rank_correlation.spearman([1, 2], [1, 2, 3])


if __name__ == '__main__':
  absltest.main()
