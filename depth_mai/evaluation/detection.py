# SPDX-License-Identifier: Apache-2.0
"""Finds the input range and the unit that a file does not state.

The file is tried on a few pictures with known depth. Whoever reports the result
also reports that, because no team of the challenge had the true depth. A file
of inverse depth fits no unit, and its errors as depth choose no range, so it is
refused by name.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import itertools
import math
import typing

import numpy as np

from depth_mai import challenge
from depth_mai.evaluation import alignment
from depth_mai.metrics import depth_metrics
from depth_mai.metrics import depth_order
from depth_mai.runtime import image_io
from depth_mai.runtime import interface_evidence as evidence
from depth_mai.runtime import interface_reader
from depth_mai.runtime import model_file

# Number of pictures to try.
PAIRS = 4

# A later candidate replaces an earlier one if its error is below this fraction
# of the earlier one's.
_CLEARLY_BETTER = 0.98
# Halfway, by ratio, between predictions in metres and in millimetres.
_UNIT_BOUND = math.sqrt(challenge.MM_PER_M)

# Opens pairs of (rgb_uint8 [H, W, 3], depth_mm [H, W]).
OpenPairs = Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]]


class Trial(typing.NamedTuple):
  """A prediction for a picture with known depth.

  Attributes:
    depth: [h, w] float32, predicted, in the file's unit.
    depth_mm: [H, W], true depth, 0 = unknown.
  """

  depth: np.ndarray
  depth_mm: np.ndarray


def complete(
  reading: interface_reader.Reading,
  run: model_file.Run,
  open_pairs: OpenPairs,
  align: alignment.Align | None = None,
) -> interface_reader.Reading:
  """Finds what a reading lacks.

  Args:
    reading: what is known of the file.
    run: runs the file.
    open_pairs: opens the pictures; the first with known depth are used.
    align: if predictions are aligned before they are measured; the unit does
      not matter then.

  Returns:
    The complete reading.

  Raises:
    ValueError: if the file seems to predict inverse depth, no known range fits
      its quantised input, or no depth is known.
  """
  if reading.complete:
    return reading
  known = ((rgb, d) for rgb, d in open_pairs() if (d > 0).any())
  pairs = list(itertools.islice(known, PAIRS))
  if not pairs:
    raise ValueError(
      'its input range or unit cannot be found, because no picture has known '
      'depth; declare them with --input_range and --unit'
    )
  names = evidence.possible_ranges(reading.input)
  if reading.input_range is not None:
    names = (reading.input_range.value,)
  if not names:
    raise ValueError(
      f'its input range is unknown: {reading.hints["input_range"]}. Convert it '
      f'for one of {", ".join(evidence.RANGES)}, or declare --input_range'
    )
  tried = {name: _try(reading, run, name, pairs) for name in names}
  if align is not alignment.inverse_scale_shift:
    _refuse_inverse(reading, tried)
  unit = reading.unit
  if align is not None and unit is None:
    unit = evidence.Choice('mm', 'any, as predictions are aligned')
  input_range = reading.input_range
  if input_range is None:
    input_range = find_range(tried, unit and unit.value, align)
    input_range = _with_hint(input_range, reading.hints['input_range'])
  if unit is None:
    unit = find_unit(tried[input_range.value])
    unit = _with_hint(unit, reading.hints['unit'])
  return dataclasses.replace(reading, input_range=input_range, unit=unit)


def find_range(
  tried: Mapping[str, Sequence[Trial]],
  unit: str | None,
  align: alignment.Align | None = None,
) -> evidence.Choice:
  """Finds the range with the smallest si-RMSE.

  Args:
    tried: predictions of a few pictures by range, the likeliest range first.
    unit: unit of the output, if known.
    align: aligns predictions before they are measured.

  Returns:
    The choice.
  """
  errors = {
    name: _si_rmse(trials, unit or find_unit(trials).value, align)
    for name, trials in tried.items()
  }
  best = next(iter(errors))
  for name in errors:
    if errors[name] < _CLEARLY_BETTER * errors[best]:
      best = name
  listed = ', '.join(
    f'{error:.4g} with {name}' for name, error in errors.items()
  )
  why = (
    f'tried on {len(tried[best])} pictures of the split with their true depth: '
    f'si-RMSE {listed}; declare it with --input_range'
  )
  close = [
    name
    for name, error in errors.items()
    if name != best and not error > errors[best] / _CLEARLY_BETTER
  ]
  doubt = ''
  if close or not math.isfinite(errors[best]):
    doubt = (
      f'The input range is unclear: {", ".join([best, *close])} fit about '
      f'equally ({why}). It is read as {best}.'
    )
  return evidence.Choice(best, why, True, doubt)


def find_unit(trials: Sequence[Trial]) -> evidence.Choice:
  """Finds the unit from the medians of predictions and truth.

  Args:
    trials: predictions of a few pictures.

  Returns:
    The choice.
  """
  median = _median_of_medians(
    [trial.depth[np.isfinite(trial.depth)] for trial in trials]
  )
  true_median_mm = _median_of_medians(
    [trial.depth_mm[trial.depth_mm > 0] for trial in trials]
  )
  why = (
    f'the median of {len(trials)} predictions is {median:.4g}, that of their '
    f'true depth {true_median_mm:.4g} mm; declare it with --unit'
  )
  ratio = median / true_median_mm if true_median_mm else math.nan
  if not (math.isfinite(ratio) and ratio > 0):
    doubt = f'The unit of its depth is unclear: {why}. It is read as mm.'
    return evidence.Choice('mm', why, True, doubt)
  unit = 'mm' if ratio > 1 / _UNIT_BOUND else 'm'
  return evidence.Choice(unit, why, True)


def _try(
  reading: interface_reader.Reading,
  run: model_file.Run,
  input_range: str,
  pairs: Sequence[tuple[np.ndarray, np.ndarray]],
) -> list[Trial]:
  # Millimetres leave the predictions in the file's own unit.
  interface = reading.interface(input_range, 'mm')
  return [
    Trial(
      run(interface, image_io.resize_rgb(rgb, interface.input.size)), depth_mm
    )
    for rgb, depth_mm in pairs
  ]


def _refuse_inverse(
  reading: interface_reader.Reading, tried: Mapping[str, Sequence[Trial]]
) -> None:
  """Raises ValueError if the clearest order of depths is the opposite one."""
  correlations = [
    correlation
    for trials in tried.values()
    if (correlation := depth_order.mean(map(_order, trials))) is not None
  ]
  clearest = max(correlations, key=abs, default=None)
  inverse = depth_order.inverse_text(clearest)
  if not inverse:
    return
  missing = [
    what
    for what, choice in (
      ('--input_range', reading.input_range),
      ('--unit', reading.unit),
    )
    if choice is None
  ]
  raise ValueError(
    f'{inverse} What the file does not state is not '
    f'detected for inverse depth; to measure it as depth all the same, declare '
    f'{" and ".join(missing)}'
  )


def _order(trial: Trial) -> float | None:
  size = trial.depth_mm.shape
  resized = image_io.resize_depth_mm(trial.depth, size)
  return depth_order.rank_correlation(resized, trial.depth_mm)


def _with_hint(choice: evidence.Choice, hint: str) -> evidence.Choice:
  """Adds why the file's own statement was not used."""
  if not hint:
    return choice
  doubt = f'{choice.value} was found by trial, because {hint}.'
  return choice._replace(doubt=f'{doubt} {choice.doubt}'.strip())


def _median_of_medians(parts: Sequence[np.ndarray]) -> float:
  """Returns the median of the medians, 0 if all parts are empty."""
  medians = [float(np.median(part)) for part in parts if part.size]
  return float(np.median(medians)) if medians else 0.0


def _si_rmse(
  trials: Sequence[Trial], unit: str, align: alignment.Align | None
) -> float:
  """Returns the mean si-RMSE of the pictures, infinite if undefined."""
  errors = []
  for depth, depth_mm in trials:
    pred_mm = image_io.resize_depth_mm(
      depth * np.float32(challenge.MM_PER_UNIT[unit]), depth_mm.shape
    )
    try:
      if align is not None:
        pred_mm = align(pred_mm, depth_mm)
      measured = depth_metrics.image_metrics(pred_mm, depth_mm)
    except ValueError:
      return math.inf
    errors.append(measured['si_rmse'])
  return float(np.mean(errors))
