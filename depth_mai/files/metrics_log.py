# SPDX-License-Identifier: Apache-2.0
"""Reads metrics.jsonl, the log that a training writes into its workdir.

Each line is a JSON object. `split` is 'train' (running losses), 'validation' or
'train_eval' (evaluations); `step`, `images` and `epoch` give the time; all
other numbers are metrics.
"""

import dataclasses
import json
import math
import os
import sys
from typing import Any

import numpy as np

from depth_mai.files import printable
from depth_mai.files import problems
from depth_mai.files import regular_files
from depth_mai.files import workdir as workdir_lib

TIME_KEYS = ('step', 'images', 'epoch')
# The `split` of a line from which on the best network is chosen anew.
BEST_RESTARTS = 'best_restarts'


@dataclasses.dataclass(frozen=True)
class Curve:
  """One metric of one split over a training.

  Attributes:
    times: [N] float64, ascending; steps, images or epochs.
    values: [N] float64, finite.
  """

  times: np.ndarray
  values: np.ndarray


@dataclasses.dataclass(frozen=True)
class Run:
  """The log of one training.

  Attributes:
    name: the name of its folder.
    records: the lines of the log, as dicts, ascending in step for each split.
  """

  name: str
  records: list[dict]

  def splits(self) -> list[str]:
    """Returns the splits in the order of their first line."""
    return list(dict.fromkeys(record['split'] for record in self.records))

  def metric_names(self) -> list[str]:
    """Returns the keys of all numbers except the times, in order."""
    return list(
      dict.fromkeys(
        key
        for record in self.records
        for key, value in record.items()
        if key not in TIME_KEYS and _is_number(value)
      )
    )

  def curve(self, split: str, metric: str, time_key: str = 'step') -> Curve:
    """Returns one metric of one split; lines without it are left out."""
    points = [
      (record[time_key], record[metric])
      for record in self.records
      if record['split'] == split
      and _is_number(record.get(metric))
      and _is_number(record.get(time_key))
    ]
    times, values = np.array(points, np.float64).reshape(-1, 2).T
    return Curve(times, values)


def read_run(run_dir: str | os.PathLike[str]) -> Run:
  """Reads the log of one training.

  A training that was stopped resumes from its last checkpoint and logs some
  steps again; the later lines replace the earlier ones. Damaged lines are left
  out, and reported on stderr.

  Args:
    run_dir: the workdir of the training, or the metrics.jsonl in it.

  Returns:
    The log, with at least one record.

  Raises:
    ValueError: there is no log, or no line of it can be used.
  """
  path = os.path.abspath(os.path.expanduser(os.fspath(run_dir)))
  if os.path.isdir(path):
    path = os.path.join(path, workdir_lib.METRICS)
  if not os.path.isfile(path):
    raise ValueError(
      f'{path} does not exist. Give the workdir of a training (--workdir of '
      f'depth_mai.train), which contains a {workdir_lib.METRICS}.'
    )
  by_split: dict[str, list[dict]] = {}
  for record in _records(path):
    if record['split'] == BEST_RESTARTS:
      continue
    earlier = by_split.setdefault(record['split'], [])
    while earlier and earlier[-1]['step'] >= record['step']:
      earlier.pop()  # The resumed training logs this step again.
    earlier.append(record)
  if not by_split:
    raise ValueError(
      f'{path} contains no metrics yet. Wait until the training has logged a '
      'line, or leave this run out.'
    )
  return Run(
    os.path.basename(os.path.dirname(path)), sum(by_split.values(), [])
  )


def best_validation(workdir: str | os.PathLike[str]) -> dict[str, Any]:
  """Returns the metrics of a training's best network.

  Args:
    workdir: workdir of the training.

  Returns:
    The 'validation' line with the smallest si_rmse since the search for the
    best network last began; {} if there is none. Damaged lines are left out,
    and reported on stderr.
  """
  path = os.path.join(workdir, workdir_lib.METRICS)
  if not os.path.isfile(path):
    return {}
  validations: list[dict] = []
  for record in _records(path):
    if record['split'] == BEST_RESTARTS:
      validations = []
    if record['split'] == 'validation' and _is_number(record.get('si_rmse')):
      validations.append(record)
  return min(validations, key=lambda record: record['si_rmse'], default={})


def read_lines(
  path: str | os.PathLike[str],
) -> list[tuple[str, dict | None]]:
  """Reads the lines of a log, damaged ones included.

  Args:
    path: the metrics.jsonl.

  Returns:
    Each line that is not blank, without its end; and its record, None if the
    line is damaged. Bytes that are not UTF-8 are kept as surrogates.
  """
  text = regular_files.read_text(path, errors='surrogateescape')
  lines = text.split('\n')
  return [(line, _record(line)) for line in lines if line.strip()]


def _records(path: str) -> list[dict]:
  """Returns the whole lines of a log; reports the damaged ones on stderr."""
  lines = read_lines(path)
  damaged = [line for line, record in lines if record is None]
  if damaged:
    shown = printable.printable(damaged[0], most=60)
    print(
      f'{path}: left out {problems.count(len(damaged), "damaged line")}; the '
      f'first is {shown}',
      file=sys.stderr,
    )
  return [record for _, record in lines if record is not None]


def _record(line: str) -> dict | None:
  """Returns the record of a line, None if it is damaged."""
  try:
    record = json.loads(line)
  except (ValueError, RecursionError):
    return None
  if not isinstance(record, dict):
    return None
  good = isinstance(record.get('split'), str) and _is_number(record.get('step'))
  return record if good else None


def _is_number(value: object) -> bool:
  if isinstance(value, bool) or not isinstance(value, (int, float)):
    return False
  try:
    return math.isfinite(value)
  except OverflowError:  # An integer that no float can hold.
    return False
