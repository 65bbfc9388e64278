# SPDX-License-Identifier: Apache-2.0
"""Draws the patterns of textures, such as wood, bricks and facades.

A pattern is a function of a random generator. It returns [SIZE, SIZE] floats,
nominally in 0..1, which a material turns into colours with its own ramp. Rows
are the texture's v, columns its u; patterns that cover surfaces tile. All are
drawn once per process from fixed seeds.
"""

import functools

import numpy as np

SIZE = 512

_FIELD_SEED = 20220902


def _grid():
  """(v, u), each [SIZE, SIZE], in 0..1."""
  axis = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE
  return np.meshgrid(axis, axis, indexing='ij')


def noise(rng, power, stretch=1.0):
  """Tiling noise with amplitude 1 / frequency ** power, about 0..1.

  Args:
    rng: `np.random.Generator`.
    power: 0 for white noise, 1 for pink noise, 2 for soft clouds.
    stretch: length of the features along u, relative to v.
  """
  shift = rng.integers(0, SIZE, 2)
  return np.roll(_field(power, stretch), shift, axis=(0, 1))


@functools.lru_cache(maxsize=64)
def _field(power, stretch):
  """The field that `noise` shifts at random."""
  rng = np.random.default_rng((_FIELD_SEED, round(100 * power)))
  v = np.fft.fftfreq(SIZE)[:, None] * SIZE
  u = np.fft.rfftfreq(SIZE)[None, :] * SIZE * stretch
  frequency = np.hypot(v, u)
  frequency[0, 0] = np.inf if power else 1
  loudness = (frequency**-power).astype(np.float32)
  white = rng.standard_normal((SIZE, SIZE), dtype=np.float32)
  field = np.fft.irfft2(np.fft.rfft2(white) * loudness, s=(SIZE, SIZE))
  return np.clip(0.5 + 0.2 * field / field.std(), 0, 1).astype(np.float32)


def _cell_values(rng, rows, columns, row_index, column_index):
  """A random value per cell of a grid, looked up per texel."""
  return rng.random((rows, columns))[row_index % rows, column_index % columns]


def weave(rng):
  """Crossing threads."""
  v, u = _grid()
  threads = np.sin(2 * np.pi * 48 * u) * np.sin(2 * np.pi * 48 * v)
  return 0.5 + 0.22 * threads + 0.5 * (noise(rng, 0.5) - 0.5)


def wood(rng):
  """Grain along u."""
  v, _ = _grid()
  bend = noise(rng, 2.2, stretch=6) - 0.5
  rings = 0.5 + 0.5 * np.sin(2 * np.pi * (7 * v + 5 * bend))
  return 0.45 * rings + 0.55 * noise(rng, 0.8, stretch=24)


def planks(rng):
  """Boards along u, six rows, with seams."""
  v, u = _grid()
  count = 6
  row = (v * count).astype(int)
  shifted = u * 2 + rng.random(count)[row]
  board = shifted.astype(int) % 2
  tone = _cell_values(rng, count, 2, row, board)
  value = 0.35 + 0.4 * tone + 0.5 * (noise(rng, 0.8, stretch=24) - 0.5)
  across, along = v * count % 1, shifted % 1
  seam = (across < 0.03) | (along < 0.005)
  return np.where(seam, 0.0, np.clip(value, 0.15, 1))


def parquet(rng):
  """Basket weave of wooden strips."""
  v, u = _grid()
  cells = 4
  row, column = (v * cells).astype(int), (u * cells).astype(int)
  turned = (row + column) % 2 == 1
  across = np.where(turned, u, v) * cells * 4
  strip = across.astype(int)
  tone = _cell_values(rng, 67, 71, row * 16 + strip, column * 5 + turned)
  grain = np.where(turned, noise(rng, 0.7, 20).T, noise(rng, 0.7, 20))
  value = 0.3 + 0.45 * tone + 0.5 * (grain - 0.5)
  seam = (across % 1 < 0.05) | (v * cells % 1 < 0.012) | (u * cells % 1 < 0.012)
  return np.where(seam, 0.0, np.clip(value, 0.15, 1))


