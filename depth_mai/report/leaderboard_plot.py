# SPDX-License-Identifier: Apache-2.0
"""Plots a leaderboard: accuracy against runtime, with lines of equal score.

Each system is a numbered point whose area is the size of its file; the legend
below gives its name and score. The paper's own results are hollow points in a
second panel, since they were measured on other data and another device.

matplotlib is imported when a plot is drawn: pip install '.[report]'.
"""

from collections.abc import Mapping
import math
import os
import textwrap
import typing

import numpy as np

from depth_mai.files import atomic
from depth_mai.metrics import score as score_lib
from depth_mai.report import colours
from depth_mai.report import leaderboard_rows
from depth_mai.report import lettering
from depth_mai.report import scale as scale_lib

if typing.TYPE_CHECKING:
  from matplotlib import figure as figure_lib

# Area of the point of the largest file, square typographic points.
_LARGEST_AREA = 420.0
_AREA_OF_UNKNOWN_SIZE = 20.0
# Space around the points, as fractions of the panel.
_MARGIN_X, _MARGIN_Y = 0.14, 0.16
# Smallest range of a panel: ratio of the runtimes, difference of the si-RMSE.
_MIN_RATIO, _MIN_SPAN = 2.0, 0.06
_GRID_POINTS = 64
# The score is proportional to exp(-_LOG_PER_SI_RMSE * si_rmse) / runtime_ms.
_LOG_PER_SI_RMSE = 20 * math.log(2)
# Distance of a line's label from the edge, as a fraction of the panel.
_LABEL_INSET = 0.07
_NOTE_WIDTH = 64
_LEGEND_COLUMNS = 2
_LEGEND_STYLE = {'frameon': False, 'fontsize': 9, 'title_fontsize': 9}


class _Point(typing.NamedTuple):
  """A system in a panel.

  Attributes:
    label: its name in the legend.
    number: written next to the point and in the legend.
    colour: '#rrggbb'.
    runtime_ms: milliseconds.
    si_rmse: no unit.
    size_mb: of its file, megabytes; None if unknown.
  """

  label: str
  number: int
  colour: str
  runtime_ms: float
  si_rmse: float
  size_mb: float | None

  def score(self) -> float:
    """Returns the challenge's score."""
    return score_lib.challenge_score(self.si_rmse, self.runtime_ms)

  def area(self, per_mb: float) -> float:
    """Returns the area of the point, square typographic points."""
    if self.size_mb is None:
      return _AREA_OF_UNKNOWN_SIZE
    return per_mb * self.size_mb


def save_plot(path: str | os.PathLike[str], leaderboard: Mapping) -> None:
  """Draws the plot to a file.

  Args:
    path: the picture to write; its suffix names the format, such as .png.
    leaderboard: the content of leaderboard.json, see `leaderboard_rows`.

  Raises:
    ImportError: if matplotlib is not installed.
    ValueError: if no row has a runtime and an si-RMSE.
  """
  figure = draw(leaderboard)
  with atomic.atomic_path(path) as temporary:
    figure.savefig(temporary)


