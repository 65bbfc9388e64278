# SPDX-License-Identifier: Apache-2.0
"""Reads the numbers of a depth file as they are, in the file's own unit.

    .png           one channel of 16 bits
    .npy, .npz     [H, W], [H, W, 1] or [1, H, W], integers or floats
    .tif, .tiff    one channel of 16 or 32 bits, or float
    .pgm           16 bits
    .pfm           float

Eight bits cannot hold depth, and a coloured picture cannot be turned back, so
both are refused. OpenEXR is refused: neither NumPy nor Pillow reads it.
"""

import pathlib
import re
import zipfile

import numpy as np
from PIL import Image

from depth_mai.files import folder
from depth_mai.files import problems

_REFUSED_SUFFIXES = {
  '.exr': (
    'OpenEXR files can be read neither by NumPy nor by Pillow',
    'convert them once, with OpenCV for instance (OPENCV_IO_ENABLE_OPENEXR=1): '
    "np.save('a.npy', cv2.imread('a.exr', cv2.IMREAD_UNCHANGED)), with [..., "
    '0] if there are several channels',
  ),
  '.jpg': ('JPEG keeps 8 bits, with losses', 'export it as 16-bit PNG or .npy'),
  '.jpeg': (
    'JPEG keeps 8 bits, with losses',
    'export it as 16-bit PNG or .npy',
  ),
}
_CURE_8_BITS = (
  'export the depth itself, as 16-bit PNG or .npy (a coloured or 8-bit depth '
  'picture cannot be turned back)'
)
_PGM_HEADER = re.compile(rb'P5((?:\s+|#[^\n]*\n)+\d+){3}\s')


def read(path: pathlib.Path) -> np.ndarray:
  """Reads a depth map.

  Args:
    path: the file; its suffix says how it is read.

  Returns:
    [H, W], integers or floats, in the unit of the file.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  suffix = path.suffix.lower()
  if suffix in _REFUSED_SUFFIXES:
    raise _refusal(path, *_REFUSED_SUFFIXES[suffix])
  if suffix not in READERS:
    raise _refusal(
      path,
      f"files '*{suffix}' are not known as depth maps",
      f'convert them to one of {", ".join(READERS)}',
    )
  try:
    values = READERS[suffix](path)
  except problems.BadInputError:
    raise
  except _READING_ERRORS as error:
    raise _refusal(
      path,
      f'the depth map cannot be read ({type(error).__name__}: {error})',
      'copy it again from its source, or remove the pair',
    ) from error
  return _as_map(path, values)


def _read_array(path: pathlib.Path) -> np.ndarray:
  """Reads .npy, and .npz of one array or with one called depth."""
  with path.open('rb') as stream:
    loaded = np.load(stream, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
      return loaded
    names = loaded.files
    if len(names) != 1 and 'depth' not in names:
      raise _refusal(
        path,
        f"it holds {len(names)} arrays ({', '.join(names)}), none is 'depth'",
        "save one array, or call it 'depth'",
      )
    return loaded['depth' if 'depth' in names else names[0]]


def _read_pgm(path: pathlib.Path) -> np.ndarray:
  """Reads 16-bit PGM; Pillow would stretch its values to 65535."""
  content = path.read_bytes()
  header = _PGM_HEADER.match(content)
  if header is None:
    raise ValueError('it does not begin as a binary PGM file')
  numbers = re.sub(rb'#[^\n]*\n', b' ', header[0]).split()[1:]
  width, height, largest = map(int, numbers)
  if largest < 256:
    raise _refusal(path, 'it has 8 bits', _CURE_8_BITS)
  values = np.frombuffer(content, '>u2', width * height, header.end())
  return values.reshape(height, width).astype(np.uint16)


def _read_picture(path: pathlib.Path) -> np.ndarray:
  """Reads one channel of more than 8 bits with Pillow."""
  with Image.open(path) as picture:
    picture.load()
  if picture.mode not in ('I', 'I;16', 'I;16B', 'I;16L', 'F'):
    raise _refusal(
      path,
      f'a depth map must have one channel of 16 bits or more, this has the '
      f'mode {picture.mode}',
      _CURE_8_BITS,
    )
  return np.asarray(picture)


READERS = {
  '.png': folder.read_depth_mm,  # Exact, whatever the unit is.
  '.npy': _read_array,
  '.npz': _read_array,
  '.tif': _read_picture,
  '.tiff': _read_picture,
  '.pgm': _read_pgm,
  '.pfm': _read_picture,
}
_READING_ERRORS = (
  OSError,
  SyntaxError,
  ValueError,
  EOFError,
  IndexError,
  zipfile.BadZipFile,
)


def _as_map(path: pathlib.Path, values: np.ndarray) -> np.ndarray:
  """Returns [H, W], or refuses what is no map of numbers."""
  if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]):
    values = values[0] if values.shape[0] == 1 else values[..., 0]
  if values.ndim != 2 or not values.size:
    raise _refusal(
      path,
      f'a depth map must be [H, W], this is {list(values.shape)}',
      'save one map per file',
    )
  if values.dtype.kind not in 'iuf' or values.dtype.itemsize < 2:
    raise _refusal(
      path,
      f'a depth map must hold floats, or integers of 16 bits or more, this '
      f'holds {values.dtype}',
      _CURE_8_BITS,
    )
  return values


def _refusal(
  path: pathlib.Path, what: str, cure: str
) -> problems.BadInputError:
  return problems.BadInputError([problems.Problem(path, what, cure)])
