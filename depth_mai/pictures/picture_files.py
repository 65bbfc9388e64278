# SPDX-License-Identifier: Apache-2.0
"""Reads pictures and depth maps exactly, and writes depth maps.

Depth maps, true and predicted ones, are in the challenge's format: PNG files
with one 16-bit channel, millimetres, 0 = unknown.

This module also runs on the device, so it needs only NumPy and Pillow.
"""

import io
import os
import pathlib
import warnings

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import printable
from depth_mai.files import problems
from depth_mai.files import regular_files
from depth_mai.pictures import picture_formats
from depth_mai.pictures import picture_modes
from depth_mai.pictures import upright

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
_PNG_PLAIN_COLOUR_TYPES = (0, 2, 3)
# No picture is as large as this; a wrong file may be.
_MOST_BYTES = 2**31
_NO_MEMORY = (
  'its pixels do not fit into the memory of this machine',
  'make it smaller; no network sees so many pixels',
)
_ORIENTATION_TAG = 0x0112
# Only these chunks of a PNG file can hold an orientation: EXIF, and text.
_PNG_EXIF_CHUNKS = (b'eXIf', b'iTXt', b'tEXt', b'zTXt')

# Pillow warns of large pictures and damaged EXIF data. Nobody can do anything
# about it: what cannot be used is refused, and the rest is read.
warnings.filterwarnings('ignore', module=r'PIL\.')


def read_rgb(source: str | os.PathLike[str] | bytes) -> np.ndarray:
  """Reads a picture as viewers show it; every program reads pictures so.

  The orientation of EXIF is applied. Grey, palette, CMYK and LAB pictures
  become RGB, transparent parts become white, and samples of more than 8 bits
  are scaled (see `picture_modes`). Of an animation the first frame is read.

  Args:
    source: a file in any of `picture_formats.formats`, or its content.

  Returns:
    [H, W, 3] uint8, RGB.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  picture, encoded = _decode(source, None)
  path = _path(source)
  if picture_formats.is_raw(path, picture):
    raise problems.refusal(path, *picture_formats.explain_raw())
  turn = _orientation(picture, encoded)
  try:
    rgb_uint8 = np.array(picture_modes.to_rgb(picture, encoded))
  except MemoryError as error:
    raise problems.refusal(path, *_NO_MEMORY) from error
  except Exception as error:
    cure = 'convert it to a PNG or JPEG file of 8-bit RGB'
    raise problems.refusal(path, _reason(error), cure) from error
  return upright.upright(rgb_uint8, turn)


def orientation(path: str | os.PathLike[str]) -> int:
  """Returns how a picture must be turned to be upright; `read_rgb` turns it.

  Args:
    path: a picture.

  Returns:
    1 (as it is stored) to 8, the orientation of EXIF 2.3; 1 if the file has
    none, a damaged one, or cannot be read.
  """
  try:
    with _open(encoded := _read(path), None) as picture:
      return _orientation(picture, encoded)
  except Exception:
    return 1


def is_plain(path: str | os.PathLike[str]) -> bool:
  """Returns whether every decoder reads the pixels that `read_rgb` returns.

  Args:
    path: a picture that can be read.

  Returns:
    True for an upright PNG or JPEG file of 8-bit RGB, grey or palette colours,
    without transparency.
  """
  with _open(encoded := _read(path), None) as picture:
    if picture.format == 'PNG':
      plain = (
        encoded[_PNG_BIT_DEPTH_OFFSET] <= 8
        and encoded[_PNG_COLOUR_TYPE_OFFSET] in _PNG_PLAIN_COLOUR_TYPES
        and 'transparency' not in picture.info
      )
    else:  # MPO is a JPEG file with further pictures after the first.
      plain = picture.format in ('JPEG', 'MPO') and picture.mode in ('L', 'RGB')
    return plain and _orientation(picture, encoded) == 1


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
  picture, encoded = _decode(path, picture_formats.USUAL)
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
  try:
    encoded = depth_png(depth_mm)
  except ValueError as error:
    raise ValueError(f'{path}: {error}') from error
  with atomic.atomic_path(path) as temporary:
    pathlib.Path(temporary).write_bytes(encoded)


def depth_png(depth_mm: np.ndarray) -> bytes:
  """Returns a predicted depth map as a PNG, rounded and clipped to 1..65535 mm.

  Args:
    depth_mm: [H, W] or [H, W, 1], millimetres, any real type.

  Raises:
    ValueError: the shape is wrong, or values are not finite.
  """
  depth_mm = np.asarray(depth_mm)
  if depth_mm.ndim == 3 and depth_mm.shape[-1] == 1:
    depth_mm = depth_mm[..., 0]
  if depth_mm.ndim != 2 or not depth_mm.size:
    raise ValueError(
      f'a depth map has the shape [height, width], got {depth_mm.shape}.'
    )
  bad_pixels = depth_mm.size - int(np.count_nonzero(np.isfinite(depth_mm)))
  if bad_pixels:
    raise ValueError(
      f'{bad_pixels} of {depth_mm.size} depths are NaN or infinite, so '
      'nothing was written. Check the model: its float16 or quantised form may '
      'overflow (convert it as float32 to compare).'
    )
  bounds = challenge.MIN_DEPTH_MM, challenge.MAX_DEPTH_MM
  rounded = np.clip(np.rint(depth_mm), *bounds)
  stream = io.BytesIO()
  Image.fromarray(rounded.astype(np.uint16)).save(stream, format='PNG')
  return stream.getvalue()


def _decode(
  source: str | os.PathLike[str] | bytes, formats: tuple[str, ...] | None
) -> tuple[Image.Image, bytes]:
  """Returns the decoded picture and the file's bytes, or refuses the file."""
  encoded, path = _read(source), _path(source)
  try:
    # Decoding alone does not check the checksums of a PNG file.
    with _open(encoded, formats) as picture:
      is_png = picture.format == 'PNG'
      if is_png:
        picture.verify()
    with _open(encoded, formats) as picture:
      picture.load()
    if is_png and encoded.rfind(_PNG_END) < 0:
      raise ValueError('its end is missing')
    return picture, encoded
  except Image.UnidentifiedImageError as error:
    what, cure = picture_formats.explain(path, encoded)
    if formats:
      what = f'this is not a {" or ".join(formats)} file ({len(encoded)} bytes)'
    raise problems.refusal(path, what, cure) from error
  except Image.DecompressionBombError as error:
    limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
    what = f'it has more than {limit} million pixels, which are not read'
    raise problems.refusal(path, what, _NO_MEMORY[1]) from error
  except MemoryError as error:
    raise problems.refusal(path, *_NO_MEMORY) from error
  except Exception as error:  # Decoders raise all kinds on damaged files.
    what = f'the file is damaged or cut off ({_reason(error)})'
    cure = 'copy it again from its source, or leave it out'
    raise problems.refusal(path, what, cure) from error