def _tiles(rows, columns, shift, joint, contrast):
  """Tiles or bricks: joints are 0, faces 0.25..1.

  Args:
    rows: rows of tiles.
    columns: tiles in a row.
    shift: shift of every other row, as a part of a tile.
    joint: width of the joints, as a part of a tile.
    contrast: how much the tiles differ, 0..1.
  """

  def pattern(rng):
    v, u = _grid()
    row = (v * rows).astype(int)
    shifted = u * columns + (row % 2) * shift
    column = shifted.astype(int) % columns
    tone = _cell_values(rng, rows, columns, row, column)
    value = 0.62 + contrast * (tone - 0.5) + 0.35 * (noise(rng, 0.9) - 0.5)
    edge_v = np.minimum(v * rows % 1, 1 - v * rows % 1) * columns / rows
    edge_u = np.minimum(shifted % 1, 1 - shifted % 1)
    edge = np.minimum(edge_u, edge_v)
    return np.where(edge < joint, 0.0, np.clip(value, 0.25, 1))

  return pattern


def checker(rng):
  """A chequered floor."""
  v, u = _grid()
  dark = ((v * 4).astype(int) + (u * 4).astype(int)) % 2
  joint = np.minimum(v * 4 % 1, u * 4 % 1) < 0.02
  value = 0.3 + 0.6 * dark + 0.2 * (noise(rng, 1.2) - 0.5)
  return np.where(joint, 0.1, value)


def stripes(rng):
  """Upright stripes of several widths."""
  _, u = _grid()
  edges = np.sort(rng.integers(0, 64, 9)) / 64
  band = np.searchsorted(edges, u * 2 % 1)
  tone = rng.random(10)[band % 9]
  return np.clip(tone + 0.15 * (noise(rng, 0.5) - 0.5), 0, 1)


def damask(rng):
  """A repeating ornament."""
  v, u = _grid()
  x, y = 2 * np.pi * 4 * u, 2 * np.pi * 3 * v
  row = (v * 3).astype(int)
  x = x + np.pi * (row % 2)
  bloom = np.cos(x) - 0.9 * np.cos(y) + 0.6 * np.cos(2 * x) * np.cos(3 * y)
  return np.clip(
    0.5 + 0.35 * np.tanh(3 * bloom) + 0.15 * (noise(rng, 0.5) - 0.5), 0, 1
  )


def dots(rng):
  """Rows of dots."""
  v, u = _grid()
  x = u * 8 + 0.5 * ((v * 8).astype(int) % 2)
  radius = np.hypot(x % 1 - 0.5, v * 8 % 1 - 0.5)
  return np.where(radius < 0.2, 0.9, 0.2) + 0.1 * (noise(rng, 0.5) - 0.5)


