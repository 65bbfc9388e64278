# SPDX-License-Identifier: Apache-2.0
"""What every live view takes."""

import dataclasses
import typing

import numpy as np


@dataclasses.dataclass(frozen=True)
class Shown:
  """One frame to show.

  Attributes:
    rgb_uint8: the picture, uint8 [h, w, 3], of the view's panel size; None
      where the view wants no pictures.
    depth_rgb: its depth in colours, the same shape; or None.
    near_m: depth of the nearest colour, metres.
    far_m: depth of the farthest colour, metres.
    status: one line: frames per second, milliseconds of the stages.
    statistics: dict, ready for JSON; see `live.statistics`.
  """

  rgb_uint8: np.ndarray | None
  depth_rgb: np.ndarray | None
  near_m: float
  far_m: float
  status: str
  statistics: dict


class View(typing.Protocol):
  """Shows frames as they come."""

  def panel_size(self, height: int, width: int) -> tuple[int, int] | None:
    """Returns how large picture and depth are wanted.

    Args:
      height: of the picture, pixels.
      width: of the picture, pixels.

    Returns:
      (height, width), pixels; None: no pictures.
    """

  def show(self, shown: Shown) -> None:
    """Shows a frame.

    Raises:
      ValueError: if nothing can be shown any more.
    """

  def close(self) -> None:
    """Leaves everything as it was found."""
