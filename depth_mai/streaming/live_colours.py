# SPDX-License-Identifier: Apache-2.0
"""Colours successive depth maps with a range that changes slowly.

A new range for each map would flicker. The colours come from a table of all
65536 millimetre values, which is ten times as fast as computing them for each
pixel.
"""

import math

import numpy as np

from depth_mai import challenge
from depth_mai.report import picture
from depth_mai.report import scale

# Weight of the newest map in the moving average of the range.
_FOLLOW = 0.1
# The range changes in steps of this ratio, so that the table is rarely rebuilt.
_STEP = math.log(1.03)
# The range is computed from every nth pixel in both directions.
_STRIDE = 8


class LiveColours:
  """Colours depth maps with a range that follows them.

  Attributes:
    near_m: depth of the nearest colour, metres.
    far_m: depth of the farthest colour, metres.
  """

  def __init__(self, fixed: scale.ColourRange):
    """Starts with the range of a map without known depths.

    Args:
      fixed: ends of the range that do not follow the maps.
    """
    self.near_m, self.far_m = fixed.of(np.zeros(0))
    self._fixed = fixed
    self._logs: np.ndarray | None = None
    self._table: np.ndarray | None = None

  def follow(self, depth_mm: np.ndarray) -> None:
    """Moves the range towards that of a map.

    Args:
      depth_mm: [H, W], millimetres.
    """
    sample_m = depth_mm[::_STRIDE, ::_STRIDE] / challenge.MM_PER_M
    wanted = np.log(self._fixed.of(sample_m))
    logs = wanted if self._logs is None else self._logs
    logs = self._logs = logs + _FOLLOW * (wanted - logs)
    near_m, far_m = (
      float(fixed or np.exp(_STEP * np.rint(log / _STEP)))
      for fixed, log in zip(
        (self._fixed.near_m, self._fixed.far_m), logs, strict=True
      )
    )
    if near_m >= far_m:  # Rounding reached a fixed end.
      near_m, far_m = (float(value) for value in np.exp(logs))
    if (near_m, far_m) != (self.near_m, self.far_m):
      self.near_m, self.far_m, self._table = near_m, far_m, None

  def colourise(self, depth_mm: np.ndarray) -> np.ndarray:
    """Colours a map with the range of `follow`.

    Args:
      depth_mm: [H, W] float, millimetres; values not above 0 are unknown.

    Returns:
      A picture, uint8 [H, W, 3], as `picture.colourise` draws it.
    """
    if self._table is None:
      depths_m = np.arange(challenge.MAX_DEPTH_MM + 1) / challenge.MM_PER_M
      self._table = picture.colourise(
        depths_m[np.newaxis], self.near_m, self.far_m
      )[0]
    known_mm = np.nan_to_num(depth_mm, nan=0.0)
    index = np.clip(np.rint(known_mm), 0, challenge.MAX_DEPTH_MM)
    return np.take(self._table, index.astype(np.uint16), axis=0)
