# SPDX-License-Identifier: Apache-2.0
"""Writes small folders in the challenge's layout, for tests.

They take the place of the `dummy_data/` folder of a tfds builder: written when
a test runs, so that no picture is kept in the repository.
"""

from collections.abc import Mapping
import os
import pathlib

import numpy as np
from PIL import Image

COUNTS = {'train': 3, 'validation': 2, 'test': 1}


def write_folder(
  root: str | os.PathLike[str],
  counts: Mapping[str, int] | None = None,
  *,
  size: tuple[int, int] = (24, 32),
  rgb_suffix: str = '.png',
  test_depth: bool = True,
  seed: int = 0,
) -> pathlib.Path:
  """Writes a folder of random pairs; ids are 00000, 00001, ... in each split.

  Args:
    root: folder to make.
    counts: pairs in each split; `COUNTS` if None.
    size: (height, width) of the pictures, pixels.
    rgb_suffix: '.png', '.jpg' or '.jpeg'.
    test_depth: whether the test split has depth maps.
    seed: pictures are a pure function of it, the split's place and the id.

  Returns:
    `root`.
  """
  root = pathlib.Path(root)
  counts = COUNTS if counts is None else counts
  for split_index, (split, count) in enumerate(counts.items()):
    has_depth = test_depth or split != 'test'
    (root / split / 'rgb').mkdir(parents=True)
    if has_depth:
      (root / split / 'depth').mkdir()
    for i in range(count):
      rng = np.random.default_rng((seed, split_index, i))
      rgb_uint8 = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
      picture = Image.fromarray(rgb_uint8)
      picture.save(root / split / 'rgb' / f'{i:05d}{rgb_suffix}')
      if has_depth:
        # All of uint16's bits are in use, and a tenth is unknown.
        depth_mm = rng.integers(400, 50000, size, dtype=np.uint16)
        depth_mm[rng.random(size) < 0.1] = 0
        picture = Image.fromarray(depth_mm)
        picture.save(root / split / 'depth' / f'{i:05d}.png')
  return root
