# SPDX-License-Identifier: Apache-2.0
"""Predicts a few pictures of a split with each ranked file, to be shown."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
import os
import typing

import numpy as np

from depth_mai.runtime import image_io
from depth_mai.runtime import model_file


class Examples(typing.NamedTuple):
  """Pictures and what each system sees in them.

  Attributes:
    images: (id, rgb_uint8 [H, W, 3], depth_mm [H, W]) each.
    predictions: from the name of a system to its depth of each image,
      [H, W] float32, millimetres.
  """

  images: list[tuple[str, np.ndarray, np.ndarray]]
  predictions: dict[str, list[np.ndarray]]


def predict(
  models: Mapping[str, str | os.PathLike[str]],
  pairs: Iterable[tuple[str, np.ndarray, np.ndarray]],
  indices: Collection[int],
  num_threads: int = 1,
) -> Examples:
  """Predicts some pictures of a split.

  Args:
    models: from the name of a system to its .tflite file.
    pairs: the split, as `source.evaluation_pairs` gives it.
    indices: which of its pictures, counted from 0.
    num_threads: threads for the kernels.

  Returns:
    The pictures, in the order of the split, and the predictions.

  Raises:
    ValueError: if a file cannot be used, or a picture be read.
  """
  images = []
  for index, pair in enumerate(pairs):
    if index in indices:
      images.append(pair)
    if len(images) == len(indices):
      break
  predictions = {}
  for name, path in models.items():
    model = model_file.TfliteModel(path, num_threads=num_threads)
    predictions[name] = [
      image_io.predict_picture_mm(model, rgb_uint8)
      for _, rgb_uint8, _ in images
    ]
  return Examples(images, predictions)
