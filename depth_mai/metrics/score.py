# SPDX-License-Identifier: Apache-2.0
"""The number that ranks the challenge: accuracy against runtime.

Score = k * 2^(-20 si_rmse) / runtime_ms. The challenge report gives the form
with an unnamed constant; k = 640000 with the runtime in milliseconds gives
every score of its results table back after rounding. An si-RMSE lower by 0.05
doubles the score, as does half the runtime.
"""

import math

SCORE_CONSTANT = 640000.0


def challenge_score(si_rmse, runtime_ms, k=SCORE_CONSTANT):
  """Computes the challenge score.

  Args:
    si_rmse: scale-invariant RMSE of natural logarithms, at least 0.
    runtime_ms: time for one image on the target device, milliseconds.
    k: the constant of the formula; a competition may choose another one, which
      changes no ranking.

  Returns:
    The score, a float; higher is better.

  Raises:
    ValueError: if `si_rmse` is negative, or `runtime_ms` or `k` is not
      positive, or one of them is not finite.
  """
  if not (math.isfinite(si_rmse) and si_rmse >= 0):
    raise ValueError(f'si_rmse must be at least 0 and finite, got {si_rmse}.')
  if not (math.isfinite(runtime_ms) and runtime_ms > 0):
    raise ValueError(
      'runtime_ms must be positive and finite (milliseconds per image), got '
      f'{runtime_ms}.'
    )
  if not (math.isfinite(k) and k > 0):
    raise ValueError(f'k must be positive and finite, got {k}.')
  return float(k * 2.0 ** (-20.0 * si_rmse) / runtime_ms)