def _open(encoded: bytes, formats: tuple[str, ...] | None) -> Image.Image:
  """Opens a picture; the usual formats do not load Pillow's other decoders."""
  try:
    return Image.open(io.BytesIO(encoded), formats=picture_formats.USUAL)
  except Image.UnidentifiedImageError:
    if formats is not None:
      raise
  return Image.open(io.BytesIO(encoded), formats=picture_formats.formats())


def _read(source: str | os.PathLike[str] | bytes) -> bytes:
  """Returns the content of a file, or refuses it."""
  if isinstance(source, bytes):
    return source
  path = _path(source)
  cure = 'check the path'
  try:
    with regular_files.open_binary(path) as stream:
      size = os.fstat(stream.fileno()).st_size
      if size <= _MOST_BYTES:
        return stream.read()
  except OSError as error:
    what = f'the file cannot be read ({error.strerror})'
    if os.fspath(source).startswith(('http:', 'https:')):
      cure = 'download it first'
    elif '*' in path.name:
      cure = 'give its folder: this shell does not replace * by names of files'
    raise problems.refusal(path, what, cure) from error
  what = f'the file is too large for a picture ({size} bytes)'
  raise problems.refusal(path, what, cure)


def _path(source: str | os.PathLike[str] | bytes) -> pathlib.Path:
  """Returns the path of a source, for messages."""
  return pathlib.Path('picture' if isinstance(source, bytes) else source)


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


def _reason(error: Exception) -> str:
  """Returns the text of an error of Pillow."""
  return printable.printable(error, 200) or type(error).__name__
