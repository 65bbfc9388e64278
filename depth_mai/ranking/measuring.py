# SPDX-License-Identifier: Apache-2.0
"""Measures .tflite files: runtime, errors on a split, size, MACs.

Measurements in the store are reused. New ones are stored immediately, so that a
stopped run can resume.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import hashlib
import math
import os
import pathlib
import time
import typing

import numpy as np

from depth_mai import challenge
from depth_mai.challenge_folder import folder
from depth_mai.data import source
from depth_mai.devices import device as device_lib
from depth_mai.devices import store as store_lib
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import printable
from depth_mai.files import problems as problems_lib
from depth_mai.files import regular_files
from depth_mai.ranking import model_files
from depth_mai.runtime import cost
from depth_mai.runtime import environment
from depth_mai.runtime import graph as graph_lib

# Seconds between two lines of progress.
_PROGRESS_S = 15.0


class Measured(typing.NamedTuple):
  """A file and its figures.

  Attributes:
    model: the file.
    figures: file, size_mb, parameters, macs, interface (how it was read, as
      the fields of `interface_evidence.Declared`), the keys of
      `runtime_figures` without load_average, and challenge.METRICS.
    load_average: the machine's, before the first run; None if unknown.
    notes: what to know about the interface and the depth.
  """

  model: model_files.ModelFile
  figures: dict
  load_average: float | None
  notes: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Measurer:
  """Measures files on one split and one device.

  Attributes:
    data_dir: challenge folder or prepared tfds directory.
    data: result of `describe_split`.
    device: device on which the runtimes are measured.
    threads: number of threads for the kernels.
    store: file of measurements.
    report_line: takes lines of progress.
  """

  data_dir: str | os.PathLike[str]
  data: dict
  device: device_lib.Device
  threads: int
  store: store_lib.Store
  report_line: Callable[[str], object] = print

  def measure(
    self, models: Sequence[model_files.ModelFile]
  ) -> tuple[list[Measured], list[str]]:
    """Measures files, one after another.

    A file that fails does not stop the others; an unreadable picture does.

    Args:
      models: the files.

    Returns:
      (the measured files, a text for each file that failed)

    Raises:
      ValueError: if the split cannot be read.
    """
    measured, problems = [], []
    for number, model in enumerate(models, start=1):
      place = f'[{number}/{len(models)}] {model.file}'
      try:
        one, seconds = self._measure(model)
      except problems_lib.BadInputError:
        raise
      except (ValueError, RuntimeError, OSError) as error:
        problems.append(problems_lib.with_name(model.file, error))
        self.report_line(f'{place}: FAILED, {problems[-1]}')
        continue
      measured.append(one)
      how = 'from the store' if seconds is None else f'{seconds:.0f} s'
      self.report_line(f'{place}: {summary(one.figures)} ({how})')
    return measured, problems

  def _measure(
    self, model: model_files.ModelFile
  ) -> tuple[Measured, float | None]:
    """Returns the figures and the seconds taken, None if all were known."""
    start = time.monotonic()
    graph = graph_lib.read_graph(model.path)
    costs = cost.operator_costs(graph)
    unknown = any(one.macs is None for one in costs)

    # Timed first: predicting a whole split heats up the machine.
    report = self.store.get_report(self.device, model.sha256, self.threads)
    known = report is not None
    if report is None:
      report = self.device.measure(model.path)
      self.store.put_report(self.device, report)
    predictor = file_predictors.TflitePredictor(
      model.path, self.threads, model.declared, self._open_pairs
    )
    interface = dataclasses.asdict(predictor.reading.as_declared())
    key = {
      'sha256': model.sha256,
      'interface': interface,
      'data': self.data['fingerprint'],
      'images': self.data['images'],
      **predicted_with(),
    }
    metrics = self.store.get('metrics', key)
    if metrics is None or not _has_figures(metrics):
      known = False
      metrics = self._evaluate(predictor)
      self.store.put('metrics', key, metrics)
    figures = {
      'file': model.file,
      'size_mb': graph.file_bytes / 1e6,
      'parameters': cost.parameters(graph),
      'macs': None if unknown else cost.total_macs(costs),
      'interface': interface,
      **runtime_figures(report),
      **{name: metrics[name] for name in challenge.METRICS},
    }
    load_average = figures.pop('load_average')
    seconds = None if known else time.monotonic() - start
    notes = [*predictor.reading.notes(), *metrics.get('warnings', ())]
    return Measured(model, figures, load_average, notes), seconds

  def _open_pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    pairs = source.evaluation_pairs(self.data_dir, self.data['split'])
    return ((rgb_uint8, depth_mm) for _, rgb_uint8, depth_mm in pairs)

  def _evaluate(self, predictor: evaluation.Predictor) -> dict:
    pairs = source.evaluation_pairs(self.data_dir, self.data['split'])
    result = evaluation.evaluate(
      predictor, self._with_progress(pairs), self.data['images']
    )
    del result['per_image']
    return result

  def _with_progress(self, pairs: Iterable) -> Iterator:
    """Yields the pairs, and reports regularly how many are done."""
    next_s = time.monotonic() + _PROGRESS_S
    for done, pair in enumerate(pairs):
      if time.monotonic() >= next_s:
        next_s = time.monotonic() + _PROGRESS_S
        self.report_line(f'  {done} of {self.data["images"]} images')
      yield pair


def describe_split(
  data_dir: str | os.PathLike[str], split: str, limit: int | None = None
) -> dict:
  """Describes a split by the content of its files.

  Errors measured on a split stay valid while its fingerprint is the same. The
  fingerprint covers the ids and the bytes of the files, not the path.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.
    limit: measure the first N images only; None for all.

  Returns:
    dict: data_dir_name, the name of the folder; split; images, how many are
    measured; fingerprint, 64 hexadecimal digits.

  Raises:
    ValueError: if there is no such split, or limit is below 1.
  """
  evaluation.check_limit(limit)
  data_dir = pathlib.Path(data_dir).expanduser()
  ids = evaluation.split_ids(data_dir, split)[:limit]
  digest = hashlib.sha256()
  for line in (*ids, *_file_hashes(data_dir, split, limit)):
    digest.update(f'{line}\n'.encode())
  return {
    'data_dir_name': printable.printable(data_dir.resolve().name),
    'split': split,
    'images': len(ids),
    'fingerprint': digest.hexdigest(),
  }


def runtime_figures(report: dict) -> dict:
  """Returns the runtimes of a file, for its first number of threads.

  Args:
    report: a device's report, see devices/device.py.

  Returns:
    dict: runtime_ms and runtime_ms_no_xnnpack, medians, or on an emulated
    device the geometric mean of the predicted interval (None without a
    prediction); instructions and instructions_no_xnnpack of one inference (None
    if measured); partitions, None if the runtime does not report it;
    load_average before the first run, None if unknown.
  """
  rows = report['configurations']
  on = next(row for row in rows if row['xnnpack'])
  off: dict = next((row for row in rows if not row['xnnpack']), {})
  return {
    'runtime_ms': _runtime_ms(on),
    'runtime_ms_no_xnnpack': _runtime_ms(off),
    'instructions': on.get('instructions'),
    'instructions_no_xnnpack': off.get('instructions'),
    'partitions': on['partitions'],
    'load_average': on.get('state_before', {}).get('load_average'),
  }


def summary(figures: dict) -> str:
  """Returns si-RMSE and runtime as text, for a line of progress.

  Args:
    figures: those of `Measured`.
  """
  runtime = _ms_text(figures['runtime_ms'])
  if figures['instructions'] is None:
    plain = _ms_text(figures['runtime_ms_no_xnnpack'])
    runtime += f' with XNNPACK, {plain} without'
  else:
    millions = figures['instructions'] / 1e6
    runtime = f'{millions:.1f} M instructions, predicted {runtime}'
  return f'si-RMSE {figures["si_rmse"]:.4f}, {runtime}'


def predicted_with() -> dict:
  """Returns the properties of the machine that change predictions.

  Kernels of another version or architecture round differently; the number of
  threads has no effect.
  """
  machine = environment.describe_machine()
  return {
    key: machine[key] for key in ('architecture', 'runtime', 'runtime_version')
  }


def _runtime_ms(row: dict) -> float | None:
  # Some versions of benchmark_model on phones do not report the median.
  measured_ms = row.get('median_ms') or row.get('mean_ms')
  if measured_ms:
    return measured_ms
  low, high = row.get('predicted_ms_low'), row.get('predicted_ms_high')
  # The ends of the interval are a factor from its middle.
  return math.sqrt(low * high) if low and high else None


def _ms_text(milliseconds: float | None) -> str:
  return '-' if milliseconds is None else f'{milliseconds:.2f} ms'


def _has_figures(metrics: dict) -> bool:
  """Returns whether stored metrics are complete."""
  return all(
    isinstance(metrics.get(name), int | float) for name in challenge.METRICS
  )


def _file_hashes(
  data_dir: pathlib.Path, split: str, limit: int | None
) -> list[str]:
  """Returns the SHA-256 of every file that is read."""
  if folder.is_prepared(data_dir):
    # The records of all images are in the same few files.
    paths = sorted(data_dir.glob(f'*-{split}.*'))
  else:
    paths = [
      path
      for pair in folder.list_pairs(data_dir, split)[:limit]
      for path in (pair.rgb_path, pair.depth_path)
      if path is not None
    ]
  return [regular_files.sha256(path) for path in paths]
