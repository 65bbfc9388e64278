# SPDX-License-Identifier: Apache-2.0
"""Depth maps as 16-bit one-channel PNG files in millimetres.

This is the challenge's format for ground truth and for predictions. 0 means
"unknown" and therefore never stands for a predicted depth.
"""

import os

import numpy as np
from PIL import Image

from depth_mai.files import atomic

MIN_DEPTH_MM = 1
MAX_DEPTH_MM = 65535


def write_depth_png(path: str | os.PathLike[str], depth_mm: np.ndarray) -> None:
  """Writes a predicted depth map, rounded and clipped to 1..65535 mm.

  Args:
    path: the .png file; it appears only when it is complete.
    depth_mm: [H, W] or [H, W, 1], millimetres, any real type.

  Raises:
    ValueError: wrong shape, or values that are not finite.
    OSError: the file cannot be written.
  """
  depth_mm = np.asarray(depth_mm)
  if depth_mm.ndim == 3 and depth_mm.shape[-1] == 1:
    depth_mm = depth_mm[..., 0]
  if depth_mm.ndim != 2 or not depth_mm.size:
    raise ValueError(
      f'{path}: a depth map has shape [height, width], got {depth_mm.shape}.'
    )
  bad_pixels = depth_mm.size - int(np.count_nonzero(np.isfinite(depth_mm)))
  if bad_pixels:
    raise ValueError(
      f'{path}: {bad_pixels} of {depth_mm.size} depths are NaN or infinite; '
      'nothing is written. Check the model: its float16 or quantised form may '
      'overflow (convert it as float32 to compare).'
    )
  rounded = np.clip(np.rint(depth_mm), MIN_DEPTH_MM, MAX_DEPTH_MM)
  with atomic.atomic_path(path) as temporary:
    Image.fromarray(rounded.astype(np.uint16)).save(temporary, format='PNG')


def read_depth_png(path: str | os.PathLike[str]) -> np.ndarray:
  """Reads a 16-bit one-channel PNG.

  Args:
    path: the .png file.

  Returns:
    [H, W] uint16, millimetres; 0 = unknown.

  Raises:
    ValueError: the file is missing, damaged, or not a 16-bit one-channel PNG.
  """
  path = os.fspath(path)
  try:
    with Image.open(path) as picture:
      picture.load()
      kind, mode = picture.format, picture.mode
      depth_mm = np.asarray(picture)
  except (OSError, SyntaxError, ValueError) as error:
    raise ValueError(f'{path} cannot be read as a PNG: {error}') from error
  # Pillow calls a 16-bit grey PNG 'I;16' or, before version 11, 'I'.
  if kind != 'PNG' or mode not in ('I', 'I;16', 'I;16B', 'I;16L'):
    raise ValueError(
      f'{path} is a {kind} picture of mode {mode}, not a 16-bit one-channel '
      'PNG in millimetres.'
    )
  return depth_mm.astype(np.uint16)
