# SPDX-License-Identifier: Apache-2.0
"""Runs a contest: finds files, measures them, assembles the leaderboard."""

from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import os

from depth_mai.devices import registry
from depth_mai.devices import settings as settings_lib
from depth_mai.devices import store as store_lib
from depth_mai.metrics import score as score_lib
from depth_mai.ranking import leaderboard_content
from depth_mai.ranking import measuring
from depth_mai.ranking import model_files
from depth_mai.ranking import stated_interfaces
from depth_mai.runtime import interface_evidence


@dataclasses.dataclass(frozen=True)
class Contest:
  """The files to measure, the data and the device.

  Attributes:
    models_dir: folder of .tflite files, see `model_files.find_models`.
    data_dir: challenge folder or prepared tfds directory.
    split: split on which the errors are measured.
    store: file of measurements, see devices/store.py.
    device: device on which the runtimes are measured, see devices/registry.py.
    systems: the systems to measure; None for all.
    precisions: the precisions to measure; None for all.
    threads: number of threads for the kernels.
    warmup: runs of each file that are not counted.
    runs: runs of each file that are counted.
    limit: measure the errors on the first N images only; None for all.
    score_constant: K of the score.
    declared: what is stated about the interface of every file; interfaces.toml
      in models_dir states it about single ones.
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
  declared: interface_evidence.Declared = interface_evidence.NOTHING

  def __post_init__(self):
    """Checks settings that would otherwise fail after hours of measuring."""
    registry.check_spec(self.device)
    if not 0 < self.score_constant < float('inf'):
      raise ValueError(
        f'--score_constant={self.score_constant} must be positive and finite; '
        f'the challenge used {score_lib.SCORE_CONSTANT:g}.'
      )


def run(contest: Contest, report_line: Callable[[str], object] = print) -> dict:
  """Measures files that are not in the store, and assembles the leaderboard.

  Args:
    contest: the files, the data and the device.
    report_line: takes lines of progress.

  Returns:
    The content of leaderboard.json, see leaderboard_content.py.

  Raises:
    ValueError: if there are no files or no split, or no file could be measured.
  """
  stated = stated_interfaces.read(contest.models_dir, contest.declared)
  models, unreadable = model_files.find_models(
    contest.models_dir, contest.systems, contest.precisions
  )
  models = [
    model._replace(declared=stated.get(model.file, contest.declared))
    for model in models
  ]
  for problem in unreadable:
    report_line(f'Not judged: {problem}')
  data = measuring.describe_split(
    contest.data_dir, contest.split, contest.limit
  )
  settings = settings_lib.Settings(
    threads=(contest.threads,), warmup=contest.warmup, runs=contest.runs
  )
  device = registry.open_device(contest.device, settings)
  measurer = measuring.Measurer(
    contest.data_dir,
    data,
    device,
    contest.threads,
    store_lib.Store(contest.store),
    report_line,
  )
  measured, failed = measurer.measure(models)
  return leaderboard_content.assemble(
    measured,
    data,
    {**device.describe(), 'threads': contest.threads},
    [*unreadable, *failed],
    contest.score_constant,
  )
