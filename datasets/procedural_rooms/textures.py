# SPDX-License-Identifier: Apache-2.0
"""Stores all patterns with their mip levels, and looks them up per pixel."""

import functools

import numpy as np

from depth_mai.datasets.procedural_rooms import patterns

LEVELS = patterns.SIZE.bit_length()
_LOG_SIZE = LEVELS - 1
_BANK_SEED = 20220901


class Bank:
  """All textures in one array of bytes.

  Attributes:
    texels: [N] uint8.
    first: [T] int32, start of each texture in texels.
    level_offset: [LEVELS] int32, start of each mip level in a texture.
    variants: name -> list of texture indices.
  """

  def __init__(self):
    sizes = [(patterns.SIZE >> level) ** 2 for level in range(LEVELS)]
    per_texture = sum(sizes)
    self.level_offset = np.cumsum([0] + sizes[:-1]).astype(np.int32)
    self.variants = {}
    levels = []
    for order, (name, pattern) in enumerate(patterns.PATTERNS.items()):
      for variant in range(patterns.VARIANTS.get(name, 1)):
        rng = np.random.default_rng((_BANK_SEED, order, variant))
        self.variants.setdefault(name, []).append(len(levels) // LEVELS)
        levels.extend(_mip_levels(pattern(rng)))
    self.texels = np.concatenate([level.ravel() for level in levels])
    count = len(levels) // LEVELS
    self.first = np.arange(count, dtype=np.int32) * np.int32(per_texture)

  def sample(self, texture, u, v, footprint):
    """Looks up one texel per pixel, from the mip level that fits.

    Args:
      texture: [...] int32, texture index.
      u: [...] float32; the texture repeats at every whole number.
      v: [...] float32.
      footprint: [...] float32, size of a pixel as a part of the texture.

    Returns:
      [...] uint8.
    """
    # 2 ** (level - 1) <= footprint * SIZE * 0.7 < 2 ** level
    level = np.frexp(footprint * np.float32(0.7 * patterns.SIZE))[1]
    level = np.clip(level, 0, _LOG_SIZE)
    column = _texel(u) >> level
    row = _texel(v) >> level
    index = (row << (_LOG_SIZE - level)) + column
    index += self.first[texture] + self.level_offset[level]
    return self.texels[index]

  def tile(self, texture, footprint):
    """Returns a mip level, [size, size] uint8; size is a power of two.

    Args:
      texture: int, texture index.
      footprint: size of a pixel as a part of the texture.
    """
    level = np.clip(np.frexp(footprint * 0.7 * patterns.SIZE)[1], 0, _LOG_SIZE)
    size = patterns.SIZE >> int(level)
    start = self.first[texture] + self.level_offset[level]
    return self.texels[start : start + size * size].reshape(size, size)


def _texel(coordinate):
  """Returns texel numbers 0..SIZE - 1, int32, of any coordinates."""
  part = coordinate - np.floor(coordinate)
  return np.minimum(
    (part * np.float32(patterns.SIZE)).astype(np.int32), patterns.SIZE - 1
  )


def _mip_levels(values):
  """Returns LEVELS uint8 arrays, each half as large, from [SIZE, SIZE]."""
  levels = []
  values = np.clip(values, 0, 1).astype(np.float32) * 255
  while True:
    levels.append(np.rint(values).astype(np.uint8))
    side = values.shape[0]
    if side == 1:
      return levels
    pairs = values[::2] + values[1::2]
    values = (pairs[:, ::2] + pairs[:, 1::2]) / 4


@functools.lru_cache(maxsize=1)
def bank():
  """Returns the bank; the first call makes it in under a second."""
  return Bank()
