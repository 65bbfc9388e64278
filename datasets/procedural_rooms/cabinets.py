# SPDX-License-Identifier: Apache-2.0
"""Cupboards, shelves and other things that stand along walls.

Each function takes the kit and a generator and returns a `kit.Piece`.
"""

from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms import furniture
from depth_mai.datasets.procedural_rooms.kit import Piece
from depth_mai.datasets.procedural_rooms.kit import hsv


def doors(pen, kit, rng, x, z, y, columns, rows, material):
  """Door panels with gaps and handles on the front plane y."""
  # Drawers have no upright bars.
  gap, handle = 0.006, rng.integers(0, 3 if rows == 1 else 2)
  wide, high = (x[1] - x[0]) / columns, (z[1] - z[0]) / rows
  for i in range(columns):
    for j in range(rows):
      left, low = x[0] + i * wide, z[0] + j * high
      pen.box(
        (left + gap, left + wide - gap),
        (y, y + 0.018),
        (low + gap, low + high - gap),
        material,
      )
      if handle == 0:
        pen.sphere(
          (
            left + wide * (0.88 if i % 2 == 0 else 0.12),
            y + 0.035,
            low + high * 0.5,
          ),
          0.017,
          kit.metal,
        )
      elif handle == 1:
        middle = left + wide / 2
        pen.box(
          (middle - 0.07, middle + 0.07),
          (y + 0.03, y + 0.04),
          (low + high * 0.85, low + high * 0.85 + 0.012),
          kit.metal,
        )
      else:
        side = left + wide * (0.9 if i % 2 == 0 else 0.1)
        pen.box(
          (side - 0.006, side + 0.006),
          (y + 0.03, y + 0.042),
          (low + high * 0.4, low + high * 0.4 + 0.15),
          kit.metal,
        )


def cupboard(kit, rng, width=None, depth=None, height=None):
  """A closed cupboard or chest of drawers with things on top."""
  width = rng.uniform(0.7, 1.8) if width is None else width
  depth = rng.uniform(0.38, 0.55) if depth is None else depth
  height = rng.uniform(0.6, 1.3) if height is None else height
  body = kit.body()
  front = body if rng.random() < 0.75 else kit.body()
  columns, rows = max(round(width / 0.5), 1), 1
  if rng.random() < 0.5:
    columns, rows = max(round(width / 0.8), 1), max(round(height / 0.25), 2)

  def draw(pen):
    pen.box((0.02, width - 0.02), (0, depth - 0.04), (0, 0.07), kit.dark)
    pen.box((0, width), (0, depth - 0.018), (0.07, height), body)
    doors(
      pen,
      kit,
      rng,
      (0, width),
      (0.08, height - 0.02),
      depth - 0.018,
      columns,
      rows,
      front,
    )
    if height < 1.5:
      pen.box(
        (-0.01, width + 0.01), (0, depth + 0.01), (height, height + 0.025), body
      )
      clutter.scatter(
        pen,
        kit,
        rng,
        (0, width),
        (0, depth),
        height + 0.025,
        int(rng.integers(0, 6)),
      )

  return Piece(width, depth + 0.03, height, draw)


def wardrobe(kit, rng):
  """A tall cupboard for clothes."""
  return cupboard(
    kit,
    rng,
    rng.uniform(0.8, 2.4),
    rng.uniform(0.5, 0.65),
    rng.uniform(1.8, 2.25),
  )


def bookshelf(kit, rng):
  """Open shelves with books and things."""
  width, depth = rng.uniform(0.6, 1.3), rng.uniform(0.25, 0.35)
  boards = int(rng.integers(3, 7))
  step, body = rng.uniform(0.3, 0.4), kit.body()
  height = boards * step + 0.1
  back = body if rng.random() < 0.7 else None

  def draw(pen):
    for x in (0, width - 0.025):
      pen.box((x, x + 0.025), (0, depth), (0, height), body)
    if back is not None:
      pen.box((0.025, width - 0.025), (0, 0.01), (0.05, height), back)
    for i in range(boards + 1):
      z = 0.06 + i * step
      pen.box((0.025, width - 0.025), (0.0, depth), (z, z + 0.022), body)
      if i == boards:
        continue
      fill = rng.random()
      if fill < 0.45:
        _book_row(
          pen, kit, rng, (0.03, width - 0.03), depth, z + 0.022, step - 0.05
        )
      elif fill < 0.75:
        spines = kit.materials.book_spines()
        share = rng.uniform(0.4, 1) * (width - 0.05)
        pen.box(
          (0.03, 0.03 + share),
          (0.012, depth - 0.06),
          (z + 0.022, z + 0.022 + rng.uniform(0.6, 0.8) * step),
          spines,
        )
      else:
        clutter.scatter(
          pen,
          kit,
          rng,
          (0.03, width - 0.03),
          (0.02, depth),
          z + 0.022,
          int(rng.integers(0, 4)),
        )

  return Piece(width, depth, height, draw)


