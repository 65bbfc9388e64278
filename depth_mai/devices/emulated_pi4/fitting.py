# SPDX-License-Identifier: Apache-2.0
"""Fits times to counts: least squares on relative errors, nothing negative."""

from collections.abc import Sequence
import itertools

import numpy as np


def non_negative_least_squares(
  matrix: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
  """Minimises |matrix x - wanted| over x >= 0.

  The minimum is the unconstrained one of some subset of the columns, so that
  for a few columns all subsets can be tried.

  Args:
    matrix: [N, K], K at most 8.
    wanted: [N].

  Returns:
    [K] float64.

  Raises:
    ValueError: if there are too many columns, or the sizes do not match.
  """
  matrix, wanted = np.asarray(matrix, float), np.asarray(wanted, float)
  rows, columns = matrix.shape
  if columns > 8 or wanted.shape != (rows,):
    raise ValueError(
      f'matrix must be [N, K] with K <= 8 and wanted [N], got {matrix.shape} '
      f'and {wanted.shape}.'
    )
  best, smallest = np.zeros(columns), float(np.square(wanted).sum())
  for size in range(1, columns + 1):
    for subset in itertools.combinations(range(columns), size):
      found, *_ = np.linalg.lstsq(matrix[:, subset], wanted, rcond=None)
      if (found < 0).any():
        continue
      error = float(np.square(matrix[:, subset] @ found - wanted).sum())
      if error < smallest:
        best, smallest = np.zeros(columns), error
        best[list(subset)] = found
  return best


def fit(features: np.ndarray, times_ms: np.ndarray) -> np.ndarray:
  """Fits times by a sum of features, minimising relative errors.

  Args:
    features: [N, K].
    times_ms: [N], positive.

  Returns:
    [K] float64: milliseconds for one of each feature, none negative.

  Raises:
    ValueError: as `non_negative_least_squares`.
  """
  times_ms = np.asarray(times_ms, float)
  scaled = np.asarray(features, float) / times_ms[:, np.newaxis]
  return non_negative_least_squares(scaled, np.ones_like(times_ms))


def held_out_ratios(
  features: np.ndarray, times_ms: np.ndarray, groups: Sequence[str]
) -> np.ndarray:
  """Predicts each time by a fit to those of the other groups.

  Args:
    features: [N, K].
    times_ms: [N], positive.
    groups: [N] names; those of one group are left out together.

  Returns:
    [N] float64: measured over predicted; infinite where nothing was predicted.

  Raises:
    ValueError: if there is one group only.
  """
  features, times_ms = np.asarray(features, float), np.asarray(times_ms, float)
  groups = np.asarray(groups)
  if len(set(groups.tolist())) < 2:
    raise ValueError(
      'All rows are of one group: none is left to fit when it is held out.'
    )
  predicted = np.zeros_like(times_ms)
  for group in sorted(set(groups.tolist())):
    out = groups == group
    predicted[out] = features[out] @ fit(features[~out], times_ms[~out])
  with np.errstate(divide='ignore'):
    return times_ms / predicted
