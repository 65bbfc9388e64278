# SPDX-License-Identifier: Apache-2.0
"""Resizes pictures and depth maps, and predicts the depth of a picture."""

import numpy as np
from PIL import Image

from depth_mai.runtime import model_file


def resize_rgb(rgb_uint8: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Resizes a picture bilinearly, with antialiasing.

  Args:
    rgb_uint8: [H, W, 3] uint8.
    size: (height, width) of the result; the aspect ratio may change.

  Returns:
    [height, width, 3] uint8; the input itself if it has this size.
  """
  if rgb_uint8.shape[:2] == tuple(size):
    return rgb_uint8
  height, width = size
  picture = Image.fromarray(rgb_uint8).resize(
    (width, height), Image.Resampling.BILINEAR, reducing_gap=3.0
  )
  return np.array(picture)


def resize_depth_mm(depth_mm: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Resizes a depth map bilinearly, with antialiasing.

  Args:
    depth_mm: [H, W] float, millimetres or another unit, without unknown pixels.
    size: (height, width) of the result.

  Returns:
    [height, width] float32.
  """
  depth_mm = np.asarray(depth_mm, np.float32)
  if depth_mm.shape == tuple(size):
    return depth_mm
  height, width = size
  picture = Image.fromarray(depth_mm).resize(
    (width, height), Image.Resampling.BILINEAR
  )
  return np.array(picture)


def predict_picture_mm(
  model: model_file.TfliteModel, rgb_uint8: np.ndarray
) -> np.ndarray:
  """Predicts the depth of a picture of any size.

  The picture is resized to the model's input, and the depth map to the picture.

  Args:
    model: a `model_file.TfliteModel`.
    rgb_uint8: [H, W, 3] uint8.

  Returns:
    [H, W] float32, millimetres.
  """
  depth_mm = model.predict_mm(resize_rgb(rgb_uint8, model.input_size))
  return resize_depth_mm(depth_mm, rgb_uint8.shape[:2])
