# SPDX-License-Identifier: Apache-2.0
"""Measures the numbers in depth files, and guesses their unit."""

from collections.abc import Sequence
import dataclasses

import numpy as np

from depth_mai.datasets.rgbd_folder import description as description_lib

UNITS = description_lib.UNITS

# The usual range of the median of a picture, metres, and the usual upper bound
# of 99 % of its pixels.
_USUAL_MEDIAN_M = (0.3, 30.0)
_USUAL_HIGH_M = 90.0  # A lidar sees 80 m, and a few outliers.
# The units in order of frequency; integers in metres or centimetres are rare.
_ORDER = {'f': ('m', 'mm', 'cm'), 'iu': ('mm', 'cm', 'tum', 'kitti', 'm')}
# TUM RGB-D stores a Kinect's whole millimetres times 5.
_TUM_STEP = 5
# A lidar covers a fifth of KITTI's wide pictures.
_LIDAR_KNOWN = 0.4
_LIDAR_ASPECT = 2.0


@dataclasses.dataclass(frozen=True)
class Values:
  """Statistics of the known numbers of a depth file, in its own unit.

  Attributes:
    least: the smallest.
    median: the median.
    high: 99 % are below this number.
    most: the largest.
    known: share of the pixels with a known number.
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
    The statistics; least to most and step are 0 if nothing is known.
  """
  inside = values[known]
  share, aspect = inside.size / values.size, values.shape[1] / values.shape[0]
  if not inside.size:
    return Values(0, 0, 0, 0, share, 0, aspect)
  percentiles = np.percentile(inside.astype(np.float64), (0, 50, 99, 100))
  step = int(np.gcd.reduce(inside)) if inside.dtype.kind in 'iu' else 0
  return Values(*percentiles.tolist(), known=share, step=step, aspect=aspect)


def guess(measured: Sequence[Values]) -> tuple[str, str] | None:
  """Guesses the unit of depth files.

  Args:
    measured: statistics of some files; those without a known pixel are ignored.

  Returns:
    A name in `description.UNITS` and the reason, in words; None if no unit is
    plausible.
  """
  measured = [values for values in measured if values.known]
  if not measured:
    return None
  middle, known, aspect = (
    np.median([getattr(values, name) for values in measured])
    for name in ('median', 'known', 'aspect')
  )
  high = max(values.high for values in measured)
  steps = [values.step for values in measured]
  usual = [unit for unit in UNITS if _is_usual(unit, middle, high)]
  if not all(steps):  # Floats.
    order = _ORDER['f']
  elif 'tum' in usual and np.gcd.reduce(steps) == _TUM_STEP:
    return 'tum', 'all values are multiples of 5, like millimetres times 5'
  elif 'kitti' in usual and known < _LIDAR_KNOWN and aspect > _LIDAR_ASPECT:
    return 'kitti', 'the pictures are wide and few pixels known, as in KITTI'
  else:
    order = _ORDER['iu']
  for unit in order:
    if unit in usual:
      return unit, f'the median would be {middle / UNITS[unit]:.3g} m'
  return None


def _is_usual(unit: str, middle: float, high: float) -> bool:
  """Returns whether depths in this unit are in the usual range of cameras."""
  least_m, most_m = _USUAL_MEDIAN_M
  return (
    least_m <= middle / UNITS[unit] <= most_m
    and high / UNITS[unit] <= _USUAL_HIGH_M
  )
