# SPDX-License-Identifier: Apache-2.0
"""Reads one frame: its picture as it will be stored, its depth in millimetres.

In this order: the depth becomes millimetres, the mask is applied, the depth is
brought to the size of the picture (nearest neighbour), both lose the border,
both are shrunk to `max_width`. A picture that is not changed keeps the bytes of
its PNG or JPEG file; any other is stored as PNG.
"""

import dataclasses
import io
import pathlib

import numpy as np
from PIL import Image

from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.datasets.rgbd_folder import units
from depth_mai.files import folder
from depth_mai.files import problems as problems_lib

# Picture and depth map may differ in size, but hardly in shape: ScanNet's
# 1296 x 968 and 640 x 480 differ by 0.4 %, 16:9 and 4:3 by 33 %.
MOST_ASPECT_DIFFERENCE = 0.03
_KEPT_SUFFIXES = folder.RGB_SUFFIXES
_LOSSLESS_SUFFIXES = ('.bmp', '.ppm', '.tif', '.tiff', '.webp')
_PNG_LEVEL = 1


@dataclasses.dataclass(frozen=True)
class Facts:
  """What a report says of a frame.

  Attributes:
    rgb_size: (width, height) of the picture's file, pixels.
    depth_size: (width, height) of the depth map's file, pixels.
    size: (width, height) of both as stored, pixels.
    dtype: of the numbers in the depth file.
    values: statistics of these numbers, in the file's unit.
    median_m: median of the known depth as stored, metres; 0 if none is known.
    nearest_m: smallest known depth as stored, metres.
    farthest_m: largest known depth as stored, metres.
    known: share of the stored pixels whose depth is known.
    too_far: share of the depth file that is farther than max_depth_m.
  """

  rgb_size: tuple[int, int]
  depth_size: tuple[int, int]
  size: tuple[int, int]
  dtype: str
  values: units.Values
  median_m: float
  nearest_m: float
  farthest_m: float
  known: float
  too_far: float


@dataclasses.dataclass(frozen=True)
class Content:
  """A frame as it is stored.

  Attributes:
    rgb: a PNG or JPEG file.
    rgb_uint8: what it holds, [H, W, 3].
    depth_mm: [H, W] uint16, millimetres, 0 = unknown.
    facts: for the report.
  """

  rgb: bytes
  rgb_uint8: np.ndarray
  depth_mm: np.ndarray
  facts: Facts


def read(
  frame: pairing.Frame, description: description_lib.Description
) -> Content:
  """Reads a frame.

  Args:
    frame: its files.
    description: what is in them.

  Returns:
    The frame as it is stored. Its depth may be unknown everywhere.

  Raises:
    BadInputError: (a ValueError) with all that is wrong with its files.
  """
  problems, arrays = [], []
  for reader, path in (
    (_read_rgb, frame.rgb_path),
    (depth_file.read, frame.depth_path),
    (_read_mask, frame.mask_path),
  ):
    try:
      arrays.append(None if path is None else reader(path))
    except problems_lib.BadInputError as error:
      problems += error.problems
  if problems:
    raise problems_lib.BadInputError(problems)
  rgb_uint8, values, mask = arrays
  known = units.known_mask(values, description.invalid)
  depth_mm, too_far = to_millimetres(values, known, description)
  if mask is not None:
    _check_shape(frame.mask_path, 'the mask', mask, frame.depth_path, values)
    depth_mm = np.where(resized(mask, depth_mm.shape), depth_mm, 0)
  _check_shape(
    frame.depth_path, 'the depth map', values, frame.rgb_path, rgb_uint8
  )
  stored_rgb = _cut(rgb_uint8, description, frame.rgb_path)
  stored_mm = _cut(
    resized(depth_mm, rgb_uint8.shape[:2]), description, frame.rgb_path
  )
  stored_rgb, stored_mm = _shrunk(stored_rgb, stored_mm, description.max_width)
  known_mm = stored_mm[stored_mm > 0]
  return Content(
    rgb=_encoded(frame.rgb_path, rgb_uint8, stored_rgb),
    rgb_uint8=stored_rgb,
    depth_mm=stored_mm,
    facts=Facts(
      rgb_size=_size(rgb_uint8),
      depth_size=_size(values),
      size=_size(stored_mm),
      dtype=str(values.dtype),
      values=units.measure(values, known),
      median_m=float(np.median(known_mm)) / 1000 if known_mm.size else 0.0,
      nearest_m=float(known_mm.min(initial=65535)) / 1000,
      farthest_m=float(known_mm.max(initial=0)) / 1000,
      known=known_mm.size / stored_mm.size,
      too_far=too_far,
    ),
  )


