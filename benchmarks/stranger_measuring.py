# SPDX-License-Identifier: Apache-2.0
"""Measures .tflite files on folders of pairs, and stores the figures."""

from collections.abc import Iterator
from collections.abc import Sequence
from concurrent import futures
import dataclasses
import sys
import time
from typing import Any

import numpy as np

from benchmarks import stranger_folders
from depth_mai.devices import store as store_lib
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import problems as problems_lib
from depth_mai.metrics import boundary_error
from depth_mai.metrics import depth_edges
from depth_mai.metrics import depth_metrics
from depth_mai.ranking import measuring
from depth_mai.ranking import model_files

Model = model_files.ModelFile
# Of one file on one folder, or None if it failed.
Figures = dict[str, Any] | None

_KIND = 'strangers'
_PROGRESS_S = 15.0


def say(line: str) -> None:
  """Prints a line of progress."""
  print(line, file=sys.stderr, flush=True)


@dataclasses.dataclass(frozen=True)
class Measurer:
  """Measures files on folders, several files at once.

  Attributes:
    store: file of measurements.
    workers: number of files that are measured at once, each by one thread.
  """

  store: store_lib.Store
  workers: int = 1

  def measure(
    self, models: Sequence[Model], folder: stranger_folders.Folder
  ) -> tuple[list[Figures], list[str]]:
    """Measures files on one folder.

    Args:
      models: the files.
      folder: the pairs.

    Returns:
      (the figures of each file, a text for each that failed)

    Raises:
      BadInputError: (a ValueError) if a pair cannot be read.
    """
    figures: list[Figures] = [None] * len(models)
    problems, running = [], {}
    pool = futures.ThreadPoolExecutor(self.workers)
    try:
      for place, model in enumerate(models):
        try:
          predictor, key = self._prepare(model, folder)
        except (ValueError, OSError) as error:
          problems.append(problems_lib.with_name(model.file, error))
          continue
        figures[place] = self.store.get(_KIND, key)
        if figures[place] is None:
          run = pool.submit(_evaluate, predictor, model, folder)
          running[run] = place, key
      for run in futures.as_completed(running):
        place, key = running[run]
        try:
          found = run.result()
        except problems_lib.BadInputError:
          raise
        except (ValueError, RuntimeError, OSError) as error:
          name = models[place].file
          problems.append(problems_lib.with_name(name, error))
          say(f'{folder.name}: {problems[-1]}')
          continue
        figures[place] = found
        self.store.put(_KIND, key, found)
    finally:
      # Those that have not started, if a pair is bad or the user stops.
      pool.shutdown(cancel_futures=True)
    return figures, problems

  def _prepare(
    self, model: Model, folder: stranger_folders.Folder
  ) -> tuple[file_predictors.TflitePredictor, dict]:
    """Returns the predictor, and everything that its figures depend on."""
    predictor = open_model(model, folder)
    return predictor, {
      'sha256': model.sha256,
      'interface': dataclasses.asdict(predictor.reading.as_declared()),
      'data': folder.fingerprint,
      'edges': [
        depth_edges.LEAST_RATIO,
        depth_edges.AVERAGES,
        depth_edges.AVERAGE_PX,
        depth_edges.MOST_HOLE_PX,
        boundary_error.LEAST_KNOWN,
        boundary_error.THRESHOLD_PX,
      ],
      **measuring.predicted_with(),
    }


def open_model(
  model: Model, folder: stranger_folders.Folder
) -> file_predictors.TflitePredictor:
  """Opens a file; what nothing states about it is found on the pairs."""
  return file_predictors.TflitePredictor(
    model.path,
    declared=model.declared,
    open_pairs=lambda: ((rgb, depth) for _, rgb, depth in folder.open()),
  )


def _evaluate(
  predictor: file_predictors.TflitePredictor,
  model: Model,
  folder: stranger_folders.Folder,
) -> dict[str, Any]:
  """Measures one file on one folder."""
  errors = []

  def observe(
    name: str, rgb_uint8: np.ndarray, pred_mm: np.ndarray, depth_mm: np.ndarray
  ) -> None:
    del name, rgb_uint8
    truth = boundary_error.TrueEdges.of(depth_mm)
    errors.append(None if truth is None else truth.error(pred_mm))

  start_s = time.monotonic()
  result = evaluation.evaluate(
    predictor, _with_progress(folder, model), observe=observe
  )
  boundary = boundary_error.mean(errors)
  seconds = time.monotonic() - start_s
  say(
    f'{folder.name}, {model.file}: si-RMSE {result["si_rmse"]:.4f} '
    f'({seconds:.0f} s)'
  )
  return {
    **{name: result[name] for name in depth_metrics.METRIC_NAMES},
    **{
      f'boundary_{name}': boundary and getattr(boundary, name)
      for name in boundary_error.BoundaryError._fields
    },
    'boundary_images': sum(error is not None for error in errors),
    'images': result['images'],
    'notes': [*predictor.reading.notes(), *result['warnings']],
  }


def _with_progress(
  folder: stranger_folders.Folder, model: Model
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
  next_s = time.monotonic() + _PROGRESS_S
  for done, pair in enumerate(folder.open()):
    if time.monotonic() >= next_s:
      next_s = time.monotonic() + _PROGRESS_S
      say(f'  {folder.name}, {model.file}: {done} of {folder.images} pairs')
    yield pair
