# SPDX-License-Identifier: Apache-2.0
"""Photographs and teachers for tests, whose labels are known."""

import pathlib

import numpy as np
from PIL import Image

from tests.runtime import tiny_model


def save_ramp(path: pathlib.Path, size=(24, 32), green: int = 0) -> np.ndarray:
  """Saves a picture whose red grows to the right, and returns it."""
  height, width = size
  rgb_uint8 = np.zeros((height, width, 3), np.uint8)
  rgb_uint8[..., 0] = np.linspace(0, 255, width).astype(np.uint8)
  rgb_uint8[..., 1] = green
  path.parent.mkdir(parents=True, exist_ok=True)
  Image.fromarray(rgb_uint8).save(path)
  return rgb_uint8


def save_teacher(
  path: pathlib.Path, kernel=(1 / 51, 0.0, 0.0), bias=1.0, size=(24, 32)
) -> str:
  """Saves a .tflite file that gives kernel . (R, G, B) + bias metres."""
  path.write_bytes(
    tiny_model.float_model(size, kernel, bias, metadata={'output_unit': 'm'})
  )
  return str(path)
