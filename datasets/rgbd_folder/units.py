# SPDX-License-Identifier: Apache-2.0
"""What the numbers of a depth file say of their unit."""

from collections.abc import Sequence
import dataclasses

import numpy as np

from depth_mai.datasets.rgbd_folder import description as description_lib

UNITS = description_lib.UNITS

# Where the middle of a picture usually lies, metres, and what 99 % are below.
_USUAL_MEDIAN_M = (0.3, 30.0)
_USUAL_HIGH_M = 90.0  # A lidar sees 80 m, and a few odd points.
# The usual units first. Integers in metres or centimetres are rare.
_ORDER = {'f': ('m', 'mm', 'cm'), 'iu': ('mm', 'cm', 'tum', 'kitti', 'm')}
# A Kinect's whole millimetres, times 5.
_TUM_STEP = 5
# A lidar covers a fifth of KITTI's wide pictures.
_LIDAR_KNOWN = 0.4
_LIDAR_ASPECT = 2.0


@dataclasses.dataclass(frozen=True)
class Values:
  """Statistics of the known numbers of a depth file, in its own unit.

  Attributes:
    least: the smallest.
    median: the one in the middle.
    high: 99 % are below.
    most: the largest.
    known: share of the pixels that is known.
    step: greatest common divisor of integers; 0 for floats.
    aspect: width / height.
  """

  least: float
  median: float
  high: float
  most: float
  known: float
  step: int
  aspect: float


def known_mask(values: np.ndarray, invalid: Sequence[float] = ()) -> np.ndarray:
  """Returns where depth is known: finite, above 0 and not in `invalid`.

  Args:
    values: [H, W], integers or floats.
    invalid: further values that mean "unknown".

  Returns:
    [H, W] bool.
  """
  known = np.isfinite(values) & (values > 0)
  for value in invalid:
    known &= values != value
  return known


def measure(values: np.ndarray, known: np.ndarray) -> Values:
  """Measures a depth file.

  Args:
    values: [H, W], integers or floats.
    known: [H, W] bool.

  Returns:
    The statistics; all 0 if nothing is known.
  """
  inside = values[known]
  share, aspect = inside.size / values.size, values.shape[1] / values.shape[0]
  if not inside.size:
    return Values(0, 0, 0, 0, share, 0, aspect)
  low, middle, high, top = np.percentile(
    inside.astype(np.float64), (0, 50, 99, 100)
  )
  is_integer = inside.dtype.kind in 'iu'
  return Values(
    least=float(low),
    median=float(middle),
    high=float(high),
    most=float(top),
    known=share,
    step=int(np.gcd.reduce(inside)) if is_integer else 0,
    aspect=aspect,
  )


def guess(measured: Sequence[Values]) -> tuple[str, str] | None:
  """Guesses the unit of depth files.

  Args:
    measured: statistics of some of them; those without a known pixel count for
      nothing.

  Returns:
    A name in `description.UNITS` and the reason, in words; None if no unit
    makes sense.
  """
  measured = [values for values in measured if values.known]
  if not measured:
    return None
  medians = [values.median for values in measured]
  middle, high = np.median(medians), max(values.high for values in measured)
  steps = [values.step for values in measured]
  is_integer = all(steps)
  if (
    is_integer
    and np.gcd.reduce(steps) == _TUM_STEP
    and _usual('tum', middle, high)
  ):
    return 'tum', 'all values are multiples of 5, as millimetres times 5 are'
  if (
    is_integer
    and np.median([values.known for values in measured]) < _LIDAR_KNOWN
    and np.median([values.aspect for values in measured]) > _LIDAR_ASPECT
    and _usual('kitti', middle, high)
  ):
    return 'kitti', 'wide pictures of which few pixels are known, as in KITTI'
  for unit in _ORDER['iu' if is_integer else 'f']:
    if _usual(unit, middle, high):
      return unit, f'the median would be {middle / UNITS[unit]:.3g} m'
  return None


def _usual(unit: str, middle: float, high: float) -> bool:
  """Whether depths in this unit are what cameras usually see."""
  least_m, most_m = _USUAL_MEDIAN_M
  per_metre = UNITS[unit]
  return (
    least_m <= middle / per_metre <= most_m
    and high / per_metre <= _USUAL_HIGH_M
  )
