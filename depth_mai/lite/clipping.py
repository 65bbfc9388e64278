# SPDX-License-Identifier: Apache-2.0
"""Chooses the range of an activation that its 256 levels cover.

The whole range keeps every value and may waste levels on a few large ones; a
smaller range clips those and resolves the others more finely.

  minmax: the whole range.
  percentile: leaves out a given share of the values at each end.
  mse: the smallest mean squared error of rounding and clipping.
  entropy: the smallest Kullback-Leibler divergence between the distributions
    of the values before and after rounding (S. Migacz, 8-bit Inference with
    TensorRT, 2017, here for both ends of a range).

All ranges include 0, since one of the levels must be 0.
"""

from collections.abc import Callable

import numpy as np

from depth_mai.lite import histogram as histogram_lib

Range = tuple[float, float]

METHODS = ('minmax', 'percentile', 'mse', 'entropy')

_STEPS = 255
# Candidates for an end of a range, as fractions of that end of the whole range.
# With a quarter of the range, the steps are finer by two bits.
_PARTS = np.linspace(1.0, 0.25, 76)
_NOTHING = 1e-12


def choose_range(
  histogram: histogram_lib.Histogram, method: str, percentile: float = 99.99
) -> Range:
  """Chooses a range by a method.

  Args:
    histogram: values of the activation.
    method: one of METHODS.
    percentile: see `percentile_range`.

  Returns:
    (low, high), low <= 0 <= high.

  Raises:
    ValueError: for an unknown method.
  """
  if method == 'minmax':
    return whole_range(histogram)
  if method == 'percentile':
    return percentile_range(histogram, percentile)
  if method == 'mse':
    return _cheapest(histogram, squared_error)
  if method == 'entropy':
    return _cheapest(histogram, divergence)
  raise ValueError(
    f'calibration={method!r} is not one of {METHODS}. Change '
    'Quantisation.calibration.'
  )


def whole_range(histogram: histogram_lib.Histogram) -> Range:
  """Returns the smallest and the largest value, and 0 between them."""
  return min(0.0, histogram.low), max(0.0, histogram.high)


def percentile_range(
  histogram: histogram_lib.Histogram, percentile: float
) -> Range:
  """Returns a range without the outermost values at both ends.

  Args:
    histogram: values of the activation.
    percentile: share of all values, in per cent, at or below the upper end, and
      also at or above the lower one; exact to one bin, which is never cut.

  Returns:
    (low, high).
  """
  low, high = whole_range(histogram)
  counts = histogram.counts.copy()
  centres = histogram.centres()
  # Zeros are between the negative and the positive bins.
  middle = int(np.searchsorted(centres, 0.0))
  counts = np.insert(counts, middle, histogram.zeros)
  edges = (histogram.first + np.arange(counts.size)) * histogram.width
  lower = np.insert(edges[:-1], middle, 0.0)
  upper = np.insert(edges[1:], middle, 0.0)
  needed = percentile / 100 * histogram.total
  top = upper[int(np.searchsorted(np.cumsum(counts), needed))]
  from_above = int(np.searchsorted(np.cumsum(counts[::-1]), needed))
  bottom = lower[::-1][from_above]
  return (
    max(low, min(0.0, float(bottom))),
    min(high, max(0.0, float(top))),
  )


def squared_error(
  centres: np.ndarray, counts: np.ndarray, chosen: Range
) -> float:
  """Returns the summed squared error of rounding and clipping.

  Args:
    centres: [N] values.
    counts: [N] how often each occurs; zeros, which are exact, are left out.
    chosen: the range.
  """
  low, high = chosen
  step = (high - low) / _STEPS
  beyond = centres - np.clip(centres, low, high)
  inside = counts[beyond == 0].sum()
  return float(inside * step**2 / 12 + (counts * beyond**2).sum())


def divergence(centres: np.ndarray, counts: np.ndarray, chosen: Range) -> float:
  """Returns the divergence between the values and the rounded values.

  Args:
    centres: [N] values, ascending.
    counts: [N] how often each occurs; zeros are left out.
    chosen: the range.
  """
  low, high = chosen
  step = (high - low) / _STEPS
  inside = (centres >= low) & (centres <= high)
  if not inside.any():
    return np.inf
  inner = counts[inside]
  # Clipped values count as the outermost value.
  clipped = inner.astype(np.float64)
  clipped[0] += counts[centres < low].sum()
  clipped[-1] += counts[centres > high].sum()
  # Rounding makes all values within a level equally likely.
  levels = np.round((centres[inside] - low) / step).astype(int)
  occurs = inner > 0
  sums = np.bincount(levels, inner)
  kinds = np.bincount(levels, occurs)
  blurred = np.where(occurs, (sums / np.maximum(kinds, 1))[levels], 0.0)
  p = clipped / clipped.sum()
  q = np.maximum(blurred / max(blurred.sum(), _NOTHING), _NOTHING)
  some = p > 0
  return float((p[some] * np.log(p[some] / q[some])).sum())


def _cheapest(
  histogram: histogram_lib.Histogram,
  cost: Callable[[np.ndarray, np.ndarray, Range], float],
) -> Range:
  """Finds the cheapest range, first its longer end, then the other."""
  chosen = whole_range(histogram)
  centres, counts = histogram.centres(), histogram.counts
  if not counts.any():
    return chosen
  low, high = chosen
  for end in (1, 0) if high >= -low else (0, 1):
    if chosen[end] == 0:
      continue
    candidates = [
      (chosen[0], float(value)) if end else (float(value), chosen[1])
      for value in chosen[end] * _PARTS
    ]
    chosen = min(candidates, key=lambda range_: cost(centres, counts, range_))
  return chosen
