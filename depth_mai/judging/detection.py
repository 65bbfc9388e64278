# SPDX-License-Identifier: Apache-2.0
"""Finds the range of the input and the unit of the output.

Flags come first, then the metadata that depth_mai.convert wrote into the file,
then the file's quantisation. If none of them decides, the file is tried on a
few pictures with known depth. The verdict then has a warning, because no team
had the true depth.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
import typing

import numpy as np

from depth_mai import challenge
from depth_mai.judging import request as request_lib
from depth_mai.metrics import depth_metrics
from depth_mai.runtime import image_io

# Number of pictures to try.
PAIRS = 4

# Largest difference between a quantised range and a known one, as a fraction of
# the known one.
_QUANTISED_TOLERANCE = 0.1
# A later candidate replaces an earlier one if its error is below this fraction
# of the earlier one's.
_CLEARLY_BETTER = 0.98
# Halfway, by ratio, between predictions in metres and in millimetres.
_UNIT_BOUND = math.sqrt(challenge.MM_PER_M)


class Choice(typing.NamedTuple):
  """An input range or a unit, and the reason for it.

  Attributes:
    value: name of the range or unit.
    why: the reason, as text.
    with_truth: whether the true depth was used.
    doubt: a warning, or ''.
  """

  value: str
  why: str
  with_truth: bool = False
  doubt: str = ''


class Trial(typing.NamedTuple):
  """A prediction for a picture with known depth.

  Attributes:
    depth: [h, w] float32, predicted, in the file's unit.
    depth_mm: [H, W], true depth, 0 = unknown.
  """

  depth: np.ndarray
  depth_mm: np.ndarray


def declared_range(
  flag: str, metadata: dict, covered: tuple[float, float] | None, raw: bool
) -> Choice | None:
  """Finds the input's range without running the file.

  Args:
    flag: --input_range, a name in `request.INPUT_RANGES`, or AUTO.
    metadata: from `static_check.check`.
    covered: smallest and largest real value of a quantised input, None for
      float.
    raw: whether the input takes a picture's bytes, without a scale.

  Returns:
    The choice; None if the file must be tried.
  """
  if raw:
    return Choice('0..255', 'the input takes bytes without a scale')
  for name, ends in request_lib.INPUT_RANGES.items():
    if flag == name or (
      flag == request_lib.AUTO and metadata.get('range') == list(ends)
    ):
      return _declared(flag, '--input_range', name)
  if covered is not None:
    for name, ends in request_lib.INPUT_RANGES.items():
      error = sum(abs(a - b) for a, b in zip(covered, ends, strict=True))
      if error <= _QUANTISED_TOLERANCE * (ends[1] - ends[0]):
        return Choice(
          name,
          f'its quantisation covers {covered[0]:.4g} to {covered[1]:.4g}',
        )
  return None


def declared_unit(flag: str, metadata: dict) -> Choice | None:
  """Finds the output's unit without running the file.

  Args:
    flag: --unit, in `request.UNITS`, or AUTO.
    metadata: from `static_check.check`.

  Returns:
    The choice; None if the file must be tried.
  """
  name = metadata.get('output_unit') if flag == request_lib.AUTO else flag
  # A list in the metadata cannot be looked up in a dict.
  if isinstance(name, str) and name in challenge.MM_PER_UNIT:
    return _declared(flag, '--unit', name)
  return None


def find_range(
  candidates: Sequence[str],
  unit: str | None,
  try_range: Callable[[str], Sequence[Trial]],
) -> Choice:
  """Finds the range with the smallest si-RMSE.

  Args:
    candidates: names in `request.INPUT_RANGES`, the likeliest first.
    unit: unit of the output, if known.
    try_range: predicts a few pictures with a range.

  Returns:
    The choice.
  """
  errors = {}
  for name in candidates:
    trials = try_range(name)
    chosen = unit or find_unit(trials).value
    errors[name] = _si_rmse(trials, chosen)
  best = candidates[0]
  for name in candidates[1:]:
    if errors[name] < _CLEARLY_BETTER * errors[best]:
      best = name
  listed = ', '.join(
    f'{error:.4g} with {name}' for name, error in errors.items()
  )
  return Choice(
    best,
    f'tried on {PAIRS} pictures of the split with their true depth: si-RMSE '
    f'{listed}; declare it with --input_range',
    with_truth=True,
  )


def find_unit(trials: Sequence[Trial]) -> Choice:
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
    return Choice('mm', why, True, doubt)
  unit = 'mm' if ratio > 1 / _UNIT_BOUND else 'm'
  factor = ratio * challenge.MM_PER_UNIT[unit]
  off = max(factor, 1 / factor)
  doubt = ''
  if off > _UNIT_BOUND:
    doubt = (
      f'Its depth is {off:.3g} times off in the nearest unit, {unit}: {why}. '
      'RMSE, LOG10 and REL mean little; si-RMSE and the score do not depend on '
      'the unit.'
    )
  return Choice(unit, why, True, doubt)


def _declared(flag: str, option: str, name: str) -> Choice:
  """Returns a choice declared by a flag, or else in the metadata."""
  if flag != request_lib.AUTO:
    return Choice(name, f'declared by {option}')
  return Choice(name, "declared in the file by depth_mai.convert's metadata")


def _median_of_medians(parts: Sequence[np.ndarray]) -> float:
  """Returns the median of the medians, 0 if all parts are empty."""
  medians = [float(np.median(part)) for part in parts if part.size]
  return float(np.median(medians)) if medians else 0.0


def _si_rmse(trials: Sequence[Trial], unit: str) -> float:
  """Returns the mean si-RMSE of the pictures, infinite if undefined."""
  errors = []
  for depth, depth_mm in trials:
    pred_mm = image_io.resize_depth_mm(
      depth * np.float32(challenge.MM_PER_UNIT[unit]), depth_mm.shape
    )
    try:
      measured = depth_metrics.image_metrics(pred_mm, depth_mm)
    except ValueError:
      return math.inf
    errors.append(measured['si_rmse'])
  return float(np.mean(errors))
