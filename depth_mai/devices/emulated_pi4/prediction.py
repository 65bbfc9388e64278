# SPDX-License-Identifier: Apache-2.0
"""Predicts times on a Raspberry Pi 4 from counts: an interval, never one time.

A calibration is for one kind of numbers and one kind of kernels, because float
and integer instructions, XNNPACK's and the built-in kernels take different
times.
"""

import dataclasses
import importlib.resources
import json
import os

from depth_mai.files import atomic
from depth_mai.files import regular_files

FORMAT = 'depth_mai.emulated_pi4.calibration/1'
NUMBERS = ('float', 'int8')
# Millions of instructions and of parameters, megabytes of activations, and one.
FEATURES = ('instructions_m', 'parameters_m', 'activation_mb', 'constant')
_SHIPPED = 'calibrations.json'
_NUMBERS_OF_PRECISIONS = {'fp32': 'float', 'fp16': 'float', 'int8': 'int8'}
_MAKE_ONE = 'make one with depth_mai.devices.emulated_pi4.calibrate'


@dataclasses.dataclass(frozen=True)
class Calibration:
  """A fit of times to counts, and its errors.

  Attributes:
    name: name of the fit.
    numbers: numbers in which the networks compute, 'float' or 'int8'.
    xnnpack: whether XNNPACK's kernels were counted.
    weights_ms: dict from names of FEATURES to milliseconds for one of each.
    models: number of networks.
    error: mean relative error of a network that is left out of the fit.
    family_error: mean relative error of a network whose family is left out.
    low: smallest ratio of measured to predicted time among networks whose
      family is left out, and among other measurements of the networks.
    high: largest such ratio.
    source: source of times and counts.
    note: limits of the calibration.
  """

  name: str
  numbers: str
  xnnpack: bool
  weights_ms: dict[str, float]
  models: int
  error: float
  family_error: float
  low: float
  high: float
  source: str
  note: str

  def __post_init__(self):
    """Checks the calibration."""
    unknown = set(self.weights_ms) - set(FEATURES)
    if unknown or not self.weights_ms or self.numbers not in NUMBERS:
      raise ValueError(
        f'Calibration {self.name!r}: weights_ms may name {FEATURES}, numbers '
        f'must be one of {NUMBERS}; got {sorted(self.weights_ms)} and '
        f'{self.numbers!r}.'
      )
    if not 0 < self.low <= self.high or min(self.weights_ms.values()) < 0:
      raise ValueError(
        f'Calibration {self.name!r} needs 0 < low <= high and no negative '
        f'weight, got {self.low}, {self.high} and {self.weights_ms}.'
      )

  def predict_ms(self, features: dict[str, float]) -> float:
    """Returns the weighted sum of the features, milliseconds.

    Args:
      features: dict from names of FEATURES without the constant to a network's
        figures.
    """
    given = features | {'constant': 1.0}
    return sum(weight * given[name] for name, weight in self.weights_ms.items())


def predict(
  calibrations: list[Calibration],
  precision: str | None,
  xnnpack: bool,
  features: dict[str, float],
) -> dict:
  """Predicts the time of one inference.

  Args:
    calibrations: the first one of the right kind is used.
    precision: precision of the file, see runtime/metadata.py.
    xnnpack: whether XNNPACK's kernels were counted.
    features: see `Calibration.predict_ms`.

  Returns:
    dict, ready for JSON: predicted_ms_low, predicted_ms, predicted_ms_high,
    each None without a calibration; prediction, a dict: label ('predicted, not
    measured'), calibration, models, error, family_error, source and note, or
    label and why (the reason why there is no prediction).
  """
  kind = (_NUMBERS_OF_PRECISIONS.get(precision or ''), xnnpack)
  for one in calibrations:
    if (one.numbers, one.xnnpack) != kind:
      continue
    middle = one.predict_ms(features)
    about = ('models', 'error', 'family_error', 'source', 'note')
    return {
      'predicted_ms_low': middle * one.low,
      'predicted_ms': middle,
      'predicted_ms_high': middle * one.high,
      'prediction': {
        'label': 'predicted, not measured',
        'calibration': one.name,
        **{name: getattr(one, name) for name in about},
      },
    }
  kernels = 'with XNNPACK' if xnnpack else 'without XNNPACK'
  why = f'There is no calibration for {precision} files {kernels}.'
  return {
    'predicted_ms_low': None,
    'predicted_ms': None,
    'predicted_ms_high': None,
    'prediction': {'label': 'not predicted', 'why': why},
  }


def read_calibrations(
  path: str | os.PathLike[str] | None = None,
) -> list[Calibration]:
  """Reads a file of calibrations.

  Args:
    path: a file of `write_calibrations`; None for the shipped ones.

  Returns:
    The calibrations; of two for the same kind, the first counts.

  Raises:
    ValueError: the file cannot be read.
  """
  if path is None:
    package = importlib.resources.files(__package__)
    text = (package / _SHIPPED).read_text(encoding='utf-8')
    path = _SHIPPED
  else:
    try:
      text = regular_files.read_text(path)
    except OSError as error:
      raise ValueError(
        f'The calibration {os.fspath(path)} cannot be read '
        f'({error.strerror}); give calibration= another file, or {_MAKE_ONE}.'
      ) from error
  try:
    content = json.loads(text)
    if content['format'] != FORMAT:
      raise ValueError(f'format {content["format"]!r}, not {FORMAT!r}')
    return [Calibration(**entry) for entry in content['calibrations']]
  except (ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{os.fspath(path)} is not a file of calibrations ({error}); {_MAKE_ONE}.'
    ) from error


def write_calibrations(
  path: str | os.PathLike[str], calibrations: list[Calibration]
) -> None:
  """Writes calibrations, atomically."""
  content = {
    'format': FORMAT,
    'calibrations': [dataclasses.asdict(one) for one in calibrations],
  }
  atomic.write_text(path, json.dumps(content, indent=2) + '\n')
