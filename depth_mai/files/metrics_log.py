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
from typing import Any

import numpy as np

from depth_mai.files import workdir as workdir_lib

TIME_KEYS = ('step', 'images', 'epoch')


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
  steps again; the later lines replace the earlier ones. A last line that was
  cut off by the stop is left out.

  Args:
    run_dir: the workdir of the training, or the metrics.jsonl in it.

  Returns:
    The log, with at least one record.

  Raises:
    ValueError: there is no log, it is empty, or a line is damaged.
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
    The 'validation' line with the smallest si_rmse; {} if there is none.
    Damaged lines are left out.
  """
  path = os.path.join(workdir, workdir_lib.METRICS)
  if not os.path.isfile(path):
    return {}
  validations = [
    record
    for record in _records(path, skip_damaged=True)
    if record['split'] == 'validation' and _is_number(record.get('si_rmse'))
  ]
  return min(validations, key=lambda record: record['si_rmse'], default={})


def _records(path: str, skip_damaged: bool = False) -> list[dict]:
  """Returns the lines of a log, without a last line that is cut off."""
  with open(path, encoding='utf-8') as stream:
    lines = stream.read().split('\n')
  records = []
  for number, line in enumerate(lines, start=1):
    if not line.strip():
      continue
    try:
      records.append(_checked_record(json.loads(line)))
    except ValueError as error:
      # The last line has no newline if the write was cut off.
      if skip_damaged or number == len(lines):
        continue
      raise ValueError(
        f'{path}, line {number}: {error}. Each line must be one JSON object '
        'with at least "split" and "step"; correct or remove the line.'
      ) from error
  return records


def _checked_record(record: Any) -> dict:
  if not isinstance(record, dict):
    raise ValueError(f'got {record!r}')
  if not isinstance(record.get('split'), str):
    raise ValueError(f'"split" is {record.get("split")!r}')
  if not _is_number(record.get('step')):
    raise ValueError(f'"step" is {record.get("step")!r}')
  return record


def _is_number(value: object) -> bool:
  return (
    isinstance(value, (int, float))
    and not isinstance(value, bool)
    and math.isfinite(value)
  )
