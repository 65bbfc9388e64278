# SPDX-License-Identifier: Apache-2.0
"""Reads a frame: the picture to store, and its depth in millimetres.

The steps are, in this order: convert the depth to millimetres, apply the mask,
resize the depth to the size of the picture (nearest neighbour), cut off the
border, shrink both to `max_width`. A picture that does not change keeps the
bytes of its PNG or JPEG file if every decoder reads the same pixels from them
(`picture_files.is_plain`); any other is stored as PNG, upright and in RGB.
"""

import dataclasses
import functools
import io
import pathlib

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.datasets.rgbd_folder import depth_file
from depth_mai.datasets.rgbd_folder import description as description_lib
from depth_mai.datasets.rgbd_folder import encodings
from depth_mai.datasets.rgbd_folder import numbers
from depth_mai.datasets.rgbd_folder import pairing
from depth_mai.files import problems as problems_lib
from depth_mai.pictures import picture_files
from depth_mai.pictures import true_depth
from depth_mai.pictures import turned

# Largest difference of the aspect ratios of picture and depth map: ScanNet's
# 1296 x 968 and 640 x 480 differ by 0.4 %, 16:9 and 4:3 by 33 %.
MOST_ASPECT_DIFFERENCE = 0.03
_PNG_LEVEL = 1


@dataclasses.dataclass(frozen=True)
class Facts:
  """Measurements of a frame, for the report.

  Attributes:
    rgb_size: (width, height) of the picture's file, pixels.
    depth_size: (width, height) of the depth map's file, pixels.
    size: (width, height) of both as stored, pixels.
    dtype: type of the numbers in the depth file.
    values: statistics of these numbers, in the file's unit.
    depth_m: statistics of the depth as stored, metres.
    too_far: share of the depth file's pixels beyond max_depth_m.
    marks: the numbers that were found to stand for unknown depth (true_depth).
    marked: share of the depth file's pixels with one of them.
    limit: the number at which depth seems to be cut off, 0 for none.
    orientation: EXIF orientation of the picture, 1 (none) to 8.
  """

  rgb_size: tuple[int, int]
  depth_size: tuple[int, int]
  size: tuple[int, int]
  dtype: str
  values: numbers.Values
  depth_m: numbers.Values
  too_far: float
  marks: tuple[float, ...]
  marked: float
  limit: float
  orientation: int


@dataclasses.dataclass(frozen=True)
class Content:
  """A frame as it is stored.

  Attributes:
    rgb: the bytes of a PNG or JPEG file.
    rgb_uint8: the picture, [H, W, 3].
    depth_mm: [H, W] uint16, millimetres, 0 = unknown.
    facts: measurements for the report.
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
    description: unit, range, border and size.

  Returns:
    The frame as it is stored. Its depth may be unknown everywhere.

  Raises:
    BadInputError: (a ValueError) with all problems of its files.
  """
  rgb_uint8, bad_rgb = problems_lib.attempt(
    picture_files.read_rgb, frame.rgb_path
  )
  read_values = functools.partial(
    depth_file.read, encoding=description.encoding
  )
  values, bad_depth = problems_lib.attempt(read_values, frame.depth_path)
  mask, bad_mask = problems_lib.attempt(depth_file.read_mask, frame.mask_path)
  problems_lib.check(bad_rgb + bad_depth + bad_mask)
  known = numbers.known_mask(values, description.invalid)
  marks = true_depth.marks(np.where(known, values, 0))
  known = known & numbers.known_mask(values, marks)
  depth_mm, too_far = to_millimetres(values, known, description)
  if mask is not None:
    _check_shape(frame.mask_path, 'the mask', mask, frame.depth_path, values)
    depth_mm = np.where(resized(mask, depth_mm.shape), depth_mm, 0)
  _check_shape(
    frame.depth_path, 'the depth map', values, frame.rgb_path, rgb_uint8
  )
  stored_rgb, stored_mm = (
    _cut(image, description.crop, frame.rgb_path)
    for image in (rgb_uint8, resized(depth_mm, rgb_uint8.shape[:2]))
  )
  (width, height), max_width = _size(stored_mm), description.max_width
  if 0 < max_width < width:
    size = max_width, max(1, round(height * max_width / width))
    picture = Image.fromarray(stored_rgb)
    stored_rgb = np.array(picture.resize(size, Image.Resampling.LANCZOS))
    stored_mm = resized(stored_mm, size[::-1])
  is_file = stored_rgb.shape == rgb_uint8.shape and picture_files.is_plain(
    frame.rgb_path
  )
  depth_m = stored_mm / challenge.MM_PER_M
  return Content(
    rgb=frame.rgb_path.read_bytes() if is_file else png(stored_rgb),
    rgb_uint8=stored_rgb,
    depth_mm=stored_mm,
    facts=Facts(
      rgb_size=_size(rgb_uint8),
      depth_size=_size(values),
      size=_size(stored_mm),
      dtype=str(values.dtype),
      values=numbers.measure(values, known),
      depth_m=numbers.measure(depth_m, depth_m > 0),
      too_far=too_far,
      marks=marks,
      marked=float(np.isin(values, marks).mean()) if marks else 0.0,
      limit=true_depth.limit(np.where(known, values, 0)),
      orientation=picture_files.orientation(frame.rgb_path),
    ),
  )


