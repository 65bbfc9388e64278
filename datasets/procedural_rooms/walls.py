# SPDX-License-Identifier: Apache-2.0
"""Chooses openings and materials of walls; parts/walls.txt draws them."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Opening:
  """A hole in a wall.

  Attributes:
    kind: 'window', 'door' or 'doorway'.
    x: (from, to) along the wall, metres.
    z: (from, to) up, metres.
  """

  kind: str
  x: tuple
  z: tuple


def choose_openings(rng, length, height, windows, doors):
  """Places windows and doors on a wall without overlap.

  Args:
    rng: `np.random.Generator`.
    length: length of the wall, metres.
    height: height of the wall, metres.
    windows: number of windows to try.
    doors: number of doors to try.

  Returns:
    list of `Opening`, from left to right.
  """
  openings = []
  low = rng.uniform(0.05, 0.4) if rng.random() < 0.2 else rng.uniform(0.75, 1)
  top = min(rng.uniform(2.0, 2.4), height - 0.12)
  wide = rng.uniform(0.7, 2.2)
  for kind in ['door'] * doors + ['window'] * windows:
    if kind == 'door':
      if rng.random() < 0.4:
        kind = 'doorway'
      width, z = rng.uniform(0.8, 1.0), (0.0, min(2.05, height - 0.15))
    else:
      width, z = wide, (low, top)
    if width + 0.4 > length:
      continue
    for _ in range(6):
      left = rng.uniform(0.2, length - width - 0.2)
      x = (left, left + width)
      if all(x[1] + 0.15 < o.x[0] or x[0] - 0.15 > o.x[1] for o in openings):
        openings.append(Opening(kind, x, z))
        break
  return sorted(openings, key=lambda opening: opening.x)


@dataclasses.dataclass(frozen=True)
class Style:
  """The materials and measures that the walls of a room share.

  Attributes:
    face: material of the wall.
    reveal: material inside the openings.
    lower: material of a panelled lower part, or None.
    lower_height: height of that part, metres.
    skirting: material of the skirting board, or None.
    trim: material of window and door frames.
    door: material of door leaves.
    curtain: material of curtains, or None.
    blinds: share of a window that blinds cover, 0 for none.
    view: material of the view through windows; it glows.
    floor: material of the floor.
    ceiling: material of the ceiling.
    depth: thickness of the walls, metres.
  """

  face: int
  reveal: int
  lower: int | None
  lower_height: float
  skirting: int | None
  trim: int
  door: int
  curtain: int | None
  blinds: float
  view: int
  floor: int
  ceiling: int
  depth: float


def choose_style(kit, rng, kind, night):
  """Draws the `Style` of a room.

  Args:
    kit: `kit.Kit`.
    rng: `np.random.Generator`.
    kind: `interiors.Kind`.
    night: whether it is dark outside.
  """
  face = kit.make('wall_face', kind.wet and rng.random() < 0.5)
  lower = kit.make('panels') if rng.random() < 0.15 else None
  curtain = None
  if rng.random() < 0.5 and not kind.wet:
    curtain = kit.make('new_fabric')
  trim = kit.white if rng.random() < 0.6 else kit.wood()
  return Style(
    face=face,
    reveal=kit.white,
    lower=lower,
    lower_height=rng.uniform(0.8, 1.3),
    skirting=trim if rng.random() < 0.7 else None,
    trim=trim,
    door=kit.white if rng.random() < 0.5 else kit.wood(),
    curtain=curtain,
    blinds=rng.uniform(0.2, 0.9) if rng.random() < 0.2 else 0.0,
    view=kit.make('outside', night),
    floor=kit.make('floor', kind.wet),
    ceiling=kit.make('ceiling', kind.panelled),
    depth=rng.uniform(0.1, 0.25),
  )
