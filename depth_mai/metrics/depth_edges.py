# SPDX-License-Identifier: Apache-2.0
"""Finds the edges of a depth map: where depth jumps from one thing to another.

The edges are those of log depth, so that a jump is a ratio, near or far alike:

  1. smoothing over the known pixels, by moving averages that are close to a
     Gaussian;
  2. gradients by central differences;
  3. a pixel is an edge if its gradient is a maximum along the gradient's
     direction (one of four, as in Canny, PAMI 1986), and is at least that of a
     sharp jump by a factor of LEAST_RATIO.

A slope, such as a floor, is no maximum and so no edge. Next to the border and
to unknown depth the smoothing bends slopes, so there are no edges. A jump that
a network smears over many pixels has a small gradient: it is an edge only if it
is high.

NumPy alone, since devices have no image library with Canny's detector.
"""

import math

import numpy as np

# A sharp jump by this factor is an edge, smaller ones are noise. [chosen]
LEAST_RATIO = 1.1
# The smoothing is so many moving averages of so many pixels, together with a
# standard deviation of 4 pixels. Networks predict maps of 32 to 256 columns;
# enlarged to 640, a jump is 20 to 2 pixels wide. With less smoothing, such as
# the 1.4 pixels in the evaluation script of iBims-1 (Koch et al., ECCV-W 2018),
# coarse maps have no edges at all. [chosen]
AVERAGES = 4
AVERAGE_PX = 7
# Where a camera with two viewpoints (structured light, stereo) sees nothing
# next to a near thing, it is the far surface that is hidden. Holes in a row of
# at most so many pixels have the farther of the depths at their ends. [chosen]
MOST_HOLE_PX = 32

_MIN_MM = 1.0
# Pixels on each side that enter a smoothed pixel.
_RADIUS = AVERAGES * (AVERAGE_PX // 2)
# All weights, but for rounding.
_WHOLE = 1 - 1e-9
# Beyond rounding, equal gradients stay equal.
_DIGITS = 9
# (row, column) of the neighbours in direction 0, 45, 90 and 135 degrees.
_NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1))


def find(depth_mm: np.ndarray) -> np.ndarray:
  """Finds the edges of a depth map.

  Args:
    depth_mm: [H, W], any unit; 0 = unknown. Not modified.

  Returns:
    [H, W] bool, edges of about one pixel's width. A jump between two pixels is
    an edge at the first of them, from the left or top.
  """
  known = depth_mm > 0
  # Logs of ratios to the median: a map of one depth is exactly 0.
  unit = np.median(depth_mm[known]) if known.any() else 1.0
  log_depth = np.log(np.where(known, depth_mm, unit) / unit)
  weight = _smoothed(known.astype(np.float64))
  smooth = _smoothed(log_depth) / np.maximum(weight, 1e-12)
  padded = np.pad(smooth, 1, 'edge')
  down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
  right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
  gradient = np.round(np.hypot(down, right), _DIGITS)
  least = math.log(LEAST_RATIO) * _response()
  strong = (weight >= _WHOLE) & (gradient >= least)
  rows, columns = np.nonzero(strong)
  angle = np.arctan2(down[rows, columns], right[rows, columns])
  sector = np.rint(angle / (math.pi / 4)).astype(np.intp) % 4
  row_step, column_step = np.array(_NEIGHBOURS)[sector].T
  gradient = np.pad(gradient, 1)
  here = gradient[rows + 1, columns + 1]
  before = gradient[rows + 1 - row_step, columns + 1 - column_step]
  after = gradient[rows + 1 + row_step, columns + 1 + column_step]
  is_edge = (here > before) & (here >= after)
  edges = np.zeros(depth_mm.shape, bool)
  edges[rows[is_edge], columns[is_edge]] = True
  return edges


def searched(depth_mm: np.ndarray) -> np.ndarray:
  """Returns where `find` finds edges if there are some, [H, W] bool.

  Args:
    depth_mm: [H, W], any unit; 0 = unknown. Not modified.
  """
  return _smoothed((depth_mm > 0).astype(np.float64)) >= _WHOLE


def filled(depth_mm: np.ndarray) -> np.ndarray:
  """Fills the small holes of a true depth map with the farther surface.

  Args:
    depth_mm: [H, W], millimetres, 0 = unknown. Not modified.

  Returns:
    [H, W] float64: a hole in a row, at most MOST_HOLE_PX pixels long and with
    known pixels at both ends, has the farther of their depths.
  """
  depth_mm = np.where(depth_mm > _MIN_MM, depth_mm, 0).astype(np.float64)
  columns = np.arange(depth_mm.shape[1])
  known = depth_mm > 0
  left = np.maximum.accumulate(np.where(known, columns, -1), axis=1)
  right = np.where(known, columns, columns.size)[:, ::-1]
  right = np.minimum.accumulate(right, axis=1)[:, ::-1]
  hole = ~known & (left >= 0) & (right < columns.size)
  hole &= right - left - 1 <= MOST_HOLE_PX
  rows, _ = np.nonzero(hole)
  depth_mm[hole] = np.maximum(
    depth_mm[rows, left[hole]], depth_mm[rows, right[hole]]
  )
  return depth_mm


def _response() -> float:
  """Returns the largest gradient of a sharp jump by 1, smoothed.

  A central difference spans two pixels, so its ends differ by two weights.
  """
  jump = np.zeros((1, 4 * _RADIUS))
  jump[:, 2 * _RADIUS :] = 1
  (smooth,) = _averaged(jump.T).T
  return float((smooth[2:] - smooth[:-2]).max()) / 2


def _smoothed(values: np.ndarray) -> np.ndarray:
  """Returns [H, W] after the averages; there is 0 beyond the border."""
  return _averaged(_averaged(np.pad(values, _RADIUS)).T).T


def _averaged(values: np.ndarray) -> np.ndarray:
  """Averages down the columns: [H + 2 * _RADIUS, W] becomes [H, W]."""
  for _ in range(AVERAGES):
    total = np.cumsum(values, axis=0)
    values = total[AVERAGE_PX - 1 :].copy()
    values[1:] -= total[:-AVERAGE_PX]
    values /= AVERAGE_PX
  return values
