# SPDX-License-Identifier: Apache-2.0
"""Writes a split of tiny pictures."""

import pathlib

import numpy as np
from PIL import Image


def write(root: str, count: int = 3, size=(24, 32), seed: int = 0) -> list:
  """Writes <root>/validation/{rgb,depth}.

  Args:
    root: folder of the data.
    count: number of pairs.
    size: (height, width).
    seed: seed of the noise.

  Returns:
    (id, rgb_uint8 [H, W, 3], depth_mm [H, W] uint16) each. Red follows the
    depth, so that a network can be right.
  """
  rng = np.random.default_rng(seed)
  pairs = []
  for number in range(count):
    rgb_uint8 = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    red = rgb_uint8[..., 0].astype(np.float64)
    depth_mm = (500 + 20 * red * rng.uniform(0.8, 1.25, size)).astype(np.uint16)
    depth_mm[rng.random(size) < 0.2] = 0
    pairs.append((f'{number:02}', rgb_uint8, depth_mm))
    for kind, values in (('rgb', rgb_uint8), ('depth', depth_mm)):
      folder = pathlib.Path(root, 'validation', kind)
      folder.mkdir(parents=True, exist_ok=True)
      Image.fromarray(values).save(folder / f'{number:02}.png')
  return pairs
