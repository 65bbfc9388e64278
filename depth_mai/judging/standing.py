# SPDX-License-Identifier: Apache-2.0
"""The score, and the place that it would have had in Table 1 of the report."""

from depth_mai.metrics import paper_results as paper_results
from depth_mai.metrics import score as score_lib

# Where predicted and measured figures must not be taken for one another.
MEASURED, PREDICTED = 'measured', 'predicted'


def rank_of(score: float) -> int:
  """Returns the place that a score would have had, 1 to 9.

  Args:
    score: rows of the table with the same rounded score stay behind it.
  """
  rows = paper_results.ROWS.values()
  return 1 + sum(row.score > score for row in rows)


def of(si_rmse: float, runtime: dict) -> dict:
  """Computes score and rank.

  Args:
    si_rmse: on the split.
    runtime: of `runtimes.from_configurations`.

  Returns:
    dict: kind (MEASURED or PREDICTED), of (the number of ranks), notes, and
    score and rank; where the runtime is predicted these are None and there are
    score_low, score_high, rank_best, rank_worst instead. All None where there
    is no runtime.
  """
  low_ms, high_ms = runtime['predicted_ms_low'], runtime['predicted_ms_high']
  standing = {
    'kind': PREDICTED if runtime['kind'] == PREDICTED else MEASURED,
    'of': len(paper_results.ROWS) + 1,
    'score': None,
    'rank': None,
    'score_low': None,
    'score_high': None,
    'rank_best': None,
    'rank_worst': None,
    'notes': [
      "The errors are of this split; Table 1's are of the challenge's test "
      'images, which were never given out.',
      runtime['note'],
    ],
  }
  if runtime['runtime_ms'] is not None:
    score = score_lib.challenge_score(si_rmse, runtime['runtime_ms'])
    standing |= {'score': score, 'rank': rank_of(score)}
  elif low_ms is not None and high_ms is not None:
    low = score_lib.challenge_score(si_rmse, high_ms)
    high = score_lib.challenge_score(si_rmse, low_ms)
    standing |= {
      'score_low': low,
      'score_high': high,
      'rank_best': rank_of(high),
      'rank_worst': rank_of(low),
    }
  return standing