def draw(leaderboard: Mapping) -> 'figure_lib.Figure':
  """Draws the plot.

  Args:
    leaderboard: see `save_plot`.

  Returns:
    The figure.

  Raises:
    ImportError: if matplotlib is not installed.
    ValueError: if no row has a runtime and an si-RMSE.
  """
  try:
    from matplotlib import figure as figure_lib
  except ImportError as error:
    raise ImportError(
      'Plots of leaderboards need matplotlib, which is not installed: '
      "run pip install '.[report]' in the checkout."
    ) from error
  rows = leaderboard_rows.rows(leaderboard)
  ours = _points(rows, rows)
  if not ours:
    raise ValueError(
      f'None of the {len(rows)} rows of the leaderboard has a runtime and an '
      'si-RMSE; judge at least one file.'
    )
  published = [leaderboard_rows.paper_row(row) for row in rows]
  theirs = _points(rows, published)
  panels = [(ours, leaderboard_rows.origin(leaderboard), True)]
  if theirs:
    panels.append((theirs, leaderboard_rows.PAPER_ORIGIN, False))
  # Not pyplot: no display, no global state. Agg is the default canvas.
  height = 5.8 + 0.2 * math.ceil(len(rows) / _LEGEND_COLUMNS)
  figure = figure_lib.Figure(
    figsize=(5.6 * len(panels), height), dpi=140, layout='constrained'
  )
  axes = figure.subplots(1, len(panels), squeeze=False)[0]
  largest_mb = max(point.size_mb or 0.0 for point in (*ours, *theirs))
  per_mb = _LARGEST_AREA / (largest_mb or 1.0)
  for axis, (points, origin, filled) in zip(axes, panels, strict=True):
    _set_up(axis, points, origin)
    _draw_points(axis, points, per_mb, filled)
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  axes[0].set_xlabel(prefix + axes[0].get_xlabel())
  sizes_mb = [point.size_mb for point in (*ours, *theirs) if point.size_mb]
  if sizes_mb:
    _draw_size_legend(figure, axes[0], np.array(sizes_mb), per_mb)
  # The labels of the lines depend on the final shape of the panels.
  figure.draw_without_rendering()
  figure.set_layout_engine('none')
  for axis in axes:
    _draw_scores(axis)
  return figure


def number(score: float) -> str:
  """Returns a score in its significant digits: '5,489', '36', '0.12'."""
  return f'{score:,.0f}' if score >= 10 else f'{score:.2g}'


def _points(rows, measured):
  """Returns the points of the rows whose runtime and si-RMSE are known."""
  points = []
  tints = colours.series_colours(len(rows))
  names = [*map(lettering.plot_label, leaderboard_rows.names(rows))]
  for index, values in enumerate(measured):
    runtime_ms, si_rmse, size_mb = (
      leaderboard_rows.known(values.get(key))
      for key in ('runtime_ms', 'si_rmse', 'size_mb')
    )
    if runtime_ms is not None and si_rmse is not None:
      label = names[index], index + 1, tints[index]
      points.append(_Point(*label, runtime_ms, si_rmse, size_mb))
  return points


def _set_up(axis, points, origin):
  """Sets titles, limits and ticks."""
  heading, note = origin
  lines = [
    line
    for part in note.split('; ')
    for line in textwrap.wrap(lettering.plot_label(part), _NOTE_WIDTH)
  ]
  axis.set_title(
    heading + '\n' * len(lines),
    loc='left',
    fontsize=11,
    fontweight='bold',
    pad=2,
  )
  axis.text(
    0.0,
    1.0,
    '\n'.join(lines),
    transform=axis.transAxes,
    in_layout=False,
    fontsize=9,
    color='#444444',
    va='bottom',
    ha='left',
  )
  log_ms = [math.log(point.runtime_ms) for point in points]
  limits_ms = np.exp(_limits(log_ms, math.log(_MIN_RATIO), _MARGIN_X))
  low, high = _limits([p.si_rmse for p in points], _MIN_SPAN, _MARGIN_Y)
  axis.set(
    xscale='log',
    xlim=limits_ms,
    ylim=(max(low, 0.0), high),
    xticks=scale_lib.ticks(*limits_ms),
  )
  axis.set_xlabel('runtime [ms], logarithmic (lower is better)', fontsize=9)
  axis.set_ylabel('si-RMSE (lower is better)', fontsize=9)
  axis.minorticks_off()
  axis.xaxis.set_major_formatter('{x:g}')
  axis.tick_params(labelsize=8)
  axis.spines[['top', 'right']].set_visible(False)


def _limits(values, least, margin):
  """Returns the limits of an axis: a range of at least `least`, and margins."""
  low, high = min(values), max(values)
  missing = max(0.0, least - (high - low)) / 2
  low, high = low - missing, high + missing
  return low - margin * (high - low), high + margin * (high - low)


