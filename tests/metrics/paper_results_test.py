# SPDX-License-Identifier: Apache-2.0
"""Tests that the rows agree with the text of the paper."""

from absl.testing import absltest

from depth_mai.metrics import paper_results
from depth_mai.runtime import metadata


class PaperResultsTest(absltest.TestCase):
  def test_best_of_each_column_is_where_the_paper_prints_it_bold(self):
    best = {
      name: min(
        paper_results.ROWS.values(), key=lambda row: getattr(row, name)
      ).team
      for name in ('si_rmse', 'rmse', 'log10', 'rel', 'runtime_ms', 'size_mb')
    }
    self.assertEqual(
      best,
      {
        'si_rmse': 'TCL',
        'rmse': 'TCL',
        'log10': 'TCL',
        'rel': 'Tencent GY-Lab*',
        'runtime_ms': 'AIIA HIT',
        'size_mb': 'MiAIgo',
      },
    )

  def test_rows_agree_with_the_text(self):
    # Section 3.1: all are faster than 150 ms; the winner takes less than 50 ms,
    # less than half of last year's winner; the second predicts more than 27
    # images a second.
    rows = paper_results.ROWS
    self.assertLen(rows, 8)
    self.assertLess(max(row.runtime_ms for row in rows.values()), 150)
    self.assertLess(rows['tcl'].runtime_ms, 50)
    self.assertGreater(
      rows['tencent_gylab_2021'].runtime_ms / rows['tcl'].runtime_ms, 2
    )
    self.assertGreater(1000 / rows['aiia_hit'].runtime_ms, 27)

  def test_score_ranks(self):
    ranks = paper_results.score_ranks()
    self.assertEqual(sorted(ranks.values()), list(range(1, 9)))
    self.assertEqual(
      [ranks[name] for name in ('tcl', 'aiia_hit', 'icl', 'jmu_cvlab')],
      [1, 2, 7, 8],
    )

  def test_submitted_precisions(self):
    submitted = paper_results.SUBMITTED_PRECISION
    self.assertCountEqual(submitted, paper_results.SYSTEMS)
    self.assertContainsSubset(submitted.values(), metadata.PRECISIONS)
    self.assertEqual(submitted['smartlab'], 'dynamic')
    self.assertEqual(submitted['icl'], 'fp16')


if __name__ == '__main__':
  absltest.main()
