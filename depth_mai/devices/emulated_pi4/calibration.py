# SPDX-License-Identifier: Apache-2.0
"""What turns counts into times, and what it was fitted to.

A calibration is for one kind of numbers and one kind of kernels: float and
integer instructions, XNNPACK's and the built-in ones take different times.
"""

import csv
import dataclasses
import importlib.resources
import json
import os
import re
import typing

import numpy as np

from depth_mai.devices.emulated_pi4 import fitting
from depth_mai.files import atomic

FORMAT = 'depth_mai.emulated_pi4.calibration/1'
NUMBERS = ('float', 'int8')
# Millions of instructions, of parameters; megabytes of activations; one.
FEATURES = ('instructions_m', 'parameters_m', 'activation_mb', 'constant')
_SHIPPED = 'calibrations.json'


@dataclasses.dataclass(frozen=True)
class Calibration:
  """A fit and how well it holds.

  Attributes:
    name: of what it was fitted to.
    numbers: 'float' or 'int8': in which the networks compute.
    xnnpack: whether the counts are those of XNNPACK's kernels.
    weights_ms: dict from names of FEATURES to milliseconds for one of each.
    models: how many it was fitted to.
    error: mean relative error of a model that is left out.
    family_error: mean relative error of a model whose family is left out.
    low: smallest measured over predicted time: of models whose family is left
      out of the fit, and of other measurements of the models.
    high: the largest.
    source: where the times and counts are from.
    note: what it is not for.
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
        f'Calibration {self.name!r}: 0 < low <= high and no negative weight '
        f'are wanted, got {self.low}, {self.high} and {self.weights_ms}.'
      )


class _Row(typing.NamedTuple):
  """A network of a table; its features end with the constant."""

  family: str
  features: np.ndarray
  time_ms: float
  other_times_ms: list[float]


@dataclasses.dataclass(frozen=True)
class Columns:
  """Names of a table's columns.

  Attributes:
    model: name of the network.
    numbers: 'fp32', 'fp16' (computes in float) or 'int8'.
    time_ms: measured on a Raspberry Pi 4; rows without it are left out.
    features: dict from names of FEATURES, without the constant, to columns.
    family: of networks; None to take the beginning of the model's name.
    other_times_ms: measured elsewhere; not fitted, but the interval holds them.
  """

  model: str = 'model'
  numbers: str = 'dtype'
  time_ms: str = 'median_ms'
  features: dict[str, str] = dataclasses.field(
    default_factory=lambda: {
      'instructions_m': 'instructions_m',
      'parameters_m': 'parameters_m',
    }
  )
  family: str | None = None
  other_times_ms: tuple[str, ...] = ()


def family_of(model: str) -> str:
  """Returns e.g. 'mobilenet-v2' of 'mobilenet-v2-0.35-96'."""
  found = re.match(r'[A-Za-z]+[-_]?(v\d+|lite)?', model)
  return found[0] if found else model


def fit_table(
  path: str | os.PathLike[str],
  columns: Columns,
  numbers: str,
  xnnpack: bool,
  name: str,
  source: str,
  note: str,
) -> Calibration:
  """Fits the rows of a table.

  Args:
    path: a .csv file with a line of headings.
    columns: its columns.
    numbers: 'float' or 'int8': which rows.
    xnnpack: whether its counts are those of XNNPACK's kernels.
    name: for the calibration.
    source: where the figures are from.
    note: what it is not for.

  Returns:
    The calibration. With one family, the interval is of models left out.

  Raises:
    ValueError: if the file cannot be read, lacks a column or has too few rows.
  """
  rows = _read_rows(path, columns, numbers)
  names = [*columns.features, 'constant']
  if len(rows) < len(names) + 2:
    raise ValueError(
      f'{os.fspath(path)} has {len(rows)} rows of {numbers} numbers with all '
      f'figures; {len(names)} weights need at least {len(names) + 2}.'
    )
  features = np.array([one.features for one in rows])
  times_ms = np.array([one.time_ms for one in rows])
  models = [str(index) for index in range(len(rows))]
  families = [one.family for one in rows]
  ratios = fitting.held_out_ratios(features, times_ms, models)
  of_families = ratios
  if len(set(families)) > 1:
    of_families = fitting.held_out_ratios(features, times_ms, families)
  weights = fitting.fit(features, times_ms)
  spread = list(of_families) + [
    other / (one.features @ weights)
    for one in rows
    for other in one.other_times_ms
  ]
  return Calibration(
    name=name,
    numbers=numbers,
    xnnpack=xnnpack,
    weights_ms={
      key: round(float(value), 6)
      for key, value in zip(names, weights, strict=True)
    },
    models=len(rows),
    error=_mean_error(ratios),
    family_error=_mean_error(of_families),
    low=round(float(min(spread)), 4),
    high=round(float(max(spread)), 4),
    source=source,
    note=note,
  )


def read_calibrations(
  path: str | os.PathLike[str] | None = None,
) -> list[Calibration]:
  """Reads a file of calibrations.

  Args:
    path: of `write_calibrations`; None for those that come with this.

  Returns:
    The calibrations; where two are for the same, the first counts.

  Raises:
    ValueError: if the file cannot be read.
  """
  if path is None:
    package = importlib.resources.files(__package__)
    text = (package / _SHIPPED).read_text(encoding='utf-8')
    path = _SHIPPED
  else:
    try:
      with open(path, encoding='utf-8') as stream:
        text = stream.read()
    except OSError as error:
      raise ValueError(
        f'The calibration {os.fspath(path)} cannot be read '
        f'({error.strerror}); give --calibration a file of '
        'depth_mai.devices.emulated_pi4.calibrate.'
      ) from error
  try:
    content = json.loads(text)
    if content['format'] != FORMAT:
      raise ValueError(f'format {content["format"]!r}, not {FORMAT!r}')
    return [Calibration(**entry) for entry in content['calibrations']]
  except (ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{os.fspath(path)} holds no calibrations ({error}); make it with '
      'depth_mai.devices.emulated_pi4.calibrate.'
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


def _read_rows(
  path: str | os.PathLike[str], columns: Columns, numbers: str
) -> list[_Row]:
  """Returns the rows that have all figures."""
  kinds = {'float': ('fp32', 'fp16', 'float'), 'int8': ('int8',)}[numbers]
  wanted = [columns.model, columns.numbers, columns.time_ms]
  wanted += [*columns.features.values(), *columns.other_times_ms]
  wanted += [columns.family] if columns.family else []
  rows = []
  try:
    with open(path, encoding='utf-8', newline='') as stream:
      reader = csv.DictReader(stream)
      missing = set(wanted) - set(reader.fieldnames or ())
      if missing:
        raise ValueError(
          f'it has no columns {sorted(missing)}, but {reader.fieldnames}; name '
          'them with the --*_column flags'
        )
      for row in reader:
        texts = [row[one] for one in columns.features.values()]
        texts.append(row[columns.time_ms])
        if row[columns.numbers] not in kinds or not all(texts):
          continue
        *values, time_ms = map(float, texts)
        if not time_ms > 0:
          raise ValueError(f'line {reader.line_num} has {time_ms} ms')
        family = row[columns.family] if columns.family else None
        others = [row[name] for name in columns.other_times_ms if row[name]]
        rows.append(
          _Row(
            family or family_of(row[columns.model]),
            np.array([*values, 1.0]),
            time_ms,
            [float(other) for other in others],
          )
        )
  except (OSError, ValueError) as error:
    raise ValueError(
      f'The table {os.fspath(path)} cannot be used: {error}.'
    ) from error
  return rows


def _mean_error(ratios: np.ndarray) -> float:
  """Returns the mean of |predicted - measured| / measured."""
  return round(float(np.abs(1 / ratios - 1).mean()), 4)
