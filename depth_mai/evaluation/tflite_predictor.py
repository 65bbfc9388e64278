# SPDX-License-Identifier: Apache-2.0
"""Predictions of a converted network, a .tflite file."""

from collections.abc import Sequence
import os

import numpy as np

from depth_mai.runtime import image_io
from depth_mai.runtime import model_file


class TflitePredictor:
  """Predicts with the very file that goes on the device.

  Attributes:
    batch_size: always 1.
  """

  batch_size = 1

  def __init__(self, path: str | os.PathLike[str], num_threads: int = 1):
    """Loads a model.

    Args:
      path: a .tflite file written by depth_mai.convert.
      num_threads: threads for the kernels; they change nothing but the speed.

    Raises:
      ValueError: if the file is missing or is no depth model.
    """
    self._model = model_file.TfliteModel(path, num_threads=num_threads)

  def predict_mm(
    self, names: Sequence[str], rgb_uint8: Sequence[np.ndarray]
  ) -> list[np.ndarray]:
    """Predicts images, one after another.

    Args:
      names: ids of the images, not used.
      rgb_uint8: N images, uint8 [H, W, 3] of any size.

    Returns:
      N depth maps, float32 [h, w] of the model's output size, millimetres.
    """
    del names
    size = self._model.input_size
    return [
      self._model.predict_mm(image_io.resize_rgb(rgb, size))
      for rgb in rgb_uint8
    ]
