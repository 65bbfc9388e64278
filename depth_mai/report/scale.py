# SPDX-License-Identifier: Apache-2.0
"""Maps depths in metres to positions on a colour map, and chooses ticks."""

import dataclasses
import math

import numpy as np

_MAX_TICKS = 8
_DEFAULT_RANGE_M = (1.0, 10.0)
# Ticks within a decade, from the finest; the first row that gives few enough
# ticks is used.
_MANTISSAS = (
  (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9),
  (1, 1.5, 2, 3, 4, 5, 6, 8),
  (1, 1.5, 2, 3, 5, 7),
  (1, 2, 5),
  (1, 3),
  (1,),
)


@dataclasses.dataclass(frozen=True)
class ColourRange:
  """Range of depths to colour; an end that is None is chosen for each map.

  Attributes:
    near_m: depth of the nearest colour, metres, or None.
    far_m: depth of the farthest colour, metres, or None.
  """

  near_m: float | None = None
  far_m: float | None = None

  def __post_init__(self):
    """Raises a ValueError for an empty range."""
    near_m, far_m = self.near_m, self.far_m
    given = [value for value in (near_m, far_m) if value is not None]
    if any(not 0 < value < float('inf') for value in given) or (
      len(given) == 2 and not near_m < far_m
    ):
      raise ValueError(
        f'--near_m={near_m} --far_m={far_m}: give 0 < near_m < far_m, metres.'
      )

  def of(self, depth_m: np.ndarray) -> tuple[float, float]:
    """Returns the range for one map, (near_m, far_m) with 0 < near_m < far_m.

    Args:
      depth_m: any shape, metres; 0, negative and non-finite values are
        unknown.
    """
    near_m, far_m = depth_range(depth_m)
    near_m = near_m if self.near_m is None else self.near_m
    far_m = far_m if self.far_m is None else self.far_m
    if near_m < far_m:
      return near_m, far_m
    # The whole map lies beyond the given end.
    if self.far_m is None:
      return near_m, 1.2 * near_m
    return far_m / 1.2, far_m


def depth_range(*depths_m: np.ndarray) -> tuple[float, float]:
  """Chooses the range of depths that makes pictures use all colours.

  Args:
    *depths_m: maps of any shape, metres; 0, negative and non-finite values are
      unknown. Give all maps that are to be compared in one call.

  Returns:
    (near_m, far_m) with 0 < near_m < far_m: the 1st and 99th percentiles of
    the known values, widened to a ratio of at least 1.2; 1 m to 10 m if no
    value is known.
  """
  known = np.concatenate(
    [np.zeros(0), *(np.asarray(map_m)[known_mask(map_m)] for map_m in depths_m)]
  )
  if not known.size:
    return _DEFAULT_RANGE_M
  near_m, far_m = np.percentile(known, (1, 99))
  widening = max(1.0, 1.2 * near_m / far_m) ** 0.5
  return float(near_m / widening), float(far_m * widening)


def known_mask(depth_m: np.ndarray) -> np.ndarray:
  """Returns the mask of known depths: finite and above 0."""
  depth_m = np.asarray(depth_m)
  return np.isfinite(depth_m) & (depth_m > 0)


def position(depth_m: np.ndarray, near_m: float, far_m: float) -> np.ndarray:
  """Maps metres to positions: 0 at near_m, 1 at far_m, not clipped.

  Equal ratios of depth are equal steps, as in the si-RMSE.

  Args:
    depth_m: metres, any shape. Unknown values become 0.
    near_m: metres, above 0.
    far_m: metres, above near_m.

  Returns:
    float64, the shape of depth_m.

  Raises:
    ValueError: for an empty range.
  """
  check_range(near_m, far_m)
  depth_m = np.asarray(depth_m, np.float64)
  known = known_mask(depth_m)
  depth_m = np.where(known, depth_m, far_m)
  place = np.log(depth_m / near_m) / math.log(far_m / near_m)
  return np.where(known, place, 0.0)


def ticks(near_m: float, far_m: float) -> list[float]:
  """Chooses up to eight round depths in a range, metres.

  Args:
    near_m: as for `position`.
    far_m: as for `position`.

  Returns:
    At least one value, ascending.
  """
  check_range(near_m, far_m)
  for mantissas in _MANTISSAS:
    values = _decade_values(mantissas, near_m, far_m)
    if len(values) <= _MAX_TICKS:
      break
  if len(values) >= 3:
    return values[:: math.ceil(len(values) / _MAX_TICKS)]
  return _even_ticks(near_m, far_m)


def check_range(near_m: float, far_m: float) -> None:
  """Raises a ValueError unless 0 < near_m < far_m, both finite."""
  if not 0 < near_m < far_m < math.inf:
    raise ValueError(
      f'near_m={near_m} must be above 0 and below far_m={far_m}, both finite.'
    )


def _decade_values(mantissas, near_m, far_m):
  first, last = math.floor(math.log10(near_m)), math.floor(math.log10(far_m))
  values = [
    float(f'{mantissa}e{exponent}')
    for exponent in range(first, last + 1)
    for mantissa in mantissas
  ]
  return [value for value in values if near_m <= value <= far_m]


def _even_ticks(near_m, far_m):
  smallest = (far_m - near_m) / _MAX_TICKS
  exponent = math.floor(math.log10(smallest))
  for factor in (1, 2, 2.5, 5, 10, 20):
    step = float(f'{factor}e{exponent}')
    first, last = math.ceil(near_m / step), math.floor(far_m / step)
    if 1 <= last - first + 1 <= _MAX_TICKS:
      break
  return [float(f'{index * step:.12g}') for index in range(first, last + 1)]
