# SPDX-License-Identifier: Apache-2.0
"""Things that belong together: a table and its chairs, a row of cupboards."""

import math

from depth_mai.datasets.procedural_rooms import cabinets
from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms import furniture
from depth_mai.datasets.procedural_rooms.kit import Piece
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import ramp


def rug(plan, kit, rng, middle=None):
  """A carpet on the floor, drawn under everything else."""
  x, y = plan.size
  wide, deep = rng.uniform(1.2, 3.0), rng.uniform(0.9, 2.2)
  if middle is None:
    middle = (x * rng.uniform(0.35, 0.65), y * rng.uniform(0.35, 0.65))
  hue = rng.random()
  colours = ramp(
    (0, hsv(hue, rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.6))),
    (0.5, hsv(hue + 0.08, rng.uniform(0.1, 0.7), rng.uniform(0.3, 0.8))),
    (1, hsv(hue - 0.1, rng.uniform(0.0, 0.4), rng.uniform(0.6, 0.95))),
  )
  kind = str(rng.choice(['rug', 'rug', 'stripes', 'carpet', 'plaid']))
  material = kit.materials.add(kind, colours, 1.0)
  wide, deep = min(wide, x - 0.4), min(deep, y - 0.4)
  pen = plan.pen.at(*middle, 0, rng.normal(0, 0.15))
  pen.box(
    (-wide / 2, wide / 2),
    (-deep / 2, deep / 2),
    (0.0, 0.012),
    material,
    fit=kind == 'rug',
  )


def wall_row(plan, kit, rng, makers, count):
  """Stands up to `count` pieces along the walls."""
  for _ in range(count):
    plan.along_wall(makers[int(rng.integers(len(makers)))](kit, rng), rng)


def chairs_around(plan, kit, rng, spot, piece, maker, count):
  """Chairs at the four sides of a table, facing it."""
  if spot is None:
    return
  x, y, yaw = spot
  c, s = math.cos(yaw), math.sin(yaw)
  middle = (
    x + c * piece.width / 2 - s * piece.depth / 2,
    y + s * piece.width / 2 + c * piece.depth / 2,
  )
  sides = [
    (0, piece.depth),
    (math.pi, piece.depth),
    (math.pi / 2, piece.width),
    (-math.pi / 2, piece.width),
  ]
  along = max(int(piece.width / 0.6), 1)
  places = []
  for turn, reach in sides:
    many = along if reach == piece.depth else 1
    for i in range(many):
      slide = ((i + 0.5) / many - 0.5) * piece.width if many > 1 else 0.0
      places.append((turn, reach, slide))
  rng.shuffle(places)
  chair = maker(kit, rng)
  for turn, reach, slide in places[:count]:
    out = reach / 2 + 0.12 + rng.uniform(0, 0.25)
    angle = yaw + turn
    # A chair's front is its +y, so it stands at -y of the table's side.
    at = (
      middle[0] + math.sin(angle) * out + math.cos(angle) * slide,
      middle[1] - math.cos(angle) * out + math.sin(angle) * slide,
    )
    plan.at_middle(chair, at, angle + rng.normal(0, 0.15), margin=-0.2)


def dining_table(plan, kit, rng):
  """A table somewhere in the room, with chairs."""
  round_one = rng.random() < 0.25
  piece = (furniture.round_table if round_one else furniture.table)(kit, rng)
  yaw = int(rng.integers(0, 4)) * math.pi / 2 + rng.normal(0, 0.05)
  spot = plan.anywhere(piece, rng, yaw)
  chairs_around(
    plan, kit, rng, spot, piece, furniture.chair, int(rng.integers(2, 7))
  )


def rows_of_tables(plan, kit, rng):
  """Equal tables with chairs, in rows."""
  width, depth = rng.uniform(1.0, 1.6), rng.uniform(0.6, 0.8)
  step_x, step_y = width + rng.uniform(0.5, 1.2), depth + rng.uniform(1, 1.5)
  for i in range(min(int((plan.size[0] - 2) / step_x), 4)):
    for j in range(min(int((plan.size[1] - 2) / step_y), 4)):
      piece = furniture.table(kit, rng, width, depth, 0.74)
      at = (1.5 + (i + 0.5) * step_x, 1.3 + (j + 0.5) * step_y)
      if plan.at_middle(piece, at, 0.0) is None:
        continue
      if rng.random() < 0.8:
        seat = furniture.chair(kit, rng)
        plan.at_middle(
          seat,
          (at[0] + rng.normal(0, 0.1), at[1] - depth / 2 - 0.15),
          rng.normal(0, 0.15),
          margin=-0.25,
        )


def scatter_things(plan, kit, rng):
  """What lies or stands about in any room, now and then a person."""
  for _ in range(int(rng.poisson(2.0))):
    maker = (
      _basket,
      _bag,
      _ball,
      _papers,
      cabinets.cartons,
      furniture.stool,
      furniture.chair,
    )[int(rng.integers(7))]
    plan.anywhere(
      maker(kit, rng), rng, near=(*(rng.random(2) * plan.size), 0.0)
    )
  if rng.random() < 0.1:
    plan.anywhere(visitor(kit, rng), rng)


def _basket(kit, rng):
  size, height = rng.uniform(0.12, 0.25), rng.uniform(0.25, 0.6)
  return Piece(
    2 * size,
    2 * size,
    height,
    lambda pen: pen.cylinder(
      (size, size, 0), 0.8 * size, height, kit.thing(), top=size
    ),
  )


def _bag(kit, rng):
  size = rng.uniform(0.15, 0.28)
  cloth = kit.fabric()
  return Piece(
    2 * size,
    1.2 * size,
    2 * size,
    lambda pen: pen.ellipsoid(
      (size, 0.6 * size, 0.8 * size), (size, 0.6 * size, 0.9 * size), cloth
    ),
  )


def _ball(kit, rng):
  size = rng.uniform(0.08, 0.14)
  return Piece(
    2 * size,
    2 * size,
    2 * size,
    lambda pen: pen.sphere((size, size, size), size, kit.thing()),
  )


def _papers(kit, rng):
  return Piece(
    0.3,
    0.3,
    0.2,
    lambda pen: clutter.book_pile(pen.at(0.15, 0.15, 0, 0.4), kit, rng),
  )


def visitor(kit, rng):
  """A person."""
  return Piece(
    0.5, 0.4, 1.8, lambda pen: clutter.person(pen.at(0.25, 0.2), kit, rng)
  )