def to_millimetres(
  values: np.ndarray,
  known: np.ndarray,
  description: description_lib.Description,
) -> tuple[np.ndarray, float]:
  """Converts the numbers of a depth file to millimetres.

  Args:
    values: [H, W], in the file's unit.
    known: [H, W] bool, false where the depth is unknown.
    description: unit and range.

  Returns:
    [H, W] uint16, millimetres, rounded to the nearest; 0 where unknown, nearer
    than min_depth_m, or farther than max_depth_m or 65.534 m; and the share of
    all pixels that are known but too far.
  """
  depth_m = encodings.to_metres(
    np.where(known, values, 0),
    description.encoding,
    description.baseline_m,
    description.focal_px,
  )
  farthest_m = min(description.max_depth_m, description_lib.LARGEST_M)
  # Rounding moves depth by up to half a millimetre.
  far = depth_m >= farthest_m + 0.0005
  near = depth_m < description.min_depth_m
  depth_m = np.where(far | near, 0, depth_m)
  depth_mm = np.rint(depth_m * challenge.MM_PER_M)
  return depth_mm.astype(np.uint16), float(far.mean())


def resized(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
  """Resizes a map to (height, width) by taking the nearest pixel.

  Pixels are squares: the centre of pixel i of n is at (i + 0.5) / n.
  """
  if values.shape == tuple(shape):
    return values
  rows, columns = (
    ((np.arange(n) + 0.5) * old / n).astype(np.intp)
    for n, old in zip(shape, values.shape, strict=True)
  )
  return values[rows[:, None], columns]


def png(values: np.ndarray) -> bytes:
  """Encodes a picture or a depth map as PNG."""
  stream = io.BytesIO()
  picture = Image.fromarray(np.ascontiguousarray(values))
  picture.save(stream, 'PNG', compress_level=_PNG_LEVEL)
  return stream.getvalue()


def _check_shape(
  path: pathlib.Path,
  name: str,
  values: np.ndarray,
  other_path: pathlib.Path,
  other: np.ndarray,
) -> None:
  """Refuses a map with another aspect ratio than `other`."""
  aspect, wanted = (a.shape[1] / a.shape[0] for a in (values, other))
  difference = abs(aspect / wanted - 1)
  if difference > MOST_ASPECT_DIFFERENCE:
    lying = turned.problem(path, values, other_path, other)
    if lying is not None:
      raise problems_lib.BadInputError([lying])
    raise problems_lib.refusal(
      path,
      f'{name} is {problems_lib.size_text(values)} and {other_path.name} is '
      f'{problems_lib.size_text(other)} (width x height): their aspect ratios '
      f'differ by {difference:.0%}, so their fields of view differ',
      "export the depth map aligned to the colour camera (the camera's SDK "
      'does this), or crop the wider of the two to the same field of view',
    )


def _cut(
  image: np.ndarray, crop: description_lib.Crop, path: pathlib.Path
) -> np.ndarray:
  """Cuts the border off a picture or a map."""
  height, width = image.shape[:2]
  cut = image[crop.top : height - crop.bottom, crop.left : width - crop.right]
  if not cut.size:
    what = f'{crop} cuts off all of its {width} x {height} pixels'
    raise problems_lib.refusal(
      path, what, 'make crop in the description smaller'
    )
  return cut


def _size(image: np.ndarray) -> tuple[int, int]:
  return image.shape[1], image.shape[0]
