# SPDX-License-Identifier: Apache-2.0
"""Draws a leaderboard: accuracy against runtime, with lines of equal score.

One point per system, its area the size of its file. The report's own rows are
hollow points in a panel of their own, for they were measured on other data and
another device.

matplotlib is imported when something is drawn: `pip install depth_mai[report]`.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import math
import os
import textwrap
import typing

import numpy as np

from depth_mai.files import atomic
from depth_mai.metrics import score as score_lib
from depth_mai.report import colours
from depth_mai.report import label_placement
from depth_mai.report import leaderboard_rows
from depth_mai.report import scale as scale_lib
from depth_mai.report import score_lines

# Square of the diameter of the largest file's point, typographic points.
_LARGEST_AREA = 420.0
# Room around the points, as parts of the panel.
_ROOM_X, _ROOM_Y = 0.14, 0.16
# What is left of a panel that shows one point, or several alike.
_MIN_RATIO, _MIN_SPAN = 2.0, 0.06
_NOTE_WIDTH = 64


class _Point(typing.NamedTuple):
  """A system in a panel.

  Attributes:
    name: what is written beside it.
    runtime_ms: milliseconds.
    si_rmse: no unit.
    size_mb: of its file, megabytes; None if unknown.
    colour: '#rrggbb'.
  """

  name: str
  runtime_ms: float
  si_rmse: float
  size_mb: float | None
  colour: str

  def score(self) -> float:
    """Returns the challenge's score."""
    return score_lib.challenge_score(self.si_rmse, self.runtime_ms)


def save_plot(
  path: str | os.PathLike[str], leaderboard: Mapping, with_report: bool = True
) -> None:
  """Draws the plot into a file.

  Args:
    path: the picture to write; its suffix names the format, such as .png.
    leaderboard: the content of leaderboard.json, see `leaderboard_rows`.
    with_report: whether the report's rows get a second panel.

  Raises:
    ImportError: if matplotlib is not installed.
    ValueError: if no row has a runtime and an si-RMSE.
  """
  figure = draw(leaderboard, with_report)
  with atomic.atomic_path(path) as temporary:
    figure.savefig(temporary)


def draw(leaderboard: Mapping, with_report: bool = True):
  """Draws the plot.

  Args:
    leaderboard: as for `save_plot`.
    with_report: as for `save_plot`.

  Returns:
    A matplotlib.figure.Figure, its labels in place.

  Raises:
    ImportError: if matplotlib is not installed.
    ValueError: if no row has a runtime and an si-RMSE.
  """
  try:
    from matplotlib import figure as figure_lib
  except ImportError as error:
    raise ImportError(
      'Leaderboards are drawn with matplotlib, which is not installed here: '
      "pip install 'depth_mai[report]'"
    ) from error
  rows = leaderboard_rows.rows(leaderboard)
  ours = _points(rows, rows)
  if not ours:
    raise ValueError(
      f'None of the {len(rows)} rows of the leaderboard has a runtime and an '
      'si-RMSE; judge at least one file.'
    )
  reports = [leaderboard_rows.report(row) for row in rows]
  theirs = _points(rows, reports) if with_report else []
  panels = [(ours, leaderboard_rows.origin(leaderboard), True)]
  if theirs:
    panels.append((theirs, leaderboard_rows.REPORT_ORIGIN, False))
  # Not pyplot: no display, no global state. Agg is the default canvas.
  figure = figure_lib.Figure(
    figsize=(5.6 * len(panels), 5.4), dpi=140, layout='constrained'
  )
  axes = figure.subplots(1, len(panels), squeeze=False)[0]
  per_mb = _area_per_mb([*ours, *theirs])
  for axis, (points, title, filled) in zip(axes, panels, strict=True):
    _draw_panel(axis, points, title, filled, per_mb)
  prefix = leaderboard_rows.runtime_prefix(leaderboard)
  axes[0].set_xlabel(prefix + axes[0].get_xlabel())
  _draw_legend(figure, [*ours, *theirs], per_mb)
  # Labels keep clear of each other in pixels, so the layout must stand first.
  figure.draw_without_rendering()
  figure.set_layout_engine('none')
  for axis, (points, _, _) in zip(axes, panels, strict=True):
    _place_labels(axis, points, per_mb, score_lines.draw(axis))
  return figure


def _points(rows, measured):
  """Returns the points of the rows whose runtime and si-RMSE are known."""
  points = []
  tints = colours.series_colours(len(rows))
  names = leaderboard_rows.names(rows)
  for name, tint, values in zip(names, tints, measured, strict=True):
    runtime_ms, si_rmse, size_mb = (
      leaderboard_rows.known(values.get(key))
      for key in ('runtime_ms', 'si_rmse', 'size_mb')
    )
    if runtime_ms is not None and si_rmse is not None:
      points.append(_Point(name, runtime_ms, si_rmse, size_mb, tint))
  return points


def _area_per_mb(points):
  largest = max((point.size_mb or 0.0 for point in points), default=0.0)
  return _LARGEST_AREA / (largest or 1.0)


def _area(point, per_mb):
  """Returns the square of a point's diameter; small for an unknown size."""
  return 20.0 if point.size_mb is None else per_mb * point.size_mb


