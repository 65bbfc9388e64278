# SPDX-License-Identifier: Apache-2.0
"""Runs a contest: finds files, judges them, assembles the leaderboard."""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import os

from depth_mai.devices import registry
from depth_mai.devices import settings as settings_lib
from depth_mai.devices import store as store_lib
from depth_mai.metrics import score as score_lib
from depth_mai.ranking import leaderboard_content as standings
from depth_mai.ranking import measuring as judge
from depth_mai.ranking import model_files
from depth_mai.ranking import split as data_fingerprint


@dataclasses.dataclass(frozen=True)
class Contest:
  """What to judge, on what.

  Attributes:
    models_dir: folder of .tflite files, see `model_files.find_models`.
    data_dir: challenge folder or prepared tfds directory.
    split: what the errors are measured on.
    store: file in which the measurements are kept, see devices/store.py.
    device: where the runtimes are measured, see devices/registry.py.
    systems: the systems to judge; None for all.
    precisions: the precisions to judge; None for all.
    threads: for the kernels.
    warmup: runs of each file that are not counted.
    runs: runs of each file that are.
    limit: how many images to measure, the first ones; None for all.
    score_constant: K of the score.
  """

  models_dir: str | os.PathLike[str]
  data_dir: str | os.PathLike[str]
  split: str
  store: str | os.PathLike[str]
  device: str = 'local'
  systems: Sequence[str] | None = None
  precisions: Sequence[str] | None = None
  threads: int = 1
  warmup: int = 10
  runs: int = 50
  limit: int | None = None
  score_constant: float = score_lib.SCORE_CONSTANT

  def __post_init__(self):
    """Checks what would fail only after hours of judging."""
    registry.check_spec(self.device)
    if not 0 < self.score_constant < float('inf'):
      raise ValueError(
        f'--score_constant={self.score_constant} must be positive and finite; '
        f'the challenge had {score_lib.SCORE_CONSTANT:g}.'
      )


def run(contest: Contest, report_line: Callable[[str], object] = print) -> dict:
  """Judges what has not been judged before and assembles the leaderboard.

  Args:
    contest: what to judge.
    report_line: takes lines of progress.

  Returns:
    The content of leaderboard.json, see standings.py.

  Raises:
    ValueError: if there is nothing to judge or nothing to judge it on, or no
      file could be judged.
  """
  models, unreadable = model_files.find_models(
    contest.models_dir, contest.systems, contest.precisions
  )
  for problem in unreadable:
    report_line(f'Not judged: {problem}')
  data = data_fingerprint.describe(
    contest.data_dir, contest.split, contest.limit
  )
  settings = settings_lib.Settings(
    threads=(contest.threads,), warmup=contest.warmup, runs=contest.runs
  )
  device = registry.open_device(contest.device, settings)
  judged, failed = judge.judge_models(
    models,
    judge.Split(contest.data_dir, data),
    device,
    contest.threads,
    store_lib.Store(contest.store),
    report_line,
  )
  return standings.assemble(
    judged,
    data,
    {**device.describe(), 'threads': contest.threads},
    [*unreadable, *failed],
    contest.score_constant,
  )
