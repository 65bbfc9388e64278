# SPDX-License-Identifier: Apache-2.0
"""Writes small folders of random pairs for tests.

They replace the `dummy_data/` folder of a tfds builder. Tests write them when
they run, so the repository contains no pictures.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import os
import pathlib

import numpy as np
from PIL import Image

SIZE = (24, 32)
COUNTS = {'train': 3, 'validation': 2, 'test': 1}
RECORDINGS = {'hall': 4, 'kitchen': 6, 'office': 2}


def random_pair(
  key: Sequence[int],
  size: tuple[int, int] = SIZE,
  range_mm: tuple[int, int] = (400, 50000),
) -> tuple[np.ndarray, np.ndarray]:
  """Returns a picture and its depth, a pure function of `key`.

  Args:
    key: seeds of the random numbers.
    size: (height, width), pixels.
    range_mm: smallest depth and upper bound, millimetres.

  Returns:
    rgb_uint8 [H, W, 3]; depth_mm [H, W] uint16, a tenth of it 0 (unknown).
  """
  rng = np.random.default_rng(key)
  rgb_uint8 = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
  depth_mm = rng.integers(*range_mm, size, dtype=np.uint16)
  depth_mm[rng.random(size) < 0.1] = 0
  return rgb_uint8, depth_mm


def frame(
  sequence: str, index: int, size: tuple[int, int] = SIZE
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the pair that `write_recordings` writes for a frame."""
  return random_pair([*sequence.encode(), index], size, (800, 5001))


def write_folder(
  root: str | os.PathLike[str],
  counts: Mapping[str, int] | None = None,
  *,
  size: tuple[int, int] = SIZE,
  rgb_suffix: str = '.png',
  test_depth: bool = True,
  seed: int = 0,
) -> pathlib.Path:
  """Writes a folder in the challenge's layout.

  Args:
    root: folder to create.
    counts: pairs in each split; `COUNTS` if None. Their ids are 00000, 00001,
      ... in each split.
    size: (height, width) of the pictures, pixels.
    rgb_suffix: '.png', '.jpg' or '.jpeg'.
    test_depth: whether the test split has depth maps.
    seed: seed of the pictures, together with the split's position and the id.

  Returns:
    `root`.
  """
  root = pathlib.Path(root)
  counts = COUNTS if counts is None else counts
  for split_index, (split, count) in enumerate(counts.items()):
    (root / split / 'rgb').mkdir(parents=True)
    for i in range(count):
      rgb_uint8, depth_mm = random_pair((seed, split_index, i), size)
      rgb_path = root / split / 'rgb' / f'{i:05d}{rgb_suffix}'
      Image.fromarray(rgb_uint8).save(rgb_path)
      if test_depth or split != 'test':
        save_depth(root / split / 'depth' / f'{i:05d}.png', depth_mm)
  return root


def write_recordings(
  root: str | os.PathLike[str],
  counts: Mapping[str, int] | None = None,
  *,
  rgb: str = '{sequence}/color/{id}.png',
  depth: str = '{sequence}/depth/{id}.png',
  units_per_metre: float = 1000,
  size: tuple[int, int] = SIZE,
) -> pathlib.Path:
  """Writes recordings in any layout and unit.

  Args:
    root: folder to create.
    counts: frames in each recording; `RECORDINGS` if None. Their ids are
      000000, 000001, ... in each recording.
    rgb: path of the pictures, with {sequence} and {id}.
    depth: path of the depth maps, likewise.
    units_per_metre: unit of the depth files.
    size: (height, width), pixels.

  Returns:
    `root`.
  """
  root = pathlib.Path(root)
  for sequence, count in (RECORDINGS if counts is None else counts).items():
    for index in range(count):
      rgb_uint8, depth_mm = frame(sequence, index, size)
      names = {'sequence': sequence, 'id': f'{index:06d}'}
      rgb_path = root / rgb.format(**names)
      rgb_path.parent.mkdir(parents=True, exist_ok=True)
      Image.fromarray(rgb_uint8).save(rgb_path)
      save_depth(root / depth.format(**names), depth_mm, units_per_metre)
  return root


def save_depth(
  path: pathlib.Path, depth_mm: np.ndarray, units_per_metre: float = 1000
) -> None:
  """Writes a depth map in the format of its suffix.

  Args:
    path: .npy for floats, NaN where unknown; .png, .tif or .pgm for 16 bits.
    depth_mm: [H, W], millimetres, 0 where unknown.
    units_per_metre: unit of the numbers in the file.
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
