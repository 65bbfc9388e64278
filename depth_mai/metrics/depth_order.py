# SPDX-License-Identifier: Apache-2.0
"""Tells whether predictions are inverse: large where the truth is near.

Networks such as MiDaS and Depth Anything give inverse relative depth
(disparity). Read as depth it has errors like any bad prediction; only the order
of the pixels shows what it is.
"""

from collections.abc import Iterable

import numpy as np

from depth_mai.metrics import score

# A mean rank correlation below this is hardly a bad network's: those are near
# 0, and networks of inverse depth near -1.
CLEARLY_INVERSE = -0.3

_MIN_MM = 1.0
# Pixels of a picture that are ranked, evenly spaced.
_PIXELS = 4096


def rank_correlation(
  prediction: np.ndarray, depth_mm: np.ndarray
) -> float | None:
  """Computes Spearman's rank correlation between prediction and truth.

  Args:
    prediction: [H, W], any unit.
    depth_mm: [H, W] true depth, millimetres, 0 = unknown.

  Returns:
    From -1 (the opposite order) to 1 (the same order), over at most 4096 of the
    pixels where both are known; None if all of either are equal.
  """
  known = (depth_mm > _MIN_MM) & np.isfinite(prediction)
  predicted, truth = prediction[known], depth_mm[known]
  if predicted.size > _PIXELS:
    places = np.linspace(0, predicted.size - 1, _PIXELS).astype(np.int64)
    predicted, truth = predicted[places], truth[places]
  return score.spearman(predicted, truth)


def mean(correlations: Iterable[float | None]) -> float | None:
  """Returns the mean of those that are defined, None if none is."""
  defined = [one for one in correlations if one is not None]
  return float(np.mean(defined)) if defined else None


def depth_text(correlation: float | None) -> str:
  """Returns what a clearly positive correlation means for inverse depth.

  Args:
    correlation: mean over pictures; None if it is undefined.

  Returns:
    A sentence; '' for any other correlation.
  """
  if correlation is None or correlation <= -CLEARLY_INVERSE:
    return ''
  return (
    'This looks like depth, not like inverse depth: it is large where the true '
    f'depth is far (rank correlation {correlation:.2f}). Measure it with '
    '--align=scale_shift, median or none.'
  )


def inverse_text(correlation: float | None) -> str:
  """Returns what a clearly negative correlation means, '' for any other.

  Args:
    correlation: mean over pictures; None if it is undefined.
  """
  if correlation is None or correlation >= CLEARLY_INVERSE:
    return ''
  return (
    'This looks like inverse depth (disparity): it is large where the true '
    f'depth is near (rank correlation {correlation:.2f}, 1 for the right '
    'order). Measure it with depth_mai.evaluate '
    '--align=inverse_scale_shift.'
  )
