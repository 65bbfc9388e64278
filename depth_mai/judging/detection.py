# SPDX-License-Identifier: Apache-2.0
"""Finds what nobody declared: the range of the input, the unit of the output.

What the command line says comes first, then what depth_mai.convert wrote into
the file, then what the file's quantisation says. Only where all are silent is
the file tried on a few pictures whose depth is known, and the verdict says so:
such a choice was made with the answers on the table.
"""

from collections.abc import Callable
from collections.abc import Sequence
import math
import typing

import numpy as np

from depth_mai.judging import request as request_lib
from depth_mai.metrics import depth_metrics
from depth_mai.runtime import image_io

# Pictures that are tried.
PAIRS = 4

MM_PER_UNIT = {'mm': 1.0, 'm': 1000.0}
# How far the quantised range may lie from one of those known, as a part of it.
_QUANTISED_TOLERANCE = 0.1
# A candidate must be better by this part to be taken before an earlier one.
_CLEARLY_BETTER = 0.98
# Half-way, as a factor, between millimetres and metres.
_UNIT_BOUND = math.sqrt(1000.0)


class Choice(typing.NamedTuple):
  """Something found.

  Attributes:
    value: what.
    why: on what grounds, a text.
    with_truth: whether the ground truth was needed.
    doubt: a warning; '' for none.
  """

  value: str
  why: str
  with_truth: bool = False
  doubt: str = ''


class Trial(typing.NamedTuple):
  """What a file gave for a picture whose depth is known.

  Attributes:
    depth: [h, w] float32, in the file's unit.
    depth_mm: the truth [H, W], 0 = unknown.
  """

  depth: np.ndarray
  depth_mm: np.ndarray


def declared_range(
  flag: str, metadata: dict, covered: tuple[float, float] | None, raw: bool
) -> Choice | None:
  """Finds the input's range without running the file.

  Args:
    flag: of `request.INPUT_RANGES`, or AUTO.
    metadata: of `static_check.check`.
    covered: real values that a quantised input can say, None for float.
    raw: whether the input takes bytes without a scale.

  Returns:
    The choice; None if the file must be tried.
  """
  if raw:
    return Choice('0..255', 'the input takes bytes without a scale')
  if flag != request_lib.AUTO:
    return Choice(flag, 'declared by --input_range')
  for name, ends in request_lib.INPUT_RANGES.items():
    if metadata.get('range') == list(ends):
      return Choice(
        name, "declared in the file by depth_mai.convert's metadata"
      )
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
    flag: of `request.UNITS`, or AUTO.
    metadata: of `static_check.check`.

  Returns:
    The choice; None if the file must be tried.
  """
  if flag != request_lib.AUTO:
    return Choice(flag, 'declared by --unit')
  if metadata.get('output_unit') in MM_PER_UNIT:
    return Choice(
      metadata['output_unit'],
      "declared in the file by depth_mai.convert's metadata",
    )
  return None


def find_range(
  candidates: Sequence[str],
  unit: str | None,
  try_range: Callable[[str], Sequence[Trial]],
) -> Choice:
  """Finds the range that gives the smallest si-RMSE.

  Args:
    candidates: of `request.INPUT_RANGES`, the likeliest first.
    unit: of the output where it is known.
    try_range: runs the file on a few pictures with a range.

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
    trials: what the file gave for a few pictures.

  Returns:
    The choice.
  """
  middle = _middle([one.depth[np.isfinite(one.depth)] for one in trials])
  middle_mm = _middle([one.depth_mm[one.depth_mm > 0] for one in trials])
  why = (
    f'the median of {len(trials)} predictions is {middle:.4g}, of their true '
    f'depth {middle_mm:.4g} mm; declare it with --unit'
  )
  ratio = middle / middle_mm if middle_mm else math.nan
  if not (math.isfinite(ratio) and ratio > 0):
    doubt = f'The unit of its depth is unclear: {why}. Taken as mm.'
    return Choice('mm', why, True, doubt)
  unit = 'mm' if ratio > 1 / _UNIT_BOUND else 'm'
  factor = ratio * MM_PER_UNIT[unit]
  off = max(factor, 1 / factor)
  doubt = ''
  if off > _UNIT_BOUND:
    doubt = (
      f'Its depth is {off:.3g} times off in the nearest unit, {unit}: {why}. '
      'RMSE, LOG10 and REL say little; si-RMSE and the score do not depend on '
      'the unit.'
    )
  return Choice(unit, why, True, doubt)


def _middle(parts: Sequence[np.ndarray]) -> float:
  """Returns the median of the medians of what is not empty, 0 for nothing."""
  medians = [float(np.median(part)) for part in parts if part.size]
  return float(np.median(medians)) if medians else 0.0


def _si_rmse(trials: Sequence[Trial], unit: str) -> float:
  """Returns the mean over the pictures, infinite where it is not defined."""
  errors = []
  for depth, depth_mm in trials:
    pred_mm = image_io.resize_depth_mm(
      depth * np.float32(MM_PER_UNIT[unit]), depth_mm.shape
    )
    try:
      measured = depth_metrics.image_metrics(pred_mm, depth_mm)
    except ValueError:
      return math.inf
    errors.append(measured['si_rmse'])
  return float(np.mean(errors))
