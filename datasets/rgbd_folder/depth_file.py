# SPDX-License-Identifier: Apache-2.0
"""Reads depth files, in their own unit, and masks.

    .png           one channel of 16 bits; three of 8 bits for some encodings
    .npy, .npz     [H, W], [H, W, 1] or [1, H, W], integers or floats
    .tif, .tiff    one channel of 16 or 32 bits, or 32-bit float; one page
    .pgm           16 bits, binary or text
    .pfm           float, with a scale of 1 or -1

8-bit depth is refused as too coarse, coloured depth because the colours cannot
be inverted, and OpenEXR because neither NumPy nor Pillow reads it.
"""

from collections.abc import Callable
import pathlib
import re

import numpy as np
from PIL import Image

from depth_mai import challenge
from depth_mai.datasets.rgbd_folder import colour_code
from depth_mai.datasets.rgbd_folder import encodings
from depth_mai.files import failures
from depth_mai.files import problems
from depth_mai.files import regular_files
from depth_mai.pictures import picture_files

REFUSED_SUFFIXES = {
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
  **dict.fromkeys(
    ('.h5', '.hdf5'),
    (
      'HDF5 files are not read',
      "convert them once, with h5py: np.save('a.npy', h5py.File('a.h5')"
      "['depth'][:]); Hypersim's are distances to the camera, which must first "
      'become depth along its axis',
    ),
  ),
  '.mat': (
    'MATLAB files are not read',
    "convert them once, with scipy.io.loadmat: np.save('a.npy', ...)",
  ),
}
_CURE_8_BITS = (
  'export the depth itself as 16-bit PNG or .npy (depth cannot be recovered '
  'from coloured or 8-bit pictures)'
)
_PGM_HEADER = re.compile(rb'P[25]((?:\s+|#[^\n]*\n)+\d+){3}\s')
_PGM_COMMENT = re.compile(rb'#[^\n]*\n')