def _book_row(pen, kit, rng, x, depth, z, room):
  """Standing books, one box each."""
  at = x[0]
  while at < x[1] - 0.06:
    if rng.random() < 0.12:
      at += rng.uniform(0.05, 0.2)
      continue
    thick = min(rng.uniform(0.025, 0.07), x[1] - at)
    high, deep = room * rng.uniform(0.6, 0.97), depth * rng.uniform(0.6, 0.85)
    pen.box((at, at + thick - 0.003), (0.012, deep), (z, z + high), kit.thing())
    at += thick


def shelf_wall(kit, rng):
  """A wide wall of books."""
  width, height = rng.uniform(1.5, 3.2), rng.uniform(1.9, 2.4)
  body, spines = kit.body(), kit.materials.book_spines()

  def draw(pen):
    pen.box((0, width), (0, 0.2), (0, height), spines)
    for z in range(int(height / 0.3) + 1):
      pen.box((0, width), (0, 0.28), (z * 0.3, z * 0.3 + 0.025), body)
    count = max(round(width / 0.8), 1)
    for i in range(count + 1):
      x = i * (width - 0.03) / count
      pen.box((x, x + 0.03), (0, 0.29), (0, height), body)

  return Piece(width, 0.3, height, draw)


def tv_stand(kit, rng):
  """A low cupboard with a television, sometimes on."""
  base = cupboard(
    kit,
    rng,
    rng.uniform(1.2, 2.0),
    rng.uniform(0.38, 0.45),
    rng.uniform(0.35, 0.55),
  )
  wide = rng.uniform(0.45, min(0.7, base.width / 2))

  def draw(pen):
    base.draw(pen)
    tv = pen.at(base.width / 2, 0.15, base.height + 0.03)
    tv.box((-0.25, 0.25), (-0.1, 0.1), (0, 0.02), kit.dark)
    tv.box((-wide, wide), (-0.02, 0.03), (0.05, 0.05 + 1.13 * wide), kit.dark)
    if rng.random() < 0.35:
      tv.quad(
        (wide - 0.02, 0.032, 0.07),
        (0.04 - 2 * wide, 0, 0),
        (0, 0, 1.13 * wide - 0.04),
        kit.materials.picture(0.8),
        fit=True,
      )

  return Piece(base.width, base.depth, base.height + 0.9, draw)


def cartons(kit, rng):
  """A stack of boxes."""
  card = kit.materials.paint(hsv(0.09, 0.45, rng.uniform(0.5, 0.75)))
  layers = [rng.uniform(0.25, 0.45) for _ in range(int(rng.integers(1, 5)))]

  def draw(pen):
    z = 0.0
    for high in layers:
      wide, deep = rng.uniform(0.18, 0.3), rng.uniform(0.18, 0.28)
      box = pen.at(0.3, 0.3, z, rng.normal(0, 0.15))
      box.box(
        (-wide, wide),
        (-deep, deep),
        (0, high),
        card if rng.random() < 0.6 else kit.thing(),
      )
      z += high

  return Piece(0.6, 0.6, sum(layers), draw)


def plant(kit, rng):
  """A plant in a pot on the floor."""
  height = rng.uniform(0.6, 1.9)

  def draw(pen):
    clutter.plant(pen.at(0.25, 0.25), kit, rng, height)

  return Piece(0.5, 0.5, height, draw)


def floor_lamp(kit, rng):
  """A lamp on a long foot."""
  height = rng.uniform(1.3, 1.75)
  glow = kit.materials.light(rng.uniform(0.6, 2.5))

  def draw(pen):
    middle = pen.at(0.2, 0.2)
    middle.cylinder((0, 0, 0), 0.15, 0.03, kit.dark)
    middle.cylinder((0, 0, 0), 0.013, height, kit.metal)
    middle.cylinder((0, 0, height - 0.1), 0.2, 0.28, glow, top=0.13)

  return Piece(0.4, 0.4, height + 0.2, draw)


def piano(kit, rng):
  """An upright piano and its stool."""
  body = kit.dark if rng.random() < 0.6 else kit.wood()

  def draw(pen):
    pen.box((0, 1.5), (0, 0.35), (0, 1.2), body)
    pen.box((0, 1.5), (0.35, 0.62), (0.6, 0.72), body)
    pen.box((0.08, 1.42), (0.4, 0.6), (0.72, 0.735), kit.paper)
    for x in (0.02, 1.42):
      pen.box((x, x + 0.06), (0.55, 0.61), (0, 0.6), body)
    seat = furniture.stool(kit, rng)
    seat.draw(pen.at(0.55, 0.8))

  return Piece(1.5, 1.2, 1.2, draw)
