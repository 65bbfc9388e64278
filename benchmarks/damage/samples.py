# SPDX-License-Identifier: Apache-2.0
"""Small pictures and depth maps of known content."""

import os
import pathlib

import numpy as np
from PIL import Image

SIZE = (24, 32)


def rgb(number: int) -> np.ndarray:
  """Returns a picture, [24, 32, 3] uint8, a function of its number."""
  random = np.random.default_rng([number, 1])
  return random.integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def depth_mm(number: int) -> np.ndarray:
  """Returns a depth map, [24, 32] uint16, a tenth of it unknown (0)."""
  random = np.random.default_rng([number, 2])
  values = random.integers(800, 9000, SIZE, dtype=np.uint16)
  values[random.random(SIZE) < 0.1] = 0
  return values


def write_challenge_folder(
  root: str | os.PathLike[str], counts: dict[str, int], suffix: str = '.png'
) -> None:
  """Writes pairs in the challenge's layout.

  Args:
    root: folder to create.
    counts: number of pairs by split; their ids are 0, 1, ...
    suffix: suffix of the pictures.
  """
  for split, count in counts.items():
    places = [pathlib.Path(root, split, kind) for kind in ('rgb', 'depth')]
    for place in places:
      place.mkdir(parents=True)
    for number in range(count):
      Image.fromarray(rgb(number)).save(places[0] / f'{number}{suffix}')
      Image.fromarray(depth_mm(number)).save(places[1] / f'{number}.png')
