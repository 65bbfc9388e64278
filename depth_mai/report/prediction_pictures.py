# SPDX-License-Identifier: Apache-2.0
"""The two pictures of a predicted depth map."""

import numpy as np

from depth_mai.report import colour_range
from depth_mai.report import picture


def draw(
  colours: colour_range.ColourRange, rgb_uint8: np.ndarray, depth_m: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Draws a depth map alone and beside its picture, both with a bar.

  Args:
    colours: ends of the range of colours, or none.
    rgb_uint8: the picture, uint8 [H, W, 3].
    depth_m: [H, W], metres.

  Returns:
    (the depth, the picture beside the depth), uint8 [., ., 3].
  """
  near_m, far_m = colours.of(depth_m)
  colour = picture.colourise(depth_m, near_m, far_m)
  return (
    picture.with_colour_bar(colour, near_m, far_m),
    picture.side_by_side(rgb_uint8, depth_m, near_m=near_m, far_m=far_m),
  )