def plaid(rng):
  """Crossing coloured bands."""
  v, u = _grid()
  profile = np.repeat(rng.random(16), SIZE // 16)
  cross = 0.5 * (profile[None, :] + profile[:, None])
  fine = 0.06 * np.sin(2 * np.pi * 64 * (u + v))
  return np.clip(cross + fine, 0, 1)


def marble(rng):
  """Dark veins on light stone."""
  v, u = _grid()
  warp = 3.0 * (noise(rng, 1.6) - 0.5) + 0.7 * (noise(rng, 1.0) - 0.5)
  vein = np.abs(np.sin(np.pi * (2 * u + 2 * v + 2.2 * warp)))
  return np.clip(vein**0.4, 0, 1)


def foliage(rng):
  """Overlapping leaves."""
  leaves = np.zeros((SIZE, SIZE))
  y, x = np.mgrid[-9:10, -9:10]
  shapes = []
  for angle in np.linspace(0, np.pi, 8, endpoint=False):
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    shapes.append(((along / 8) ** 2 + (across / 4) ** 2 < 1, along))
  for _ in range(2200):
    mask, along = shapes[rng.integers(8)]
    top, left = rng.integers(0, SIZE, 2)
    # Leaves continue at the opposite border, so that the pattern tiles.
    row, column = (top + y[mask]) % SIZE, (left + x[mask]) % SIZE
    leaves[row, column] = rng.random() * 0.8 + 0.2 + 0.012 * along[mask]
  return np.clip(leaves * (0.5 + noise(rng, 1.3)), 0, 1)


def slats(rng):
  """Horizontal slats, each shaded."""
  v, _ = _grid()
  return np.clip(0.15 + 0.8 * (v * 24 % 1) + 0.1 * noise(rng, 1), 0, 1)


def folds(rng):
  """The folds of a curtain."""
  _, u = _grid()
  wave = np.sin(2 * np.pi * (6 * u + 0.6 * np.sin(2 * np.pi * u)))
  return np.clip(0.5 + 0.4 * wave + 0.2 * (noise(rng, 0.8) - 0.5), 0, 1)


def ceiling_panels(rng):
  """Perforated panels on rails."""
  v, u = _grid()
  rail = np.minimum(v * 2 % 1, u * 2 % 1) < 0.03
  holes = (v * 48 % 1 < 0.35) & (u * 48 % 1 < 0.35) & (noise(rng, 0) > 0.4)
  return np.where(rail, 0.55, np.where(holes, 0.5, 0.8))


def books(rng):
  """Four shelves of spines, each with a random tone."""
  value = np.full((SIZE, SIZE), 0.02)
  shelf = SIZE // 4
  for row in range(4):
    column = 0
    while column < SIZE:
      width = int(rng.integers(8, 26))
      height = int(shelf * rng.uniform(0.6, 0.9))
      tone = rng.uniform(0.15, 1)
      top = row * shelf
      spine = value[top + 6 : top + 6 + height, column : column + width - 1]
      spine[:] = tone
      if rng.random() < 0.5:
        spine[height // 4 : height // 4 + 8] = rng.uniform(0.5, 1)
      column += width
  return value


def _windows(rows, columns, size, blinds):
  """A facade: glass is 0..0.35, frames about 0.45, the wall 0.55..1.

  Args:
    rows: storeys.
    columns: windows in a storey.
    size: half the width and half the height of a window, as parts of its cell.
    blinds: share of the windows with blinds.
  """

  def pattern(rng):
    v, u = _grid()
    y, x = v * rows % 1 - 0.5, u * columns % 1 - 0.5
    row, column = (v * rows).astype(int), (u * columns).astype(int)
    wide, high = size
    across, along = np.abs(x) / wide, np.abs(y) / high
    wall = 0.75 + 0.35 * (noise(rng, 1.0) - 0.5)
    wall = np.where(y < -0.46, 0.6, wall)
    tone = _cell_values(rng, rows, columns, row, column)
    glass = 0.05 + 0.22 * tone + 0.1 * (y + 0.5)
    drawn = _cell_values(rng, rows, columns, row, column) < blinds
    glass = np.where(drawn & (y > 0.05), 0.38, glass)
    bars = (across > 0.88) | (along > 0.92) | (np.abs(x) < 0.02)
    value = np.where(bars, 0.46, glass)
    return np.where((across < 1) & (along < 1), value, np.clip(wall, 0.56, 1))

  return pattern


def rug(rng):
  """A border and a repeated motif."""
  v, u = _grid()
  edge = np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v))
  band = rng.random(12)[np.minimum((edge * 40).astype(int), 11)]
  x, y = np.abs(u - 0.5) * 12, np.abs(v - 0.5) * 12
  motif = np.sin(x * 2.1) + np.cos(y * 2.7) + np.sin(x * y)
  inner = 0.5 + 0.3 * np.sign(motif) * (np.abs(motif) > 0.4)
  value = np.where(edge * 40 < 11, band, inner)
  return np.clip(value + 0.25 * (noise(rng, 0.2) - 0.5), 0, 1)


def landscape(rng):
  """A painting: sky, hills and a meadow."""
  v, u = _grid()
  value = 0.95 - 0.25 * (1 - v) + 0.2 * (noise(rng, 1.8) - 0.5)
  rough = noise(rng, 1)
  for step in range(4):
    ridge = 0.62 - 0.14 * step
    for wave in range(1, 5):
      ridge = ridge + 0.09 / wave * np.sin(
        2 * np.pi * (wave * u + rng.random())
      )
    value = np.where(v < ridge, 0.62 - 0.14 * step + 0.1 * rough, value)
  return np.clip(value, 0, 1)


