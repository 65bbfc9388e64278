# SPDX-License-Identifier: Apache-2.0
"""Aligns each prediction with its truth, as papers on relative depth do.

Such networks predict depth up to a scale, or a scale and a shift, which are
fitted to the truth of each picture before the errors are measured. The errors
say nothing about the absolute depth, and do not compare with the challenge's.

median: multiplies by median(truth) / median(prediction) (Zhou et al. 2017;
  Monodepth2).
scale_shift: s p + t with the least squared distance from the truth.
inverse_scale_shift: s p + t with the least squared distance from 1 / truth,
  then inverted (Ranftl et al. 2020, section 6). Smaller values than the inverse
  of the picture's largest true depth count as that, as in the authors' code,
  where the largest depth is that of the data set.
"""

from collections.abc import Callable
import math

import numpy as np

from depth_mai.pictures import median as median_lib

_MIN_MM = 1.0

# Maps (prediction [H, W] of any unit, depth_mm [H, W]) to millimetres [H, W].
Align = Callable[[np.ndarray, np.ndarray], np.ndarray]


def median(prediction: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
  """Aligns the medians.

  Args:
    prediction: [H, W], any unit.
    depth_mm: [H, W] true depth, millimetres, 0 = unknown.

  Returns:
    [H, W] float64, millimetres.

  Raises:
    ValueError: if the prediction's median is not positive.
  """
  known = _known(prediction, depth_mm)
  middle = median_lib.median(prediction[known])
  if not middle > 0:
    raise ValueError(
      f'The median of the prediction is {middle:g}, which cannot be scaled to '
      'the true one. Use --align=scale_shift or inverse_scale_shift.'
    )
  return prediction * (median_lib.median(depth_mm[known]) / middle)


def scale_shift(prediction: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
  """Aligns scale and shift of depth; see `median`."""
  known = _known(prediction, depth_mm)
  scale, shift = _fit(prediction[known], depth_mm[known])
  return scale * prediction.astype(np.float64) + shift


def inverse_scale_shift(
  prediction: np.ndarray, depth_mm: np.ndarray
) -> np.ndarray:
  """Aligns scale and shift of inverse depth, and inverts it; see `median`."""
  known = _known(prediction, depth_mm)
  truth = depth_mm[known].astype(np.float64)
  scale, shift = _fit(prediction[known], 1.0 / truth)
  inverse = scale * prediction.astype(np.float64) + shift
  return 1.0 / np.maximum(inverse, 1.0 / truth.max())


ALIGNMENTS: dict[str, Align | None] = {
  'none': None,
  'median': median,
  'scale_shift': scale_shift,
  'inverse_scale_shift': inverse_scale_shift,
}


def label(name: str) -> str:
  """Returns what a name of ALIGNMENTS means for the figures, as a sentence."""
  return (
    f'ALIGNED ({name}): each prediction was fitted to the true depth of its '
    'picture. The figures compare with those of papers on relative depth, not '
    "with the challenge's."
  )


def _known(prediction: np.ndarray, depth_mm: np.ndarray) -> np.ndarray:
  """Returns where both are known; raises ValueError if nowhere, or if NaN."""
  known = depth_mm > _MIN_MM
  if not known.any():
    raise ValueError('No pixel of the ground truth is known.')
  bad = np.count_nonzero(~np.isfinite(prediction[known]))
  if bad:
    raise ValueError(
      f'The prediction is not finite (NaN or infinite) at {bad} of '
      f'{np.count_nonzero(known)} known pixels, so it cannot be aligned.'
    )
  return known


def _fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
  """Returns (scale, shift) with the least sum of (scale x + shift - y)^2."""
  x, y = x.astype(np.float64), y.astype(np.float64)
  mean_x, mean_y = math.fsum(x) / x.size, math.fsum(y) / y.size
  spread = float(np.square(x - mean_x).sum())
  product = float(((x - mean_x) * (y - mean_y)).sum())
  scale = product / spread if spread > 0 else 0.0
  return scale, mean_y - scale * mean_x
