# SPDX-License-Identifier: Apache-2.0
"""Tells whether predictions are in another unit, or have none.

Centimetres, KITTI's 1/256 m and relative depth that was stretched to 16 bits
have a small si-RMSE, like a good network's millimetres. Only the ratio of the
medians shows what they are.
"""

from collections.abc import Iterable

import numpy as np

from depth_mai.pictures import median

# A network that learned other scenes is off by less than this factor; the
# nearest units that people mix up, 1/1000 m and 1/256 m, differ by 3.9.
CLEARLY_OFF = 3.5

_MIN_MM = 1.0


def ratio(pred_mm: np.ndarray, depth_mm: np.ndarray) -> float | None:
  """Returns the median of a prediction by that of the truth.

  Args:
    pred_mm: [H, W], millimetres.
    depth_mm: [H, W] true depth, millimetres, 0 = unknown.

  Returns:
    The ratio over the pixels where both are known; None if there are none.
  """
  known = (depth_mm > _MIN_MM) & np.isfinite(pred_mm)
  if not known.any():
    return None
  return median.median(pred_mm[known]) / median.median(depth_mm[known])


def text(ratios: Iterable[float | None]) -> str:
  """Returns what the ratios of several pictures mean.

  Args:
    ratios: `ratio` of each picture.

  Returns:
    A sentence; '' if the scale of most pictures is right.
  """
  defined = [one for one in ratios if one is not None]
  middle = float(np.median(defined)) if defined else 1.0
  if 1 / CLEARLY_OFF <= middle <= CLEARLY_OFF:
    return ''
  return (
    f'The predictions are {middle:.3g} times the true depth, by their '
    'medians: they may be in another unit than was assumed, or relative depth '
    '(see depth_mai.evaluate --align). RMSE, LOG10 and REL mean little then; '
    'si-RMSE does not depend on the unit.'
  )
