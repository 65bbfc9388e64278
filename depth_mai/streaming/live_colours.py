# SPDX-License-Identifier: Apache-2.0
"""Colours of depth maps that follow one another.

A range chosen anew for each map would flicker, so it follows slowly. The
colours of all 65536 millimetre values are looked up in a table, which is an
order of magnitude faster than computing those of each pixel.
"""

import math

import numpy as np

from depth_mai import challenge
from depth_mai.report import colour_range
from depth_mai.report import picture

# Part of the way to the range of the newest map that each map goes.
_FOLLOW = 0.1
# The range moves in steps of this ratio, so that the table is seldom made.
_STEP = math.log(1.03)
# Every nth pixel in both directions tells the range.
_STRIDE = 8


class LiveColours:
  """Colours maps with a range that follows them.

  Attributes:
    near_m: depth of the nearest colour, metres; None before the first map.
    far_m: depth of the farthest colour, metres; None before the first map.
  """

  def __init__(self, fixed: colour_range.ColourRange):
    """Takes what does not follow.

    Args:
      fixed: ends of the range that the user gave.
    """
    self.near_m = self.far_m = None
    self._fixed, self._logs, self._table = fixed, None, None

  def follow(self, depth_mm: np.ndarray) -> None:
    """Moves the range towards that of a map.

    Args:
      depth_mm: [H, W], millimetres.
    """
    sample_m = depth_mm[::_STRIDE, ::_STRIDE] / 1e3
    wanted = np.log(self._fixed.of(sample_m))
    if self._logs is None:
      self._logs = wanted
    self._logs = self._logs + _FOLLOW * (wanted - self._logs)
    near_m, far_m = (
      float(fixed or np.exp(_STEP * np.rint(log / _STEP)))
      for fixed, log in zip(
        (self._fixed.near_m, self._fixed.far_m), self._logs, strict=True
      )
    )
    if near_m >= far_m:  # Rounding met a fixed end.
      near_m, far_m = (float(value) for value in np.exp(self._logs))
    if (near_m, far_m) != (self.near_m, self.far_m):
      self.near_m, self.far_m, self._table = near_m, far_m, None

  def colourise(self, depth_mm: np.ndarray) -> np.ndarray:
    """Colours a map with the range of `follow`.

    Args:
      depth_mm: [H, W] float, millimetres; what is not above 0 is unknown.

    Returns:
      A picture, uint8 [H, W, 3], as `picture.colourise` draws it.
    """
    if self._table is None:
      depths_m = np.arange(challenge.MAX_DEPTH_MM + 1)[np.newaxis] / 1e3
      self._table = picture.colourise(depths_m, self.near_m, self.far_m)[0]
    known_mm = np.nan_to_num(depth_mm, nan=0.0)
    index = np.clip(np.rint(known_mm), 0, challenge.MAX_DEPTH_MM)
    return np.take(self._table, index.astype(np.uint16), axis=0)