def read(
  path: pathlib.Path, encoding: encodings.Encoding | None = None
) -> np.ndarray:
  """Reads a depth map.

  Args:
    path: the file; the suffix selects its format.
    encoding: what it stores; None for plain numbers.

  Returns:
    [H, W], integers or floats, in the unit of the file.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  suffix = path.suffix.lower()
  if suffix in REFUSED_SUFFIXES:
    raise problems.refusal(path, *REFUSED_SUFFIXES[suffix])
  if suffix not in READERS:
    raise problems.refusal(
      path,
      f"'*{suffix}' is not a known format of depth maps",
      f'convert the files to one of {", ".join(READERS)}',
    )
  if encoding is not None and encoding.channels and encoding.unpack:
    return encoding.unpack(read_colours(path))
  if suffix == '.png':
    _refuse_colours(path)
  values = _read_map(path, READERS[suffix], 'depth map')
  if values.dtype.kind not in 'iuf' or values.dtype.itemsize < 2:
    raise problems.refusal(
      path,
      'a depth map must contain floats, or integers of 16 bits or more; this '
      f'file contains {values.dtype}',
      _CURE_8_BITS,
    )
  if encoding is None or encoding.unpack is None:
    return values
  if values.dtype.kind == 'f' or values.max() > challenge.MAX_DEPTH_MM:
    raise problems.refusal(
      path,
      f'the file contains {values.dtype} up to {values.max():g}, but '
      f'depth_unit '
      f'stands for 16-bit codes ({encoding.meaning})',
      'correct depth_unit in the description',
    )
  return encoding.unpack(np.maximum(values, 0))


def read_colours(path: pathlib.Path) -> np.ndarray:
  """Reads the bytes of a picture with three channels as they are.

  Args:
    path: the picture; the alpha of a fourth channel is left out.

  Returns:
    [H, W, 3] uint8.

  Raises:
    BadInputError: (a ValueError) if the file cannot be used.
  """
  colours = _attempt(path, _read_any_picture, 'depth map')
  if colours.dtype != np.uint8 or colours.shape[2:] not in ((3,), (4,)):
    raise problems.refusal(
      path,
      f'depth_unit stands for three channels of 8 bits; this file has the '
      f'shape '
      f'{list(colours.shape)} and {colours.dtype}',
      'correct depth_unit in the description',
    )
  return colours[..., :3]


def _refuse_colours(path: pathlib.Path) -> None:
  """Refuses a PNG file whose colours are depth, and names the encoding."""
  try:
    regular_files.check(path)
    with Image.open(path) as picture:
      if picture.mode not in ('RGB', 'RGBA'):
        return
  except Exception:
    return  # The reader of the suffix says what is wrong.
  if code := colour_code.encoding(read_colours(path)):
    raise problems.refusal(
      path,
      'it has three channels of 8 bits, which are the bytes of 24-bit depth, '
      'as '
      'in CARLA and SHIFT',
      f'set depth_unit = "{code}" in the description',
    )


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
  values = _attempt(path, reader, name)
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


def _attempt(
  path: pathlib.Path, reader: Callable[[pathlib.Path], np.ndarray], name: str
) -> np.ndarray:
  """Returns what a reader reads, or refuses the file."""
  try:
    regular_files.check(path)
    return reader(path)
  except problems.BadInputError:
    raise
  except Exception as error:  # Damaged files raise errors of any kind.
    if 'allow_pickle' in str(error):
      what = f'the {name} is no array of numbers, but of Python objects'
      cure = 'save it as an array of floats or integers'
      raise problems.refusal(path, what, cure) from error
    raise problems.refusal(
      path,
      f'the {name} cannot be read ({failures.reason(error)})',
      'copy it again from its source, or remove the pair',
    ) from error


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
    values = loaded['depth' if 'depth' in names else names[0]]
    if not isinstance(values, np.ndarray):  # NumPy returns other bytes as such.
      raise ValueError('its content is no array')
    return values


def _read_pgm(path: pathlib.Path) -> np.ndarray:
  """Reads 16-bit PGM; Pillow would scale its values to 65535."""
  content = path.read_bytes()
  header = _PGM_HEADER.match(content)
  if header is None:
    raise ValueError('it does not start like a PGM file')
  numbers = _PGM_COMMENT.sub(b' ', header[0]).split()[1:]
  width, height, largest = map(int, numbers)
  if largest < 256:
    raise problems.refusal(path, 'it has only 8 bits', _CURE_8_BITS)
  if content.startswith(b'P2'):
    text = _PGM_COMMENT.sub(b' ', content[header.end() :])
    values = np.array(list(map(int, text.split())), np.uint16)
  else:
    values = np.frombuffer(content, '>u2', width * height, header.end())
  return values.reshape(height, width).astype(np.uint16)


def _read_any_picture(path: pathlib.Path) -> np.ndarray:
  """Reads the values of a picture with Pillow."""
  with Image.open(path) as picture:
    return np.array(picture)


def _read_depth_picture(path: pathlib.Path) -> np.ndarray:
  """Reads a picture with one channel of more than 8 bits."""
  try:
    opened = Image.open(path)
  except Image.UnidentifiedImageError as error:
    if not path.stat().st_size:
      raise
    raise problems.refusal(
      path,
      'Pillow cannot read this file; it reads integers of 16 and 32 bits and '
      'floats of 32 bits, not of 16 or 64',
      'convert it to 32-bit float or to .npy if that is the reason; otherwise '
      'copy it again',
    ) from error
  with opened as picture:
    pages = getattr(picture, 'n_frames', 1)
    if pages > 1:
      raise problems.refusal(
        path, f'it has {pages} pages', 'save one depth map per file'
      )
    scale = picture.info.get('scale', 1.0)  # Of a PFM file.
    if scale != 1.0:
      raise problems.refusal(
        path,
        f'its header has the scale {scale:g}, by which some programs multiply '
        'the numbers and others do not',
        'write it again with a scale of 1 or -1 and numbers in depth_unit',
      )
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
