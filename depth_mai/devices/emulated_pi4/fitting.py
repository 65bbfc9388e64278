# SPDX-License-Identifier: Apache-2.0
"""Fits calibrations to a table of times that were measured on a Raspberry Pi 4.

The fit is least squares on relative errors, with no negative weight.
"""

from collections.abc import Sequence
import csv
import dataclasses
import io
import itertools
import os
import re
import typing

import numpy as np

from depth_mai.devices.emulated_pi4 import prediction
from depth_mai.files import regular_files

# Kinds of numbers, and their names in a table.
_DTYPES = {'float': ('fp32', 'fp16', 'float'), 'int8': ('int8',)}


@dataclasses.dataclass(frozen=True)
class Columns:
  """Names of a table's columns.

  Attributes:
    model: name of the network.
    numbers: 'fp32', 'fp16' (computes in float) or 'int8'.
    time_ms: measured on a Raspberry Pi 4; rows without it are left out.
    features: dict from names of prediction.FEATURES, without the constant, to
      columns.
    family: family of the network; None to use the beginning of its name.
    other_times_ms: times measured elsewhere; they are not fitted, but the
      interval includes them.
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


class _Row(typing.NamedTuple):
  """A network of a table; its features end with the constant."""

  family: str
  features: np.ndarray
  time_ms: float
  other_times_ms: list[float]


def family_of(model: str) -> str:
  """Returns a family's name, such as 'mobilenet-v2' of 'mobilenet-v2-0.35'."""
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
) -> prediction.Calibration:
  """Fits the rows of a table.

  Args:
    path: a .csv file with a line of headings.
    columns: its columns.
    numbers: rows to fit, 'float' or 'int8'.
    xnnpack: whether XNNPACK's kernels were counted.
    name: name of the calibration.
    source: source of times and counts.
    note: limits of the calibration.

  Returns:
    The calibration. If there is one family only, its interval is that of
    networks that are left out.

  Raises:
    ValueError: the file cannot be read, lacks a column or has too few rows.
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
  ratios = held_out_ratios(features, times_ms, models)
  of_families = ratios
  if len(set(families)) > 1:
    of_families = held_out_ratios(features, times_ms, families)
  weights = fit(features, times_ms)
  spread = list(of_families) + [
    other / (one.features @ weights)
    for one in rows
    for other in one.other_times_ms
  ]
  return prediction.Calibration(
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


def _read_rows(
  path: str | os.PathLike[str], columns: Columns, numbers: str
) -> list[_Row]:
  """Returns the rows that have all figures."""
  if numbers not in _DTYPES:
    raise ValueError(f'--numbers={numbers} is none of {", ".join(_DTYPES)}.')
  wanted = [columns.model, columns.numbers, columns.time_ms]
  wanted += [*columns.features.values(), *columns.other_times_ms]
  wanted += [columns.family] if columns.family else []
  rows = []
  try:
    with io.StringIO(regular_files.read_text(path)) as stream:
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
        if row[columns.numbers] not in _DTYPES[numbers] or not all(texts):
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


def non_negative_least_squares(
  matrix: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
  """Minimises |matrix x - wanted| over x >= 0.

  The minimum is the unconstrained one of some subset of the columns, so all
  subsets of a few columns are tried.

  Args:
    matrix: [N, K], K at most 8.
    wanted: [N].

  Returns:
    [K] float64.

  Raises:
    ValueError: there are too many columns, or the sizes do not match.
  """
  matrix, wanted = np.asarray(matrix, float), np.asarray(wanted, float)
  rows, columns = matrix.shape
  if columns > 8 or wanted.shape != (rows,):
    raise ValueError(
      f'matrix must be [N, K] with K <= 8 and wanted [N], got {matrix.shape} '
      f'and {wanted.shape}.'
    )
  best, smallest = np.zeros(columns), float(np.square(wanted).sum())
  for size in range(1, columns + 1):
    for subset in itertools.combinations(range(columns), size):
      found, *_ = np.linalg.lstsq(matrix[:, subset], wanted, rcond=None)
      if (found < 0).any():
        continue
      error = float(np.square(matrix[:, subset] @ found - wanted).sum())
      if error < smallest:
        best, smallest = np.zeros(columns), error
        best[list(subset)] = found
  return best


def fit(features: np.ndarray, times_ms: np.ndarray) -> np.ndarray:
  """Fits times by a weighted sum of features; minimises relative errors.

  Args:
    features: [N, K].
    times_ms: [N], positive.

  Returns:
    [K] float64, milliseconds for one of each feature, none negative.

  Raises:
    ValueError: see `non_negative_least_squares`.
  """
  times_ms = np.asarray(times_ms, float)
  scaled = np.asarray(features, float) / times_ms[:, np.newaxis]
  return non_negative_least_squares(scaled, np.ones_like(times_ms))


def held_out_ratios(
  features: np.ndarray, times_ms: np.ndarray, groups: Sequence[str]
) -> np.ndarray:
  """Compares each time with a fit to the other groups.

  Args:
    features: [N, K].
    times_ms: [N], positive.
    groups: [N] names; the rows of one group are left out together.

  Returns:
    [N] float64, measured over predicted time; infinite where 0 is predicted.

  Raises:
    ValueError: there is only one group.
  """
  features, times_ms = np.asarray(features, float), np.asarray(times_ms, float)
  if len(set(groups)) < 2:
    raise ValueError(
      'All rows are of one group, so no row is left to fit without it.'
    )
  predicted = np.zeros_like(times_ms)
  for group in sorted(set(groups)):
    out = np.asarray(groups) == group
    predicted[out] = features[out] @ fit(features[~out], times_ms[~out])
  with np.errstate(divide='ignore'):
    return times_ms / predicted
