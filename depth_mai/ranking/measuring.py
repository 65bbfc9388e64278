# SPDX-License-Identifier: Apache-2.0
"""Judges .tflite files: errors on a split, runtime, size, MACs.

What is in the store is not measured again, and what is measured goes there at
once, so that a run that was stopped goes on where it was.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import os
import time
import typing

from depth_mai.data import source
from depth_mai.devices import device as device_lib
from depth_mai.devices import measurements
from depth_mai.devices import store as store_lib
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import problems as problems_lib
from depth_mai.ranking import model_files
from depth_mai.ranking import times as times_lib
from depth_mai.runtime import cost
from depth_mai.runtime import environment
from depth_mai.runtime import graph as graph_lib

# Seconds between two lines of progress.
_PROGRESS_S = 15.0


class Split(typing.NamedTuple):
  """What the errors are measured on.

  Attributes:
    data_dir: challenge folder or prepared tfds directory.
    description: of `data_fingerprint.describe`.
  """

  data_dir: str | os.PathLike[str]
  description: dict


@dataclasses.dataclass(frozen=True)
class Judged:
  """A file and what was found.

  Attributes:
    model: the file.
    size_mb: MB of 10^6 bytes.
    parameters: weights and biases in it.
    macs: multiply-accumulates for one image; None if those of an operator
      are not known.
    metrics: of `DepthMetrics.result`.
    times: of `times.from_report`.
  """

  model: model_files.ModelFile
  size_mb: float
  parameters: int
  macs: int | None
  metrics: dict
  times: dict


def judge_models(
  models: Sequence[model_files.ModelFile],
  split: Split,
  device: device_lib.Device,
  threads: int,
  store: store_lib.Store,
  report_line: Callable[[str], object] = print,
) -> tuple[list[Judged], list[str]]:
  """Judges files, one after the other.

  A file that cannot be judged does not stop the others; a picture of the split
  that cannot be read does.

  Args:
    models: the files.
    split: what to measure the errors on.
    device: what to measure the runtimes on.
    threads: for the kernels.
    store: keeps the measurements.
    report_line: takes lines of progress.

  Returns:
    (the files that were judged, what is wrong with the others, a text each)

  Raises:
    ValueError: if the split cannot be read.
  """
  judged, problems = [], []
  for number, model in enumerate(models, start=1):
    place = f'[{number}/{len(models)}] {model.file}'
    try:
      one, seconds = _judge(model, split, device, threads, store, report_line)
    except problems_lib.BadInputError:
      raise
    except (ValueError, RuntimeError, OSError) as error:
      problems.append(model_files.naming(model.file, error))
      report_line(f'{place}: FAILED, {problems[-1]}')
      continue
    judged.append(one)
    how = 'known already' if seconds is None else f'{seconds:.0f} s'
    report_line(
      f'{place}: si-RMSE {one.metrics["si_rmse"]:.4f}, '
      f'{times_lib.text(one.times)} ({how})'
    )
  return judged, problems


def _judge(model, split, device, threads, store, report_line):
  """Returns a Judged, and how long it took, None where all was known."""
  start, measured = time.monotonic(), False
  graph = graph_lib.read_graph(model.path)
  costs = cost.operator_costs(graph)
  unknown = any(one.macs is None for one in costs)

  # Timed first: predicting a whole split leaves the machine hot.
  report = measurements.recall(store, device, model.sha256, threads)
  if report is None:
    measured = True
    report = device.measure(model.path)
    measurements.keep(store, device, report)
  times = times_lib.from_report(report)
  key = {
    'sha256': model.sha256,
    'data': split.description['fingerprint'],
    'images': split.description['images'],
    **_predicted_with(),
  }
  metrics = store.get('metrics', key)
  if metrics is None:
    measured = True
    metrics = _measure_errors(model, split, threads, report_line)
    store.put('metrics', key, metrics)
  judged = Judged(
    model=model,
    size_mb=graph.file_bytes / 1e6,
    parameters=cost.parameters(graph),
    macs=None if unknown else cost.total_macs(costs),
    metrics=metrics,
    times=times,
  )
  return judged, time.monotonic() - start if measured else None


def _predicted_with() -> dict:
  """Returns what predictions depend on, beside the file and the data.

  Kernels of another version or architecture round otherwise; threads change
  nothing.
  """
  machine = environment.describe_machine()
  return {
    key: machine[key] for key in ('architecture', 'runtime', 'runtime_version')
  }


def _measure_errors(model, split, threads, report_line):
  images = split.description['images']
  pairs = source.evaluation_pairs(split.data_dir, split.description['split'])
  result = evaluation.evaluate(
    file_predictors.TflitePredictor(model.path, threads),
    _with_progress(pairs, images, report_line),
    images,
  )
  del result['per_image']
  return result


def _with_progress(
  pairs: Iterable, count: int, report_line: Callable[[str], object]
) -> Iterator:
  """Yields the pairs and reports now and then how many are done."""
  next_s = time.monotonic() + _PROGRESS_S
  for done, pair in enumerate(pairs):
    if time.monotonic() >= next_s:
      next_s = time.monotonic() + _PROGRESS_S
      report_line(f'  {done} of {count} images')
    yield pair
