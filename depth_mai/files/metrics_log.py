# SPDX-License-Identifier: Apache-2.0
"""Reads metrics.jsonl, the log that a training writes into its workdir.

One JSON object a line. `split` says what was measured ('train' for the running
loss, 'validation' or 'train_eval' for evaluations), `step`, `images` and
`epoch` say when, every other number is a metric.
"""

from collections.abc import Iterable
import dataclasses
import json
import math
import os

import numpy as np

FILE_NAME = 'metrics.jsonl'
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
    """Returns the splits in the order in which they first appear."""
    return list(dict.fromkeys(record['split'] for record in self.records))

  def metric_names(self) -> list[str]:
    """Returns the keys of all numbers but the times, as they first appear."""
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

  A training that was stopped goes on from its last checkpoint and logs some
  steps again; the later lines replace the earlier ones. A last line that was
  cut off by the stop is left out.

  Args:
    run_dir: the workdir of the training, or its metrics.jsonl itself.

  Returns:
    The run.

  Raises:
    ValueError: if there is no log, it is empty, or a line of it is no metrics.
  """
  run_dir = os.path.abspath(os.path.expanduser(os.fspath(run_dir)))
  path = run_dir
  if os.path.isdir(run_dir):
    path = os.path.join(run_dir, FILE_NAME)
  else:
    run_dir = os.path.dirname(run_dir)
  if not os.path.isfile(path):
    raise ValueError(
      f'{path} does not exist. Give the workdir of a training (--workdir of '
      f'depth_mai.train), which holds a {FILE_NAME}.'
    )
  with open(path, encoding='utf-8') as stream:
    lines = stream.read().split('\n')
  records = []
  for number, line in enumerate(lines, start=1):
    if not line.strip():
      continue
    try:
      records.append(_checked_record(json.loads(line)))
    except ValueError as error:
      if number == len(lines):  # No newline after it: it was being written.
        break
      raise ValueError(
        f'{path}, line {number}: {error}. Each line must be one JSON object '
        'with at least "split" and "step"; mend or remove the line.'
      ) from error
  if not records:
    raise ValueError(
      f'{path} holds no metrics yet. Wait for the first log line of the '
      'training, or leave this run out.'
    )
  return Run(os.path.basename(run_dir), _latest(records))


def _latest(records: Iterable[dict]) -> list[dict]:
  """Drops what a continued training has logged again."""
  kept = {}
  for record in records:
    earlier = kept.setdefault(record['split'], [])
    while earlier and earlier[-1]['step'] >= record['step']:
      earlier.pop()
    earlier.append(record)
  return [record for per_split in kept.values() for record in per_split]


def _checked_record(record):
  if not isinstance(record, dict):
    raise ValueError(f'got {record!r}')
  if not isinstance(record.get('split'), str):
    raise ValueError(f'"split" is {record.get("split")!r}')
  if not _is_number(record.get('step')):
    raise ValueError(f'"step" is {record.get("step")!r}')
  return record


def _is_number(value):
  return (
    isinstance(value, (int, float))
    and not isinstance(value, bool)
    and math.isfinite(value)
  )
