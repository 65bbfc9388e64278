# SPDX-License-Identifier: Apache-2.0
"""Runs a predictor over a split and measures its predictions.

Threads read the next pairs and measure the last predictions meanwhile.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import dataclasses
import functools
import itertools
import os
import pathlib
import re
from typing import Any
from typing import Protocol

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.challenge_folder import folder
from depth_mai.data import source
from depth_mai.evaluation import alignment
from depth_mai.files import failures
from depth_mai.files import in_order
from depth_mai.metrics import depth_metrics
from depth_mai.metrics import depth_order
from depth_mai.metrics import depth_scale
from depth_mai.report import picture
from depth_mai.runtime import image_io

OVERVIEW = '_overview.png'


class Predictor(Protocol):
  """A network, file or folder that provides depth maps for images.

  Attributes:
    batch_size: the largest number of images per call.
  """

  batch_size: int

  def predict_mm(
    self, names: Sequence[str], rgb_uint8: Sequence[np.ndarray]
  ) -> Sequence[np.ndarray]:
    """Returns a depth map [h, w] in millimetres for each image [H, W, 3]."""


def split_ids(data_dir: str | os.PathLike[str], split: str) -> list[str]:
  """Lists the ids of a split in the order of `source.evaluation_pairs`.

  Args:
    data_dir: challenge folder or prepared tfds directory.
    split: name of the split.

  Returns:
    The ids.

  Raises:
    ValueError: if the split does not exist.
  """
  data_dir = pathlib.Path(data_dir).expanduser()
  if folder.is_prepared(data_dir):
    records = source.open_split(data_dir, split)
    return [source.id_text(x['id']) for x in records.as_numpy_iterator()]
  return [pair.id for pair in folder.list_pairs(data_dir, split)]


def check_limit(limit: int | None) -> None:
  """Raises a ValueError for a number of images below 1; None means all."""
  if limit is not None and limit < 1:
    raise ValueError(f'limit must be at least 1, got {limit}. Change --limit.')


def evaluate(
  predictor: Predictor,
  pairs: Iterable[tuple[str, np.ndarray, np.ndarray]],
  limit: int | None = None,
  pictures_dir: str | os.PathLike[str] | None = None,
  observe: Callable[[str, np.ndarray, np.ndarray, np.ndarray], object]
  | None = None,
  align: str = 'none',
) -> dict[str, Any]:
  """Measures a predictor.

  A prediction of another size than the ground truth is resized to it
  bilinearly; the ground truth is never resized.

  Args:
    predictor: predicts the depth maps to measure.
    pairs: (id, rgb_uint8 [H, W, 3], depth_mm [H, W]), see
      `source.evaluation_pairs`.
    limit: measure only this many images, the first ones; None for all.
    pictures_dir: folder for a picture <id>.png of each image, prediction,
      truth and error, and for an overview of the worst, middle and best.
    observe: called with each image: id, rgb_uint8, pred_mm and depth_mm, the
      prediction resized to the ground truth, and aligned.
    align: one of `alignment.ALIGNMENTS`; anything but 'none' fits each
      prediction to its ground truth first, so the figures do not compare with
      the challenge's.

  Returns:
    The dict of `DepthMetrics.result`, and `alignment`; `rank_correlation`, the
    mean over the images, see depth_order.py, None if it is undefined;
    `warnings`, texts; `per_image`, the metrics of each measured image by id. If
    a picture could not be written, such as on a full disk, `pictures_problem`
    says why, and the rest was measured without.

  Raises:
    ValueError: if limit is below 1, there is nothing to measure, or a
      prediction cannot be used.
  """
  check_limit(limit)
  metrics = depth_metrics.DepthMetrics()
  per_image, pictures_problem = {}, None
  correlations, ratios = [], []
  pairs = itertools.islice(pairs, limit)
  measured = in_order.mapped(
    functools.partial(_measure, align=align, pictures_dir=pictures_dir),
    _predictions(predictor, pairs),
  )
  for image in measured:
    correlations.append(image.correlation)
    ratios.append(image.ratio)
    if observe is not None:
      observe(image.name, image.rgb_uint8, image.pred_mm, image.depth_mm)
    found = metrics.add_errors(image.errors)
    if found is not None:
      per_image[image.name] = found
    pictures_problem = pictures_problem or image.picture_problem
  result = metrics.result()
  correlation = depth_order.mean(correlations)
  result['alignment'] = align
  result['rank_correlation'] = correlation
  warning = depth_order.inverse_text(correlation)
  fit = alignment.ALIGNMENTS[align]
  if fit is alignment.inverse_scale_shift:
    warning = depth_order.depth_text(correlation)
  elif fit is None:
    warning = warning or depth_scale.text(ratios)
  result['warnings'] = [warning] if warning else []
  result['per_image'] = per_image
  if pictures_problem is not None:
    return {**result, 'pictures_problem': pictures_problem}
  if pictures_dir is not None:
    _save_overview(pathlib.Path(pictures_dir), per_image)
  return result


@dataclasses.dataclass(frozen=True)
class _Image:
  """What was measured of an image; see `evaluate`."""

  name: str
  rgb_uint8: np.ndarray
  pred_mm: np.ndarray
  depth_mm: np.ndarray
  correlation: float | None
  ratio: float | None
  errors: depth_metrics.ImageErrors
  picture_problem: str | None


def _measure(
  predicted: tuple[str, np.ndarray, np.ndarray, np.ndarray],
  align: str,
  pictures_dir: str | os.PathLike[str] | None,
) -> _Image:
  """Measures one image of `_predictions`, and draws it."""
  name, rgb_uint8, pred_mm, depth_mm = predicted
  if pred_mm.shape != depth_mm.shape:
    pred_mm = image_io.resize_depth_mm(pred_mm, depth_mm.shape)
  correlation = depth_order.rank_correlation(pred_mm, depth_mm)
  ratio = depth_scale.ratio(pred_mm, depth_mm)
  fit = alignment.ALIGNMENTS[align]
  try:
    if fit is not None and (depth_mm > 0).any():
      pred_mm = fit(pred_mm, depth_mm)
    errors = depth_metrics.ImageErrors(pred_mm, depth_mm)
  except ValueError as error:
    raise ValueError(f'Image {name}: {error}') from error
  problem = None
  if errors.pixels and pictures_dir is not None:
    panels = picture.side_by_side(
      rgb_uint8,
      # As the metrics count it; aligned depth may be negative.
      np.maximum(pred_mm, challenge.MIN_DEPTH_MM) / challenge.MM_PER_M,
      depth_mm / challenge.MM_PER_M,
    )
    try:
      picture.save_picture(_picture_path(pictures_dir, name), panels)
    except OSError as error:
      problem = failures.explain_os_error(error)
  return _Image(
    name, rgb_uint8, pred_mm, depth_mm, correlation, ratio, errors, problem
  )


def _predictions(
  predictor: Predictor,
  pairs: Iterator[tuple[str, np.ndarray, np.ndarray]],
) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
  """Yields (id, rgb_uint8, pred_mm, depth_mm); the maps' sizes may differ."""
  while batch := list(itertools.islice(pairs, predictor.batch_size)):
    names, rgbs, truths = zip(*batch, strict=True)
    predictions = predictor.predict_mm(names, rgbs)
    yield from zip(names, rgbs, predictions, truths, strict=True)


def _picture_path(
  pictures_dir: str | os.PathLike[str], name: str
) -> pathlib.Path:
  """Returns the file for an image, also if its id is a path or has a NUL."""
  return pathlib.Path(pictures_dir, re.sub('[/\0]', '_', name) + '.png')


def _save_overview(
  pictures_dir: pathlib.Path, per_image: dict[str, dict[str, float]]
) -> None:
  """Saves the three worst, middle and best images by si-RMSE, at half size."""
  names = sorted(per_image, key=lambda name: -per_image[name]['si_rmse'])
  middle = max(0, len(names) // 2 - 1)
  chosen = names[:3] + names[middle : middle + 3] + names[-3:]
  chosen = sorted(set(chosen), key=names.index)
  rows, titles = [], []
  for name in chosen:
    with Image.open(_picture_path(pictures_dir, name)) as saved:
      rows.append([np.array(saved.convert('RGB').reduce(2))])
    place = f'{names.index(name) + 1} of {len(names)} from the worst'
    si_rmse = per_image[name]['si_rmse']
    titles.append(f'{name}: si-RMSE {si_rmse:.4f}, {place}')
  picture.save_picture(
    pictures_dir / OVERVIEW, picture.grid(rows, row_titles=titles)
  )
