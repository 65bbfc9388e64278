# SPDX-License-Identifier: Apache-2.0
"""Reads one picture or one depth map, exactly, or says what is wrong with it.

NumPy and Pillow only: this module also runs on the device.
"""

import io
import os
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

from depth_mai.files import problems

# What Pillow may raise for a damaged file, depending on where the damage is.
_DECODING_ERRORS = (
  OSError,
  SyntaxError,
  ValueError,
  EOFError,
  IndexError,
  struct.error,
  zlib.error,
  Image.DecompressionBombError,
)

# The last chunk of a PNG file, with its checksum. Pillow does without.
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


def read_rgb(path: str | os.PathLike[str]) -> np.ndarray:
  """Reads a picture as it is stored (an EXIF orientation is not applied).

  Args:
    path: PNG or JPEG file, RGB; grey, palette and alpha are converted.

  Returns:
    [H, W, 3] uint8, RGB.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  path = pathlib.Path(path)
  picture, _ = _decode(path)
  if picture.mode not in ('RGB', 'RGBA', 'L', 'LA', 'P'):
    _refuse(
      path,
      f'the picture has the mode {picture.mode}, not 8-bit RGB',
      'convert it to 8-bit RGB',
    )
  return np.array(picture.convert('RGB'), dtype=np.uint8)


def read_depth_mm(path: str | os.PathLike[str]) -> np.ndarray:
  """Reads a depth map exactly.

  Args:
    path: PNG file of one 16-bit channel, millimetres, 0 = unknown.

  Returns:
    [H, W] uint16, millimetres.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  path = pathlib.Path(path)
  picture, encoded = _decode(path)
  if picture.format != 'PNG':
    _refuse(
      path,
      f'a depth map must be a PNG file, this is {picture.format} inside',
      'export the depth map again, as 16-bit one-channel PNG in millimetres',
    )
  # Asked of the file and not of Pillow, whose name for 16 bits (I;16, I) has
  # changed over its versions and which opens some 16-bit files as 8-bit ones.
  bits = encoded[_PNG_BIT_DEPTH_OFFSET]
  channels = _PNG_COLOUR_TYPES.get(encoded[_PNG_COLOUR_TYPE_OFFSET], 'unknown')
  if bits != 16 or channels != 'one channel':
    _refuse(
      path,
      f'a depth map must have one channel of 16 bits, this has {channels} of '
      f'{bits} bits',
      'export the depth map again, as 16-bit one-channel PNG in millimetres '
      '(a coloured or 8-bit depth picture cannot be turned back)',
    )
  return np.asarray(picture).astype(np.uint16)


def _decode(path: pathlib.Path) -> tuple[Image.Image, bytes]:
  """Returns the decoded picture and the file's bytes, or refuses the file."""
  try:
    encoded = path.read_bytes()
  except OSError as error:
    _refuse(path, f'cannot be read ({error.strerror})', 'check the path')
  try:
    # Decoding alone does not look at the checksums of a PNG file.
    with Image.open(io.BytesIO(encoded), formats=('PNG', 'JPEG')) as picture:
      picture.verify()
    with Image.open(io.BytesIO(encoded), formats=('PNG', 'JPEG')) as picture:
      picture.load()
    if picture.format == 'PNG' and encoded.rfind(_PNG_END) < 0:
      raise ValueError('its end is missing')
    return picture, encoded
  except Image.UnidentifiedImageError:
    what = f'no PNG or JPEG file ({len(encoded)} bytes)'
    _refuse(path, what, 'copy or convert it again, or remove the pair')
  except _DECODING_ERRORS as error:
    what = f'the file is damaged or cut off ({error})'
    _refuse(path, what, 'copy it again from its source, or remove the pair')
  raise AssertionError('unreachable')


def _refuse(path: pathlib.Path, what: str, cure: str) -> None:
  raise problems.BadInputError([problems.Problem(path, what, cure)])
