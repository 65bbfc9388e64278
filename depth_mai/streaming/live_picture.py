# SPDX-License-Identifier: Apache-2.0
"""Draws what the browser shows of a frame: picture, depth and bar."""

import functools

import numpy as np

from depth_mai.report import picture
from depth_mai.streaming import view


def side_by_side(shown: view.Shown, with_bar: bool = True) -> np.ndarray:
  """Returns the picture, its depth in colours, and a bar in metres.

  Args:
    shown: the frame.
    with_bar: whether to add the bar.

  Returns:
    uint8 [h, w, 3], as high as the picture.
  """
  parts = [shown.rgb_uint8, shown.depth_rgb]
  if with_bar:
    parts.append(_bar(shown.rgb_uint8.shape[0], shown.near_m, shown.far_m))
  return np.hstack(parts)


@functools.lru_cache(maxsize=4)
def _bar(height: int, near_m: float, far_m: float) -> np.ndarray:
  """Returns the bar; drawing its labels would dominate the time of a frame."""
  return picture.colour_bar(height, near_m, far_m)
