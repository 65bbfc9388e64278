# SPDX-License-Identifier: Apache-2.0
"""Ranks systems: the challenge score, ranks, and Spearman's correlation of two.

Score = k * 2^(-20 si_rmse) / runtime_ms. The challenge's paper gives the form
with an unnamed constant; k = 640000 with the runtime in milliseconds
reproduces every score of its Table 1 after rounding. The score doubles when the
si-RMSE falls by 0.05, and when the runtime halves.
"""

from collections.abc import Sequence
import math

import numpy as np

SCORE_CONSTANT = 640000.0


def challenge_score(
  si_rmse: float, runtime_ms: float, k: float = SCORE_CONSTANT
) -> float:
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


def average_ranks(values: Sequence[float]) -> np.ndarray:
  """Ranks values from 1; equal values share the mean of their ranks.

  Args:
    values: [N] numbers.

  Returns:
    [N] float64: 1 for the smallest value.

  Raises:
    ValueError: if `values` is not a vector of finite numbers.
  """
  x = np.asarray(values, np.float64)
  if x.ndim != 1 or not np.isfinite(x).all():
    raise ValueError(f'values must be N finite numbers, got {x}.')
  _, places, counts = np.unique(x, return_inverse=True, return_counts=True)
  return (np.cumsum(counts) - (counts - 1) / 2)[places]


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
  """Computes Spearman's rank correlation.

  It is Pearson's correlation of the ranks (Spearman 1904), which also holds
  for equal values; for N different values it is 1 - 6 sum(d^2) / (N (N^2 - 1)),
  where d are the differences of rank. It is computed here because SciPy is not
  installed on a device.

  Args:
    first: [N] numbers.
    second: [N] numbers of the same N items in the same order.

  Returns:
    A float from -1 (the opposite order) to 1 (the same order); None for fewer
    than two items, or if all values of one vector are equal.

  Raises:
    ValueError: if the lengths differ or a value is not finite.
  """
  x, y = average_ranks(first), average_ranks(second)
  if x.size != y.size:
    raise ValueError(
      f'first has {x.size} values and second {y.size}; give one of each for '
      'every ranked item.'
    )
  if x.size < 2:
    return None
  x, y = x - x.mean(), y - y.mean()
  scale = np.sqrt(np.square(x).sum() * np.square(y).sum())
  return float((x * y).sum() / scale) if scale > 0 else None