def to_millimetres(
  values: np.ndarray,
  known: np.ndarray,
  description: description_lib.Description,
) -> tuple[np.ndarray, float]:
  """Turns the numbers of a depth file into millimetres.

  Args:
    values: [H, W], in the file's unit.
    known: [H, W] bool, false where the depth is unknown.
    description: unit and range.

  Returns:
    [H, W] uint16, millimetres, rounded to the nearest; 0 where unknown, nearer
    than min_depth_m or farther than max_depth_m or 65.535 m. And the share of
    all pixels that is known but too far.
  """
  depth_m = np.where(known, values, 0).astype(np.float64)
  depth_m /= description.units_per_metre
  farthest_m = min(description.max_depth_m, description_lib.LARGEST_M)
  # Half a millimetre is what rounding forgives.
  far = depth_m >= farthest_m + 0.0005
  near = depth_m < description.min_depth_m
  depth_mm = np.where(far | near, 0, np.rint(depth_m * 1000))
  return depth_mm.astype(np.uint16), float(far.mean())


def resized(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
  """Resizes a map to (height, width) by taking the nearest pixel.

  Pixels are squares: the middle of pixel i of n lies at (i + 0.5) / n.
  """
  if values.shape == tuple(shape):
    return values
  rows, columns = (
    ((np.arange(n) + 0.5) * old / n).astype(np.intp)
    for n, old in zip(shape, values.shape, strict=True)
  )
  return values[rows[:, None], columns]


def _read_rgb(path: pathlib.Path) -> np.ndarray:
  """Reads a picture, [H, W, 3] uint8."""
  if path.suffix.lower() not in _LOSSLESS_SUFFIXES:
    return folder.read_rgb(path)
  try:
    with Image.open(path) as picture:
      if picture.mode not in ('RGB', 'RGBA', 'L', 'LA', 'P'):
        raise ValueError(f'its mode is {picture.mode}, not 8-bit RGB')
      return np.array(picture.convert('RGB'), dtype=np.uint8)
  except (OSError, SyntaxError, ValueError) as error:
    what = f'the picture cannot be read ({error})'
    cure = 'convert it to 8-bit RGB PNG, or remove the pair'
    raise _refusal(path, what, cure) from error


def _read_mask(path: pathlib.Path) -> np.ndarray:
  """Reads a mask, [H, W] bool, true where the depth is known."""
  try:
    if path.suffix.lower() == '.npy':
      with path.open('rb') as stream:
        mask = np.load(stream, allow_pickle=False)
    else:
      with Image.open(path) as picture:
        mask = np.array(picture)
  except (OSError, SyntaxError, ValueError, EOFError) as error:
    what = f'the mask cannot be read ({error})'
    raise _refusal(path, what, 'copy it again from its source') from error
  mask = mask[..., 0] if mask.ndim == 3 and mask.shape[-1] == 1 else mask
  if mask.ndim != 2:
    what = f'a mask must be [H, W], this is {list(mask.shape)}'
    raise _refusal(path, what, 'save it with one channel; 0 means unknown')
  return np.nan_to_num(mask) != 0


def _check_shape(path, name, values, other_path, other) -> None:
  """Refuses a map whose sides are not in the ratio of its picture's."""
  aspect, wanted = (a.shape[1] / a.shape[0] for a in (values, other))
  if abs(aspect / wanted - 1) > MOST_ASPECT_DIFFERENCE:
    raise _refusal(
      path,
      f'{name} is {_text(values)} and {other_path.name} is {_text(other)} '
      f'(width x height): their shapes differ by '
      f'{abs(aspect / wanted - 1):.0%}, so they do not show the same',
      "export the depth map aligned to the colour camera (the camera's SDK "
      'does this), or crop the wider one of the two to the same field of view',
    )


def _cut(values, description, path):
  """Cuts the border off."""
  crop = description.crop
  height, width = values.shape[:2]
  cut = values[crop.top : height - crop.bottom, crop.left : width - crop.right]
  if not cut.size:
    what = f'nothing of its {width} x {height} pixels is left by {crop}'
    raise _refusal(path, what, 'make crop in the description smaller')
  return cut


def _shrunk(rgb_uint8, depth_mm, max_width):
  """Shrinks both to a width; colours are averaged, depth is picked."""
  height, width = depth_mm.shape
  if not max_width or width <= max_width:
    return rgb_uint8, depth_mm
  size = (max_width, max(1, round(height * max_width / width)))
  picture = Image.fromarray(rgb_uint8).resize(size, Image.Resampling.LANCZOS)
  return np.array(picture), resized(depth_mm, size[::-1])


def _encoded(path, original, stored) -> bytes:
  """Returns the file's own bytes if they are what is to be stored."""
  if stored.shape == original.shape and path.suffix.lower() in _KEPT_SUFFIXES:
    return path.read_bytes()
  return png(stored)


def png(values: np.ndarray) -> bytes:
  """Encodes a picture or a depth map as PNG."""
  stream = io.BytesIO()
  picture = Image.fromarray(np.ascontiguousarray(values))
  picture.save(stream, 'PNG', compress_level=_PNG_LEVEL)
  return stream.getvalue()


def _size(values) -> tuple[int, int]:
  return values.shape[1], values.shape[0]


def _text(values) -> str:
  return f'{values.shape[1]} x {values.shape[0]}'


def _refusal(path, what, cure) -> problems_lib.BadInputError:
  return problems_lib.BadInputError([problems_lib.Problem(path, what, cure)])