def blocks(rng):
  """An abstract picture of rectangles with dark outlines."""
  value = np.full((SIZE, SIZE), 0.9)
  for _ in range(14):
    top, left = rng.integers(0, SIZE - 60, 2)
    high, wide = rng.integers(40, 220, 2)
    value[top : top + high, left : left + wide] = 0.02
    value[top + 5 : top + high - 5, left + 5 : left + wide - 5] = rng.random()
  return value


def strokes(rng):
  """An abstract picture of soft bands."""
  field = noise(rng, 1.8, 3) + 0.5 * noise(rng, 1.4)
  return np.round(np.clip(field - 0.25, 0, 1) * 6) / 6


def portrait(rng):
  """A painted head and shoulders."""
  v, u = _grid()
  value = 0.25 + 0.25 * noise(rng, 1.6)
  body = ((u - 0.5) / 0.36) ** 2 + ((v - 0.05) / 0.38) ** 2 < 1
  head = ((u - 0.5) / 0.15) ** 2 + ((v - 0.58) / 0.2) ** 2 < 1
  hair = ((u - 0.5) / 0.18) ** 2 + ((v - 0.66) / 0.18) ** 2 < 1
  value = np.where(body, 0.05 + 0.15 * noise(rng, 1), value)
  value = np.where(hair, 0.02, value)
  return np.where(head & (v < 0.7), 0.85 + 0.1 * (u - 0.5), value)


def screen(rng):
  """A computer screen: windows, lines of text."""
  value = 0.35 + 0.3 * noise(rng, 1.8)
  for _ in range(3):
    top, left = rng.integers(20, 200, 2)
    high, wide = rng.integers(180, 290, 2)
    page = value[top : top + high, left : left + wide]
    page[:] = 0.97
    page[-18:] = 0.2
    for line in range(12, page.shape[0] - 30, 12):
      page[line : line + 4, 12 : 12 + int(rng.integers(40, wide - 24))] = 0.55
  return value


def _blend(*kinds):
  """A pattern of several kinds of noise.

  Args:
    *kinds: (share, power) or (share, power, stretch) of each `noise`.
  """
  return lambda rng: sum(share * noise(rng, *kind) for share, *kind in kinds)


def _named(*functions):
  return {function.__name__: function for function in functions}


# The position is part of a pattern's seed: append, never reorder.
PATTERNS = {
  'plaster': _blend((0.5, 0.4), (0.5, 1.4)),  # Fine grain on faint stains.
  'clouds': _blend((1, 1.7)),
  'carpet': _blend((0.75, 0.15), (0.25, 1.2)),  # Short pile.
  **_named(weave, wood, planks, parquet),
  'tiles': _tiles(4, 4, 0, joint=0.02, contrast=0.15),
  'mixed_tiles': _tiles(8, 8, 0, joint=0.025, contrast=0.8),
  'bricks': _tiles(16, 6, 0.5, joint=0.03, contrast=0.7),
  'paving': _tiles(6, 4, 0.5, joint=0.02, contrast=0.45),
  **_named(checker, stripes, damask, dots, plaid, marble, foliage),
  'grass': _blend((0.6, 0.4, 0.2), (0.4, 1.3)),  # Upright blades.
  'asphalt': _blend((0.65, 0.1), (0.35, 1.5)),  # Coarse grit.
  **_named(slats, folds, ceiling_panels, books),
  'facade': _windows(4, 4, (0.2, 0.3), blinds=0.3),
  'office_facade': _windows(4, 4, (0.44, 0.34), blinds=0.2),  # Wide bands.
  'town_facade': _windows(4, 6, (0.24, 0.36), blinds=0.4),  # Tall, narrow.
  **_named(rug, landscape, blocks, strokes, portrait, screen),
}
# How many of each are drawn, if not one.
VARIANTS = {
  'wood': 2, 'planks': 2, 'stripes': 3, 'plaid': 2, 'books': 2, 'rug': 3,
  'landscape': 3, 'blocks': 2, 'strokes': 3, 'facade': 2, 'town_facade': 2,
  'screen': 2,
}  # fmt: skip
