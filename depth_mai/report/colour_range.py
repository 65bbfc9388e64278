# SPDX-License-Identifier: Apache-2.0
"""The depths of the first and the last colour: given, or from the map."""

import dataclasses

import numpy as np

from depth_mai.report import scale


@dataclasses.dataclass(frozen=True)
class ColourRange:
  """What the user fixes of a range of depths.

  Attributes:
    near_m: depth of the nearest colour, metres; None: from each map.
    far_m: depth of the farthest colour, metres; None: from each map.
  """

  near_m: float | None = None
  far_m: float | None = None

  def __post_init__(self):
    """Refuses a range that holds no depth, before any work."""
    near_m, far_m = self.near_m, self.far_m
    given = [value for value in (near_m, far_m) if value is not None]
    if any(not 0 < value < float('inf') for value in given) or (
      len(given) == 2 and not near_m < far_m
    ):
      raise ValueError(
        f'--near_m={near_m} --far_m={far_m}: give 0 < near_m < far_m, metres.'
      )

  def of(self, depth_m: np.ndarray) -> tuple[float, float]:
    """Returns (near_m, far_m) to draw a map with, 0 < near_m < far_m.

    Args:
      depth_m: any shape, metres; 0, negative and non-finite values are
        unknown.
    """
    near_m, far_m = scale.depth_range(depth_m)
    near_m = near_m if self.near_m is None else self.near_m
    far_m = far_m if self.far_m is None else self.far_m
    if near_m < far_m:
      return near_m, far_m
    # The whole map lies beyond the end that is given.
    if self.far_m is None:
      return near_m, 1.2 * near_m
    return far_m / 1.2, far_m
