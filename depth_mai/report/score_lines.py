# SPDX-License-Identifier: Apache-2.0
"""Lines of equal score in a plot of si-RMSE against runtime.

score = 640000 * 2^(-20 si_rmse) / runtime_ms, so the lines are straight where
the axis of the runtime is logarithmic: an si-RMSE lower by 0.05 is worth half
the runtime.
"""

import math

import numpy as np

from depth_mai.metrics import score as score_lib
from depth_mai.report import scale as scale_lib

_LINE_COLOUR, _TEXT_COLOUR = '#b9c0c8', '#6b747d'
# From the rim of the panel to the middle of a label, inches.
_INSET = 0.36

# Left, bottom, right and top, pixels of the figure.
Box = tuple[float, float, float, float]


def runtimes_ms(score: float, si_rmse: np.ndarray) -> np.ndarray:
  """Returns the runtimes at which an accuracy gives a score.

  Args:
    score: above 0.
    si_rmse: any shape.

  Returns:
    Milliseconds, float64, the shape of si_rmse.
  """
  accuracy = 2.0 ** (-20.0 * np.asarray(si_rmse, np.float64))
  return score_lib.SCORE_CONSTANT * accuracy / score


def draw(axis) -> list[Box]:
  """Draws up to eight lines of round scores, each labelled where it starts.

  A line of which only a corner would be seen is left out.

  Args:
    axis: of matplotlib; runtimes in milliseconds, logarithmic, against si-RMSE.
      Its limits and its place in the figure must be final.

  Returns:
    The boxes of the labels.
  """
  (fast_ms, slow_ms), (low, high) = axis.get_xlim(), axis.get_ylim()
  best = score_lib.challenge_score(low, fast_ms)
  worst = score_lib.challenge_score(high, slow_ms)
  boxes = []
  for score in scale_lib.ticks(worst, best):
    start, end = _visible_ends(axis, score)
    inset = _INSET * axis.figure.dpi
    length = math.dist(start, end)
    if length < 2.5 * inset:
      continue
    axis.plot(
      runtimes_ms(score, np.array([high, low])),
      [high, low],
      color=_LINE_COLOUR,
      lw=0.9,
      zorder=1,
      gid=f'score {score:g}',
    )
    text = axis.annotate(
      f'score {number(score)}',
      start + (end - start) * (inset / length),
      xycoords='figure pixels',
      rotation=math.degrees(math.atan2(*(end - start)[::-1])),
      rotation_mode='anchor',
      ha='center',
      va='center',
      fontsize=8,
      color=_TEXT_COLOUR,
      zorder=2,
      bbox={'fc': 'white', 'ec': 'none', 'pad': 1.0},
    )
    boxes.append(tuple(text.get_window_extent().extents))
  return boxes


def number(score: float) -> str:
  """Returns a score in the digits that matter: '5,489', '36', '0.12'."""
  return f'{score:,.0f}' if score >= 10 else f'{score:.2g}'


def _visible_ends(axis, score):
  """Returns where a line enters and leaves the panel, pixels [2] each."""
  low, high = axis.get_ylim()
  # In the other direction: the accuracy that gives the score at a runtime.
  at_fast, at_slow = (
    math.log2(score_lib.SCORE_CONSTANT / (score * runtime_ms)) / 20.0
    for runtime_ms in axis.get_xlim()
  )
  si_rmse = np.array([min(high, at_fast), max(low, at_slow)])
  return axis.transData.transform(
    np.stack((runtimes_ms(score, si_rmse), si_rmse), axis=-1)
  )
