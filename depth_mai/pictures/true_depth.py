# SPDX-License-Identifier: Apache-2.0
"""Reads true depth maps: numbers that stand for unknown depth become 0.

Cameras and exporters write 0 where they saw nothing, or the largest number of
the format. Trained on or measured with, such a number would be a wall that is
65 m away. Predictions are read as they are, with `picture_files.read_depth_mm`.

This module also runs on the device, so it needs only NumPy and Pillow.
"""

import collections
from collections.abc import Sequence
import math
import os

import numpy as np

from depth_mai import challenge
from depth_mai.pictures import picture_files

# The largest number of 16 bits, also after it was converted to metres.
_LARGEST_16_BITS = challenge.MAX_DEPTH_MM
_MARKS = (_LARGEST_16_BITS, _LARGEST_16_BITS / challenge.MM_PER_M)
# Any other number is a mark if it is the largest, so many of the known pixels
# have it, it is so many times the next smaller one, and the others look
# measured, since they have so many levels.
_LEAST_SHARE = 0.05
_LEAST_FACTOR = 2
_LEAST_LEVELS = 32
RULE = (
  f'{_LARGEST_16_BITS}, and a largest number that {_LEAST_SHARE:.0%} of the '
  f'pixels share and that is {_LEAST_FACTOR} times any other'
)


def marks(values: np.ndarray) -> tuple[float, ...]:
  """Returns the numbers of a map that stand for unknown depth.

  Args:
    values: [H, W], integers or floats in any unit; 0, negative numbers, NaN and
      infinity are unknown.

  Returns:
    None, or one: 65535, 65.535, or the largest number if many pixels share it,
    far above all others.
  """
  known = values[np.isfinite(values) & (values > 0)]
  if not known.size:
    return ()
  largest = known.max()
  if _is_largest_of_16_bits(largest):
    return (largest.item(),)
  is_largest = known == largest
  if np.count_nonzero(is_largest) < _LEAST_SHARE * known.size:
    return ()
  others = known[~is_largest]
  if (
    others.size
    and float(largest) >= _LEAST_FACTOR * float(others.max())
    and np.unique(others).size >= _LEAST_LEVELS
  ):
    return (largest.item(),)
  return ()


def reason(mark: float) -> str:
  """Returns why a number of `marks` stands for unknown depth, in words."""
  if _is_largest_of_16_bits(mark):
    return 'it is the largest number of 16 bits'
  return 'many pixels share it, far above all others'


def _is_largest_of_16_bits(number: float) -> bool:
  return any(math.isclose(number, mark, rel_tol=1e-6) for mark in _MARKS)


def limit(values: np.ndarray) -> float:
  """Returns the number at which the depth of a map seems to be cut off.

  Args:
    values: [H, W], see `marks`; a mark is unknown already.

  Returns:
    The largest number if many pixels share it and the others look measured; it
    is too near them to be a mark. 0 if there is none.
  """
  known = values[np.isfinite(values) & (values > 0)]
  others = known[known < known.max()] if known.size else known
  if (
    known.size - others.size < _LEAST_SHARE * max(1, known.size)
    or np.unique(others).size < _LEAST_LEVELS
  ):
    return 0.0
  return float(known.max())


def limit_note(limits: Sequence[float]) -> str:
  """Returns a sentence if several maps end at one number, else ''.

  Args:
    limits: `limit` of each map.
  """
  counts = collections.Counter(filter(None, limits)).most_common(1)
  if not counts or counts[0][1] < 2:
    return ''
  number, maps = counts[0]
  return (
    f'{maps} depth maps end at {number:g}, which at least {_LEAST_SHARE:.0%} '
    'of their pixels share; if farther depth was cut off there, it is unknown'
  )


def without_mark(depth_mm: np.ndarray) -> tuple[np.ndarray, int]:
  """Returns a map in which the number for unknown depth is 0.

  Args:
    depth_mm: [H, W] uint16, millimetres.

  Returns:
    The map (the same object if nothing changes), and how many pixels changed.
  """
  numbers = marks(depth_mm)
  if not numbers:
    return depth_mm, 0
  marked = np.isin(depth_mm, numbers)
  return np.where(marked, 0, depth_mm).astype(np.uint16), int(marked.sum())


def read_mm(path: str | os.PathLike[str]) -> tuple[np.ndarray, int]:
  """Reads a true depth map.

  Args:
    path: PNG file with one 16-bit channel, millimetres, 0 = unknown.

  Returns:
    [H, W] uint16, millimetres, 0 = unknown; and the number of pixels whose
    number stood for unknown depth without being 0.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  return without_mark(picture_files.read_depth_mm(path))
