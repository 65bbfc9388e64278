# SPDX-License-Identifier: Apache-2.0
"""Writes small folders of recordings in any layout and unit, for tests."""

from collections.abc import Mapping
import os
import pathlib

import numpy as np
from PIL import Image

SIZE = (24, 32)
COUNTS = {'hall': 4, 'kitchen': 6, 'office': 2}


def frame(sequence: str, index: int, size: tuple[int, int] = SIZE):
  """Returns the truth of a frame, a pure function of its name.

  Args:
    sequence: name of the recording.
    index: number of the frame.
    size: (height, width), pixels.

  Returns:
    rgb_uint8 [H, W, 3]; depth_mm [H, W] uint16, 800 to 5000, a tenth 0
    (unknown).
  """
  rng = np.random.default_rng([*sequence.encode(), index])
  rgb_uint8 = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
  depth_mm = rng.integers(800, 5001, size, dtype=np.uint16)
  depth_mm[rng.random(size) < 0.1] = 0
  return rgb_uint8, depth_mm


def save_depth(
  path: pathlib.Path, depth_mm: np.ndarray, units_per_metre: float = 1000
) -> None:
  """Writes a depth map as its suffix says: floats (NaN), or 16 bits (0).

  Args:
    path: .npy for floats; .png, .tif or .pgm for 16 bits.
    depth_mm: [H, W], millimetres.
    units_per_metre: of the numbers in the file.
  """
  path.parent.mkdir(parents=True, exist_ok=True)
  values = depth_mm / 1000 * units_per_metre
  if path.suffix == '.npy':
    np.save(path, np.where(depth_mm > 0, values, np.nan).astype(np.float32))
  elif path.suffix == '.pgm':
    header = b'P5\n# depth\n%d %d\n65535\n' % depth_mm.shape[::-1]
    path.write_bytes(header + np.rint(values).astype('>u2').tobytes())
  else:
    Image.fromarray(np.rint(values).astype(np.uint16)).save(path)


def write_recordings(
  root: str | os.PathLike[str],
  counts: Mapping[str, int] | None = None,
  *,
  rgb: str = '{sequence}/color/{id}.png',
  depth: str = '{sequence}/depth/{id}.png',
  units_per_metre: float = 1000,
  size: tuple[int, int] = SIZE,
) -> pathlib.Path:
  """Writes recordings; frames are called 000000, 000001, ... in each.

  Args:
    root: folder to make.
    counts: frames in each recording; `COUNTS` if None.
    rgb: place of the pictures, with {sequence} and {id}.
    depth: place of the depth maps.
    units_per_metre: unit of the depth files.
    size: (height, width), pixels.

  Returns:
    `root`.
  """
  root = pathlib.Path(root)
  for sequence, count in (COUNTS if counts is None else counts).items():
    for index in range(count):
      rgb_uint8, depth_mm = frame(sequence, index, size)
      names = {'sequence': sequence, 'id': f'{index:06d}'}
      rgb_path = root / rgb.format(**names)
      rgb_path.parent.mkdir(parents=True, exist_ok=True)
      Image.fromarray(rgb_uint8).save(rgb_path)
      save_depth(root / depth.format(**names), depth_mm, units_per_metre)
  return root
