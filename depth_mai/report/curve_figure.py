# SPDX-License-Identifier: Apache-2.0
"""Draws training and validation curves of one or several runs.

Each metric has a panel, each run a colour. Dots joined by a line are
evaluations on the validation split (a star marks the best), dashed lines are
evaluations on a part of the training set, and thin lines are values on training
batches, smoothed, with the raw values in a paler colour.

matplotlib is imported when curves are drawn: pip install '.[report]'.
"""

from collections.abc import Sequence
import dataclasses
import math
import os
import pathlib

import numpy as np

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import metrics_log
from depth_mai.report import colours
from depth_mai.report import lettering

TIMES = {'step': 'step', 'images': 'images seen', 'epoch': 'epoch'}
_DEFAULT_METRICS = ('loss', *challenge.METRICS)
_TITLES = {
  'loss': 'loss',
  'si_rmse': 'si-RMSE',
  'rmse': 'RMSE [m]',
  'log10': 'LOG10',
  'rel': 'REL',
  'learning_rate': 'learning rate',
}
# The name and the line style of each split.
_SPLITS = {
  'validation': (
    'validation',
    {'lw': 1.8, 'marker': 'o', 'ms': 3.5, 'zorder': 4},
  ),
  'train_eval': (
    'training set, evaluated',
    {'lw': 1.4, 'ls': (0, (4, 2)), 'zorder': 3},
  ),
  'train': ('training batches', {'lw': 1.0, 'alpha': 0.85, 'zorder': 2}),
}
# Lines with more points have no markers.
_MAX_MARKERS = 60


@dataclasses.dataclass(frozen=True)
class Reference:
  """A horizontal line to compare with.

  Attributes:
    name: shown in the panel's legend.
    value: height of the line.
    metric: the metric in whose panel the line is drawn.
  """

  name: str
  value: float
  metric: str = 'si_rmse'


def parse_reference(text: str) -> Reference:
  """Reads 'NAME:VALUE' (si-RMSE) or 'METRIC/NAME:VALUE'.

  Args:
    text: such as 'mean map:0.306' or 'rmse/mean map:1.47'.

  Returns:
    The reference.

  Raises:
    ValueError: if the text has neither form.
  """
  name, colon, value = text.rpartition(':')
  metric, slash, short_name = name.partition('/')
  if slash:
    name = short_name
  try:
    height = float(value)
  except ValueError:
    height = math.nan
  if not (colon and name and math.isfinite(height)):
    raise ValueError(
      f"The reference '{text}' is not NAME:VALUE, such as 'mean map:0.306', "
      "or METRIC/NAME:VALUE, such as 'rmse/mean map:1.47'. Change --reference."
    )
  return Reference(name, height, metric if slash else 'si_rmse')


def save_curves(
  path: str | os.PathLike[str],
  run_dirs: Sequence[str | os.PathLike[str]],
  metrics: Sequence[str] | None = None,
  references: Sequence[Reference] = (),
  time_key: str = 'step',
) -> None:
  """Draws the curves of all runs to one picture.

  Args:
    path: the picture to write; its suffix sets the format, such as .png.
    run_dirs: workdirs of the runs. The folder names label the runs.
    metrics: metrics to draw, a panel each; by default those of loss, si_rmse,
      rmse, log10 and rel that the logs contain.
    references: horizontal lines.
    time_key: 'step', 'images' or 'epoch'.

  Raises:
    ValueError: for a missing or damaged log, if no metric is left to draw, for
      an unknown format, or if matplotlib is not installed.
  """
  if time_key not in TIMES:
    raise ValueError(f'time_key={time_key!r} is not one of {sorted(TIMES)}.')
  if not run_dirs:
    raise ValueError('No runs to draw. Name at least one workdir.')
  runs = [metrics_log.read_run(run_dir) for run_dir in run_dirs]
  metrics = _chosen_metrics(runs, metrics, references)
  figure = _draw(runs, metrics, references, time_key)
  formats = figure.canvas.get_supported_filetypes()
  suffix = pathlib.PurePath(path).suffix.lower().removeprefix('.')
  if suffix and suffix not in formats:
    raise ValueError(
      f'{path} cannot be drawn: .{suffix} is none of {", ".join(formats)}. '
      'Change --output, for example to curves.png.'
    )
  with atomic.atomic_path(path) as temporary:
    figure.savefig(temporary)


def _chosen_metrics(runs, metrics, references):
  available = list(
    dict.fromkeys(name for run in runs for name in run.metric_names())
  )
  if metrics is None:
    metrics = [name for name in _DEFAULT_METRICS if name in available]
  asked = [*metrics, *(reference.metric for reference in references)]
  unknown = [name for name in asked if name not in available]
  if unknown or not metrics:
    raise ValueError(
      f'The logs contain the metrics {available}, but not '
      f'{unknown or list(_DEFAULT_METRICS)}. '
      'Change --metrics or --reference.'
    )
  missing = [reference.metric for reference in references]
  return list(dict.fromkeys([*metrics, *missing]))


