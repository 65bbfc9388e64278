# SPDX-License-Identifier: Apache-2.0
"""Measures the numbers in depth files."""

from collections.abc import Sequence
import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Values:
  """Statistics of the known numbers of a depth file, in its own unit.

  Attributes:
    least: the smallest.
    low: 1 % are below this number.
    median: the median.
    high: 99 % are below this number.
    most: the largest.
    known: share of the pixels with a known number.
    step: greatest common divisor of integers; 0 for floats.
    low_bits: share of the integers that are a multiple of 8 or one above it, as
      the rotated millimetres of SUN RGB-D are; 0 for floats.
    is_whole: whether all are whole numbers.
    aspect: width / height.
  """

  least: float = 0.0
  low: float = 0.0
  median: float = 0.0
  high: float = 0.0
  most: float = 0.0
  known: float = 0.0
  step: int = 0
  low_bits: float = 0.0
  is_whole: bool = False
  aspect: float = 1.0


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
    return Values(known=share, aspect=aspect)
  percentiles = np.percentile(inside.astype(np.float64), (0, 1, 50, 99, 100))
  is_integer = inside.dtype.kind in 'iu'
  return Values(
    *percentiles.tolist(),
    known=share,
    step=int(np.gcd.reduce(inside)) if is_integer else 0,
    low_bits=float(np.mean(inside & 7 <= 1)) if is_integer else 0.0,
    is_whole=is_integer or bool((inside == np.rint(inside)).all()),
    aspect=aspect,
  )