def _draw_panel(axis, points, title, filled, per_mb):
  from matplotlib import ticker

  for point in points:
    axis.scatter(
      point.runtime_ms,
      point.si_rmse,
      s=_area(point, per_mb),
      facecolor=point.colour if filled else 'white',
      edgecolor='white' if filled else point.colour,
      linewidth=1.0 if filled else 1.8,
      marker='X' if point.size_mb is None else 'o',
      zorder=4,
    )
  heading, note = title
  lines = _wrapped(note)
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
  axis.set_xscale('log')
  axis.set_xlim(_log_limits([point.runtime_ms for point in points]))
  axis.set_ylim(_limits([point.si_rmse for point in points]))
  axis.set_xlabel('runtime [ms], logarithmic (lower is better)', fontsize=9)
  axis.set_ylabel('si-RMSE (lower is better)', fontsize=9)
  axis.xaxis.set_major_locator(
    ticker.FixedLocator(scale_lib.ticks(*axis.get_xlim()))
  )
  axis.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f'{x:g}'))
  axis.xaxis.set_minor_locator(ticker.NullLocator())
  axis.tick_params(labelsize=8)
  for side in ('top', 'right'):
    axis.spines[side].set_visible(False)


def _wrapped(note):
  """Returns the lines of a note: one for each part, more for a long one."""
  return [
    line
    for part in note.split('; ')
    for line in textwrap.wrap(part, _NOTE_WIDTH)
  ]


def _log_limits(values):
  low, high = math.log(min(values)), math.log(max(values))
  low, high = _widened(low, high, math.log(_MIN_RATIO), _ROOM_X)
  return math.exp(low), math.exp(high)


def _limits(values):
  low, high = _widened(min(values), max(values), _MIN_SPAN, _ROOM_Y)
  return max(low, 0.0), high


def _widened(low, high, least, room):
  missing = max(0.0, least - (high - low)) / 2
  low, high = low - missing, high + missing
  return low - room * (high - low), high + room * (high - low)


def _place_labels(axis, points, per_mb, obstacles):
  """Writes the names beside the points, with a line where they are far."""
  from matplotlib import patheffects

  figure = axis.figure
  best = max(points, key=_Point.score)
  texts = [
    axis.annotate(
      f'{point.name} · {score_lines.number(point.score())}',
      (0.0, 0.0),
      xycoords='figure pixels',
      fontsize=9,
      fontweight='bold' if point is best else 'normal',
      color='#202020',
      ha='left',
      va='bottom',
      zorder=6,
      gid='label',
      path_effects=[patheffects.withStroke(linewidth=2.5, foreground='white')],
    )
    for point in points
  ]
  centres = axis.transData.transform(
    [(point.runtime_ms, point.si_rmse) for point in points]
  )
  pixels = figure.dpi / 72.0
  radii = [
    (math.sqrt(_area(point, per_mb)) / 2 + 1.0) * pixels for point in points
  ]
  extents = [text.get_window_extent() for text in texts]
  sizes = [(extent.width, extent.height) for extent in extents]
  corners = label_placement.place_labels(
    centres, radii, sizes, axis.get_window_extent().extents, obstacles
  )
  for text, corner, size, centre, radius in zip(
    texts, corners, sizes, centres, radii, strict=True
  ):
    text.set_position(corner)
    text.xy = corner
    end = label_placement.nearest_in_box(centre, (*corner, *(corner + size)))
    if math.dist(end, centre) > radius + 10.0 * pixels:
      _draw_leader(axis, centre, end, radius)


def _draw_leader(axis, centre, end, radius):
  start = centre + (np.array(end) - centre) * radius / math.dist(end, centre)
  axis.annotate(
    '',
    start,
    end,
    xycoords='figure pixels',
    textcoords='figure pixels',
    arrowprops={
      'arrowstyle': '-',
      'color': '#808080',
      'lw': 0.8,
      'shrinkA': 1,
      'shrinkB': 0,
    },
    zorder=3,
  )


def _draw_legend(figure, points, per_mb):
  """Shows what area is what size, and what the labels say."""
  from matplotlib import lines

  sizes = [point.size_mb for point in points if point.size_mb]
  handles = [
    lines.Line2D(
      [],
      [],
      ls='none',
      marker='o',
      ms=math.sqrt(per_mb * size_mb),
      color='#8a929a',
      mec='white',
      label=f'{size_mb:g} MB',
    )
    for size_mb in _legend_sizes(sizes)
  ]
  figure.legend(
    handles=handles,
    title='file size (area);  beside the points: system · score',
    loc='outside lower center',
    ncols=4,
    frameon=False,
    fontsize=9,
    title_fontsize=9,
    handleheight=1.9,
    columnspacing=2.5,
  )


def _legend_sizes(sizes_mb: Sequence[float]) -> list[float]:
  """Returns up to three round sizes, in MB, across those that occur."""
  if not sizes_mb:
    return []
  low, high = min(sizes_mb), max(sizes_mb)
  if high < 1.5 * low:
    return [float(f'{high:.1g}')]
  marks = scale_lib.ticks(low, high)
  return [marks[0], marks[len(marks) // 2], marks[-1]]
