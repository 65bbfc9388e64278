# SPDX-License-Identifier: Apache-2.0
"""Reads pictures and depth maps exactly, and writes depth maps.

Depth maps, true and predicted ones, are in the challenge's format: PNG files
with one 16-bit channel, millimetres, 0 = unknown.

This module also runs on the device, so it needs only NumPy and Pillow.
"""

import io
import os
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import problems

# Errors that Pillow raises for damaged files.
DECODING_ERRORS = (
  OSError,
  SyntaxError,
  ValueError,
  EOFError,
  IndexError,
  struct.error,
  zlib.error,
  Image.DecompressionBombError,
)
_FORMATS = ('PNG', 'JPEG')

# The last chunk of a PNG file, with its checksum. Pillow does not require it.
_PNG_END = b'IEND\xaeB`\x82'

# Positions of bit depth and colour type in a PNG file (its header comes first).
_PNG_BIT_DEPTH_OFFSET = 24
_PNG_COLOUR_TYPE_OFFSET = 25
_PNG_COLOUR_TYPES = {
  0: 'one channel',
  2: 'three channels',
  3: 'a palette',
  4: 'two channels',
  6: 'four channels',
}
_ORIENTATION_TAG = 0x0112
# Only these chunks of a PNG file can hold an orientation: EXIF, and text.
_PNG_EXIF_CHUNKS = (b'eXIf', b'iTXt', b'tEXt', b'zTXt')


def orientation(path: str | os.PathLike[str]) -> int:
  """Returns how a picture must be turned to be upright.

  Args:
    path: a picture.

  Returns:
    1 (as it is stored) to 8, the orientation of EXIF 2.3; 1 if the file has
    none, a damaged one, or cannot be read.
  """
  try:
    encoded = pathlib.Path(path).read_bytes()
    with Image.open(io.BytesIO(encoded)) as picture:
      return _orientation(picture, encoded)
  except DECODING_ERRORS:
    return 1


def _orientation(picture: Image.Image, encoded: bytes) -> int:
  """Returns the orientation of an open picture, 1 to 8."""
  if picture.format == 'PNG' and not any(
    name in encoded for name in _PNG_EXIF_CHUNKS
  ):
    return 1  # Pillow would decode all pixels to find this out.
  try:
    value = picture.getexif().get(_ORIENTATION_TAG)
  except Exception:  # Damaged EXIF data raise errors of any kind.
    return 1
  return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_rgb(
  path: str | os.PathLike[str], formats: tuple[str, ...] | None = _FORMATS
) -> np.ndarray:
  """Reads a picture as stored; an EXIF orientation is not applied.

  Args:
    path: RGB picture; grey, palette and alpha are converted.
    formats: Pillow's names of the allowed formats; None allows all.

  Returns:
    [H, W, 3] uint8, RGB.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  path = pathlib.Path(path)
  picture, _ = _decode(path, formats)
  if picture.mode not in ('RGB', 'RGBA', 'L', 'LA', 'P'):
    what = f'the picture has the mode {picture.mode} instead of 8-bit RGB'
    raise problems.refusal(path, what, 'convert it to 8-bit RGB')
  return np.array(picture.convert('RGB'), dtype=np.uint8)


def read_depth_mm(path: str | os.PathLike[str]) -> np.ndarray:
  """Reads a depth map exactly.

  Args:
    path: PNG file with one 16-bit channel, millimetres, 0 = unknown.

  Returns:
    [H, W] uint16, millimetres.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  path = pathlib.Path(path)
  picture, encoded = _decode(path, _FORMATS)
  cure = 'export the depth map again as a 16-bit one-channel PNG in millimetres'
  if picture.format != 'PNG':
    what = f'a depth map must be a PNG file; this is a {picture.format} file'
    raise problems.refusal(path, what, cure)
  # Read from the file itself: Pillow's name for 16 bits (I;16, I) depends on
  # its version, and it opens some 16-bit files as 8-bit ones.
  bits = encoded[_PNG_BIT_DEPTH_OFFSET]
  channels = _PNG_COLOUR_TYPES.get(encoded[_PNG_COLOUR_TYPE_OFFSET], 'unknown')
  if bits != 16 or channels != 'one channel':
    raise problems.refusal(
      path,
      'a depth map must have one channel of 16 bits; this file has '
      f'{channels} of {bits} bits',
      f'{cure} (depth cannot be recovered from coloured or 8-bit pictures)',
    )
  return np.asarray(picture).astype(np.uint16)


def write_depth_mm(path: str | os.PathLike[str], depth_mm: np.ndarray) -> None:
  """Writes a predicted depth map, rounded and clipped to 1..65535 mm.

  Args:
    path: the .png file; it appears only when it is complete.
    depth_mm: [H, W] or [H, W, 1], millimetres, any real type.

  Raises:
    ValueError: the shape is wrong, or values are not finite.
    OSError: the file cannot be written.
  """
  depth_mm = np.asarray(depth_mm)
  if depth_mm.ndim == 3 and depth_mm.shape[-1] == 1:
    depth_mm = depth_mm[..., 0]
  if depth_mm.ndim != 2 or not depth_mm.size:
    raise ValueError(
      f'{path}: a depth map has the shape [height, width], got '
      f'{depth_mm.shape}.'
    )
  bad_pixels = depth_mm.size - int(np.count_nonzero(np.isfinite(depth_mm)))
  if bad_pixels:
    raise ValueError(
      f'{path}: {bad_pixels} of {depth_mm.size} depths are NaN or infinite, so '
      'nothing was written. Check the model: its float16 or quantised form may '
      'overflow (convert it as float32 to compare).'
    )
  bounds = challenge.MIN_DEPTH_MM, challenge.MAX_DEPTH_MM
  rounded = np.clip(np.rint(depth_mm), *bounds)
  with atomic.atomic_path(path) as temporary:
    Image.fromarray(rounded.astype(np.uint16)).save(temporary, format='PNG')


def _decode(
  path: pathlib.Path, formats: tuple[str, ...] | None
) -> tuple[Image.Image, bytes]:
  """Returns the decoded picture and the file's bytes, or refuses the file."""
  try:
    encoded = path.read_bytes()
  except OSError as error:
    what = f'the file cannot be read ({error.strerror})'
    raise problems.refusal(path, what, 'check the path') from error
  try:
    # Decoding alone does not check the checksums of a PNG file.
    with Image.open(io.BytesIO(encoded), formats=formats) as picture:
      picture.verify()
    with Image.open(io.BytesIO(encoded), formats=formats) as picture:
      picture.load()
    if picture.format == 'PNG' and encoded.rfind(_PNG_END) < 0:
      raise ValueError('its end is missing')
    return picture, encoded
  except Image.UnidentifiedImageError as error:
    allowed = f'a {" or ".join(formats)} file' if formats else 'a known picture'
    what = f'this is not {allowed} ({len(encoded)} bytes)'
    cure = 'copy or convert it again, or remove the pair'
    raise problems.refusal(path, what, cure) from error
  except DECODING_ERRORS as error:
    what = f'the file is damaged or cut off ({error})'
    cure = 'copy it again from its source, or remove the pair'
    raise problems.refusal(path, what, cure) from error