def _draw_scores(axis):
  """Draws labelled lines of equal score, straight on a logarithmic axis."""
  (fast_ms, slow_ms), (low, high) = axis.get_xlim(), axis.get_ylim()

  def level(runtime_ms, si_rmse):
    # -log(score). Linear in the plot's coordinates: contours are exact.
    accuracy = _LOG_PER_SI_RMSE * si_rmse - math.log(score_lib.SCORE_CONSTANT)
    return accuracy + np.log(runtime_ms)

  # Labels are near the left or the upper edge, and rarely on a point.
  inset_x = (slow_ms / fast_ms) ** _LABEL_INSET
  inset_y = _LABEL_INSET * (high - low)
  places = {}
  worst, best = np.exp([-level(slow_ms, high), -level(fast_ms, low)])
  for score in scale_lib.ticks(worst, best):
    at_left = -math.log(score) - level(fast_ms * inset_x, 0.0)
    si_rmse = min(high - inset_y, at_left / _LOG_PER_SI_RMSE)
    runtime_ms = math.exp(-math.log(score) - level(1.0, si_rmse))
    # A line that only cuts a corner is left out.
    if si_rmse > low + inset_y and runtime_ms < slow_ms / inset_x:
      places[-math.log(score)] = runtime_ms, si_rmse
  runtimes_ms = np.geomspace(fast_ms, slow_ms, _GRID_POINTS)
  errors = np.linspace(low, high, _GRID_POINTS)
  lines = axis.contour(
    runtimes_ms,
    errors,
    level(runtimes_ms, errors[:, np.newaxis]),
    levels=sorted(places),
    colors='#b9c0c8',
    linewidths=0.9,
    linestyles='solid',
    zorder=1,
  )
  axis.clabel(
    lines,
    fmt=lambda level: f'score {number(math.exp(-level))}',
    manual=list(places.values()),
    fontsize=8,
    colors='#6b747d',
    zorder=2,
  )


def _draw_points(axis, points, per_mb, filled):
  """Draws the points with their numbers, and the legend below the panel."""
  from matplotlib import patheffects

  best = max(points, key=_Point.score)
  for point in points:
    area = point.area(per_mb)
    axis.scatter(
      point.runtime_ms,
      point.si_rmse,
      s=area,
      facecolor=point.colour if filled else 'white',
      edgecolor='white' if filled else point.colour,
      linewidth=1.0 if filled else 1.8,
      marker='X' if point.size_mb is None else 'o',
      label=f'{point.number}  {point.label} · {number(point.score())}',
      gid='system',
      zorder=4,
    )
    offset = 0.35 * math.sqrt(area) + 1.0
    axis.annotate(
      str(point.number),
      (point.runtime_ms, point.si_rmse),
      (offset, offset),
      textcoords='offset points',
      fontsize=9,
      fontweight='bold' if point is best else 'normal',
      gid='number',
      zorder=5,
      path_effects=[patheffects.withStroke(linewidth=2.5, foreground='white')],
    )
  legend = axis.legend(
    loc='upper center',
    bbox_to_anchor=(0.5, -0.11),
    ncols=_LEGEND_COLUMNS,
    title='system · score',
    **_LEGEND_STYLE,
  )
  for handle in legend.legend_handles:
    handle.set_sizes([60.0])
  legend.get_texts()[points.index(best)].set_fontweight('bold')


def _draw_size_legend(figure, axis, sizes_mb, per_mb):
  """Draws the legend of the areas below all panels."""
  unseen = axis.scatter(
    np.full(len(sizes_mb), np.nan), sizes_mb, per_mb * sizes_mb
  )
  handles, labels = unseen.legend_elements(
    'sizes',
    num=4,
    fmt='{x:g} MB',
    func=lambda area: area / per_mb,
    color='#8a929a',
  )
  unseen.remove()
  figure.legend(
    handles,
    labels,
    title='file size (area)',
    loc='outside lower center',
    ncols=len(handles),
    handleheight=1.9,
    columnspacing=2.5,
    **_LEGEND_STYLE,
  )
