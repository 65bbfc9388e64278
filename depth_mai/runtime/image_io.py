# SPDX-License-Identifier: Apache-2.0
"""Pictures of any kind and size in, depth maps of the same size out."""

import os
import pathlib
import struct

import numpy as np
from PIL import Image
from PIL import ImageOps

from depth_mai.runtime import model_file

# What is taken from a folder; a file that is named itself may be of any format
# that Pillow reads.
IMAGE_SUFFIXES = ('.jpeg', '.jpg', '.png', '.webp')

# What Pillow raises on damaged pictures of one format or another.
_READ_ERRORS = (
  OSError,
  SyntaxError,
  ValueError,
  EOFError,
  IndexError,
  struct.error,
  Image.DecompressionBombError,
)


def load_rgb(path: str | os.PathLike[str]) -> np.ndarray:
  """Reads a picture as it is meant to be seen.

  The EXIF orientation is applied, so a portrait photograph stands upright.
  Grey, palette and CMYK pictures become RGB, transparent parts white, and
  16-bit grey is brought to 8 bits. Of an animation the first frame is taken.

  Args:
    path: a PNG, JPEG or WebP file, or another that Pillow reads.

  Returns:
    [H, W, 3] uint8.

  Raises:
    ValueError: the file is missing, damaged or not a picture; it is named.
  """
  path = os.fspath(path)
  try:
    with Image.open(path) as picture:
      picture.load()
      return np.array(_to_rgb(_upright(picture)))
  except FileNotFoundError as error:
    raise ValueError(f'There is no picture {path}.') from error
  except _READ_ERRORS as error:
    raise ValueError(f'{path} cannot be read as a picture: {error}') from error


def list_images(folder: str | os.PathLike[str]) -> list[pathlib.Path]:
  """Returns the pictures that lie directly in a folder, sorted by name.

  Args:
    folder: a directory.

  Returns:
    Paths (pathlib.Path) whose suffix is in IMAGE_SUFFIXES, in any case;
    hidden files are left out.

  Raises:
    ValueError: the folder holds no picture or cannot be read.
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
      f'The folder {folder} holds no picture; looked for '
      f'{", ".join(IMAGE_SUFFIXES)} directly in it, not in its subfolders.'
    )
  return images


def resize_rgb(rgb_uint8: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Resizes a picture, smoothing as it shrinks.

  Args:
    rgb_uint8: [H, W, 3] uint8.
    size: (height, width) wanted; the aspect ratio is not kept.

  Returns:
    [height, width, 3] uint8; the input itself where the size is right.
  """
  if rgb_uint8.shape[:2] == tuple(size):
    return rgb_uint8
  height, width = size
  picture = Image.fromarray(rgb_uint8).resize(
    (width, height), Image.Resampling.BILINEAR, reducing_gap=3.0
  )
  return np.array(picture)


def resize_depth_mm(depth_mm: np.ndarray, size: tuple[int, int]) -> np.ndarray:
  """Resizes a depth map bilinearly, smoothing as it shrinks.

  Args:
    depth_mm: [H, W] float, millimetres (or any other unit), no holes.
    size: (height, width) wanted.

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

  The picture is stretched to the model's input and the depth map brought back.

  Args:
    model: a `model_file.TfliteModel`.
    rgb_uint8: [H, W, 3] uint8.

  Returns:
    [H, W] float32, millimetres.
  """
  depth_mm = model.predict_mm(resize_rgb(rgb_uint8, model.input_size))
  return resize_depth_mm(depth_mm, rgb_uint8.shape[:2])


def _upright(picture: Image.Image) -> Image.Image:
  """Applies the EXIF orientation; broken EXIF data is as good as none."""
  try:
    return ImageOps.exif_transpose(picture)
  except _READ_ERRORS:
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
