# SPDX-License-Identifier: Apache-2.0
"""Reads depth files, in their own unit, and masks.

    .png           one channel of 16 bits
    .npy, .npz     [H, W], [H, W, 1] or [1, H, W], integers or floats
    .tif, .tiff    one channel of 16 or 32 bits, or float
    .pgm           16 bits
    .pfm           float

8-bit depth is refused as too coarse, coloured depth because the colours cannot
be inverted, and OpenEXR because neither NumPy nor Pillow reads it.
"""

from collections.abc import Callable
import pathlib
import re
import zipfile

import numpy as np
from PIL import Image

from depth_mai.files import picture_files
from depth_mai.files import problems

_REFUSED_SUFFIXES = {
  **dict.fromkeys(
    ('.jpg', '.jpeg'),
    ('JPEG keeps only 8 bits, with loss', 'export it as 16-bit PNG or .npy'),
  ),
  '.exr': (
    'neither NumPy nor Pillow can read OpenEXR files',
    'convert them once, with OpenCV for instance (OPENCV_IO_ENABLE_OPENEXR=1): '
    "np.save('a.npy', cv2.imread('a.exr', cv2.IMREAD_UNCHANGED)), with [..., "
    '0] if there are several channels',
  ),
}
_CURE_8_BITS = (
  'export the depth itself as 16-bit PNG or .npy (depth cannot be recovered '
  'from coloured or 8-bit pictures)'
)
_PGM_HEADER = re.compile(rb'P5((?:\s+|#[^\n]*\n)+\d+){3}\s')
_READING_ERRORS = (
  OSError,
  SyntaxError,
  ValueError,
  EOFError,
  IndexError,
  zipfile.BadZipFile,
)


def read(path: pathlib.Path) -> np.ndarray:
  """Reads a depth map.

  Args:
    path: the file; the suffix selects its format.

  Returns:
    [H, W], integers or floats, in the unit of the file.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  suffix = path.suffix.lower()
  if suffix in _REFUSED_SUFFIXES:
    raise problems.refusal(path, *_REFUSED_SUFFIXES[suffix])
  if suffix not in READERS:
    raise problems.refusal(
      path,
      f"'*{suffix}' is not a known format of depth maps",
      f'convert the files to one of {", ".join(READERS)}',
    )
  values = _read_map(path, READERS[suffix], 'depth map')
  if values.dtype.kind not in 'iuf' or values.dtype.itemsize < 2:
    raise problems.refusal(
      path,
      'a depth map must contain floats, or integers of 16 bits or more; this '
      f'file contains {values.dtype}',
      _CURE_8_BITS,
    )
  return values


def read_mask(path: pathlib.Path) -> np.ndarray:
  """Reads a mask.

  Args:
    path: .npy file or picture with one channel; 0 and NaN mean "unknown".

  Returns:
    [H, W] bool, true where the depth is known.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  reader = _read_array if path.suffix.lower() == '.npy' else _read_any_picture
  return np.nan_to_num(_read_map(path, reader, 'mask')) != 0


def _read_map(
  path: pathlib.Path, reader: Callable[[pathlib.Path], np.ndarray], name: str
) -> np.ndarray:
  """Returns an array [H, W], or refuses the file."""
  try:
    values = reader(path)
  except problems.BadInputError:
    raise
  except _READING_ERRORS as error:
    raise problems.refusal(
      path,
      f'the {name} cannot be read ({type(error).__name__}: {error})',
      'copy it again from its source, or remove the pair',
    ) from error
  if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
    values = values[0] if values.shape[0] == 1 else values[..., 0]
  if values.ndim != 2 or not values.size:
    raise problems.refusal(
      path,
      f'a {name} must have the shape [H, W]; this file has '
      f'{list(values.shape)}',
      f'save one {name} with one channel per file',
    )
  return values


def _read_array(path: pathlib.Path) -> np.ndarray:
  """Reads .npy, and .npz with one array or with an array named depth."""
  with path.open('rb') as stream:
    loaded = np.load(stream, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
      return loaded
    names = loaded.files
    if len(names) != 1 and 'depth' not in names:
      raise problems.refusal(
        path,
        f'it contains {len(names)} arrays ({", ".join(names)}), and none is '
        "named 'depth'",
        "save one array, or name it 'depth'",
      )
    return loaded['depth' if 'depth' in names else names[0]]


def _read_pgm(path: pathlib.Path) -> np.ndarray:
  """Reads 16-bit PGM; Pillow would scale its values to 65535."""
  content = path.read_bytes()
  header = _PGM_HEADER.match(content)
  if header is None:
    raise ValueError('it does not start like a binary PGM file')
  numbers = re.sub(rb'#[^\n]*\n', b' ', header[0]).split()[1:]
  width, height, largest = map(int, numbers)
  if largest < 256:
    raise problems.refusal(path, 'it has only 8 bits', _CURE_8_BITS)
  values = np.frombuffer(content, '>u2', width * height, header.end())
  return values.reshape(height, width).astype(np.uint16)


def _read_any_picture(path: pathlib.Path) -> np.ndarray:
  """Reads the values of a picture with Pillow."""
  with Image.open(path) as picture:
    return np.array(picture)


def _read_depth_picture(path: pathlib.Path) -> np.ndarray:
  """Reads a picture with one channel of more than 8 bits."""
  with Image.open(path) as picture:
    if picture.mode not in ('I', 'I;16', 'I;16B', 'I;16L', 'F'):
      raise problems.refusal(
        path,
        'a depth map must have one channel of 16 bits or more; this file has '
        f'the mode {picture.mode}',
        _CURE_8_BITS,
      )
    return np.array(picture)


READERS = {
  '.png': picture_files.read_depth_mm,  # Exact in any unit.
  '.npy': _read_array,
  '.npz': _read_array,
  '.tif': _read_depth_picture,
  '.tiff': _read_depth_picture,
  '.pgm': _read_pgm,
  '.pfm': _read_depth_picture,
}
