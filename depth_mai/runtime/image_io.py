# SPDX-License-Identifier: Apache-2.0
"""Reads pictures of any format, resizes them, and predicts their depth."""

import os
import pathlib

import numpy as np
from PIL import Image
from PIL import ImageOps

from depth_mai.files import picture_files
from depth_mai.runtime import model_file

# The formats read from a folder; a single file may have any format that Pillow
# reads.
IMAGE_SUFFIXES = ('.jpeg', '.jpg', '.png', '.webp')


def load_rgb(path: str | os.PathLike[str]) -> np.ndarray:
  """Reads a picture as viewers show it.

  The EXIF orientation is applied. Grey, palette and CMYK pictures become RGB,
  transparent parts become white, and 16-bit grey is reduced to 8 bits. Only the
  first frame of an animation is read.

  Args:
    path: a PNG, JPEG or WebP file, or a file of another format that Pillow
      reads.

  Returns:
    [H, W, 3] uint8.

  Raises:
    ValueError: the file is missing, damaged or not a picture; names the file.
  """
  path = os.fspath(path)
  try:
    with Image.open(path) as picture:
      picture.load()
      return np.array(_to_rgb(_upright(picture)))
  except FileNotFoundError as error:
    raise ValueError(f'There is no picture {path}.') from error
  except picture_files.DECODING_ERRORS as error:
    raise ValueError(f'{path} cannot be read as a picture: {error}') from error


def list_images(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
  """Returns the pictures directly in a folder, sorted by name.

  Args:
    folder: a directory.

  Returns:
    Paths (pathlib.Path) whose suffix is in IMAGE_SUFFIXES, in upper or lower
    case, without hidden files.

  Raises:
    ValueError: the folder contains no picture or cannot be read.
  """
  folder = pathlib.Path(folder)
  try:
    entries = sorted(folder.iterdir())
  except OSError as error:
    raise ValueError(
      f'The folder {folder} cannot be read: {error.strerror}.'
    ) from error
  images = [
    entry
    for entry in entries
    if entry.suffix.lower() in IMAGE_SUFFIXES
    and not entry.name.startswith('.')
    and entry.is_file()
  ]
  if not images:
    raise ValueError(
      f'The folder {folder} contains no picture. Put files directly into it, '
      f'not into subfolders; their names must end in '
      f'{", ".join(IMAGE_SUFFIXES)}.'
    )
  return images


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


def _upright(picture: Image.Image) -> Image.Image:
  """Applies the EXIF orientation; damaged EXIF data is ignored."""
  try:
    return ImageOps.exif_transpose(picture)
  except picture_files.DECODING_ERRORS:
    return picture


def _to_rgb(picture: Image.Image) -> Image.Image:
  """Returns an 8-bit RGB picture; see `load_rgb`."""
  if picture.mode == 'I' or picture.mode.startswith('I;16'):
    # 65535 / 255 = 257.
    grey = np.clip(np.rint(np.asarray(picture) / 257.0), 0, 255)
    return Image.fromarray(grey.astype(np.uint8)).convert('RGB')
  if picture.mode == 'F':
    raise ValueError(
      'its pixels are floating-point numbers; save it with 8 bits a channel'
    )
  has_alpha = picture.mode in ('RGBA', 'LA', 'PA', 'RGBa', 'La')
  if has_alpha or 'transparency' in picture.info:
    picture = picture.convert('RGBA')
    white = Image.new('RGBA', picture.size, (255, 255, 255, 255))
    picture = Image.alpha_composite(white, picture)
  return picture.convert('RGB')