def _draw(runs, metrics, references, time_key):
  try:
    from matplotlib import figure as figure_lib
    from matplotlib import ticker
  except ImportError as error:
    raise ValueError(
      'Curves are drawn with matplotlib, which is not installed: '
      "run pip install '.[report]' in the checkout."
    ) from error
  columns = min(len(metrics), 3)
  rows = math.ceil(len(metrics) / columns)
  # Not pyplot: no display, no global state. Agg is the default canvas.
  figure = figure_lib.Figure(
    figsize=(4.6 * columns, 3.3 * rows + 0.6), dpi=120, layout='constrained'
  )
  axes = figure.subplots(rows, columns, squeeze=False).ravel()
  for axis in axes[len(metrics) :]:
    axis.remove()
  tints = colours.series_colours(len(runs))
  for axis, metric in zip(axes, metrics, strict=False):
    for run, tint in zip(runs, tints, strict=True):
      _draw_run(axis, run, metric, time_key, tint)
    for reference in references:
      if reference.metric == metric:
        name = lettering.plot_label(reference.name)
        label = f'{name} ({reference.value:g})'
        style = {'color': '#666666', 'lw': 1.1, 'ls': ':', 'zorder': 1}
        axis.axhline(reference.value, label=label, **style)
    _finish_panel(axis, metric, time_key, ticker)
    for run, tint in zip(runs, tints, strict=True):
      _mark_best(axis, run, metric, time_key, tint)
    if axis.get_legend_handles_labels()[0]:
      axis.legend(loc='upper right', fontsize=8, framealpha=0.8)
  _draw_legend(figure, runs, tints, columns)
  return figure


def _draw_run(axis, run, metric, time_key, tint):
  for split in run.splits():
    curve = run.curve(split, metric, time_key)
    if not curve.values.size:
      continue
    _, style = _SPLITS.get(split, _SPLITS['train_eval'])
    values = curve.values
    if split == 'train':
      smooth = smoothed(values)
      if smooth is not values:
        axis.plot(curve.times, values, color=tint, lw=0.6, alpha=0.2)
        values = smooth
    if len(values) > _MAX_MARKERS:
      style = style | {'marker': None}
    axis.plot(curve.times, values, color=tint, **style)


def _mark_best(axis, run, metric, time_key, tint):
  """Marks the best validation of a run with a star."""
  curve = run.curve('validation', metric, time_key)
  if not curve.values.size:
    return
  pick = np.argmax if metric.startswith('delta') else np.argmin
  best = pick(curve.values)
  time, value = curve.times[best], curve.values[best]
  when = f'{time:.3g}'
  if time >= 1000:
    when = axis.xaxis.get_major_formatter()(time)
  axis.plot(
    time,
    value,
    marker='*',
    ms=12,
    color=tint,
    mec='white',
    mew=0.9,
    zorder=5,
    ls='none',
    clip_on=False,
    label=f'best {value:.4g} at {when}',
  )


def smoothed(values: np.ndarray) -> np.ndarray:
  """Returns a centred moving average over about 3 % of a curve.

  Args:
    values: [N].

  Returns:
    [N]; `values` itself if it has fewer than 60.
  """
  half = len(values) // 60
  if not half:
    return values
  sums = np.concatenate(([0.0], np.cumsum(values)))
  index = np.arange(len(values))
  # The window shrinks symmetrically, so that the ends are not biased.
  reach = np.minimum(half, np.minimum(index, len(values) - 1 - index))
  return (sums[index + reach + 1] - sums[index - reach]) / (2 * reach + 1)


def _finish_panel(axis, metric, time_key, ticker):
  title = lettering.plot_label(_TITLES.get(metric, metric))
  axis.set_title(title, loc='left', fontsize=11)
  axis.set_xlabel(TIMES[time_key], fontsize=9)
  axis.tick_params(labelsize=8)
  axis.grid(True, color='#e4e4e4', lw=0.7)
  axis.set_axisbelow(True)
  axis.spines[['top', 'right']].set_visible(False)
  axis.xaxis.set_major_formatter(ticker.EngFormatter(sep=''))
  axis.margins(x=0.02)
  _leave_out_outliers(axis)


def _leave_out_outliers(axis):
  """Limits the axis so that a few huge values do not flatten the rest."""
  values = [line.get_ydata() for line in axis.lines if len(line.get_ydata())]
  lowest = min(np.min(part) for part in values)
  # Every line has the same weight: evaluations are few, batches are many.
  high = max(np.percentile(part, 95) for part in values)
  highest = max(np.max(part) for part in values)
  room = 0.1 * (high - lowest) or 0.1 * abs(high) or 1.0
  top = high + 2 * room if highest > high + 5 * room else highest + room
  axis.set_ylim(lowest - room, top)


def _draw_legend(figure, runs, tints, columns):
  from matplotlib import lines

  handles = [
    lines.Line2D([], [], color=tint, lw=3, label=lettering.plot_label(name))
    for name, tint in zip(_run_names(runs), tints, strict=True)
  ]
  splits = {split for run in runs for split in run.splits()}
  for split in [*_SPLITS, *sorted(splits - set(_SPLITS))]:
    if split in splits:
      name, style = _SPLITS.get(split, (split, _SPLITS['train_eval'][1]))
      label = lettering.plot_label(name)
      handles.append(
        lines.Line2D([], [], label=label, color='#555555', **style)
      )
  figure.legend(
    handles=handles,
    loc='outside upper left',
    ncols=2 * columns,
    frameon=False,
    fontsize=9,
  )


def _run_names(runs):
  """Returns the names of the runs; equal names get a number."""
  names = [run.name for run in runs]
  return [
    f'{name} ({names[: i + 1].count(name)})' if names.count(name) > 1 else name
    for i, name in enumerate(names)
  ]
