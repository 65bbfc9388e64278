# SPDX-License-Identifier: Apache-2.0
"""How each kind of room is furnished.

Each function takes the floor plan, the kit and a generator.
"""

import math

from depth_mai.datasets.procedural_rooms import cabinets
from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms import furniture
from depth_mai.datasets.procedural_rooms import groups
from depth_mai.datasets.procedural_rooms import wet_rooms
from depth_mai.datasets.procedural_rooms.kit import Piece
from depth_mai.datasets.procedural_rooms.kit import hsv


def living(plan, kit, rng):
  """Sofas around a low table, a television, shelves."""
  if rng.random() < 0.75:
    groups.rug(plan, kit, rng)
  spot = plan.along_wall(furniture.sofa(kit, rng), rng)
  if spot is not None:
    wall, x = spot
    there = plan.walls[wall].point((x[0] + x[1]) / 2, 1.5, 0)
    plan.at_middle(furniture.coffee_table(kit, rng), there, wall * math.pi / 2)
    plan.along_wall(cabinets.tv_stand(kit, rng), rng, walls=((wall + 2) % 4,))
  makers = [
    furniture.armchair,
    cabinets.bookshelf,
    cabinets.cupboard,
    cabinets.plant,
    cabinets.floor_lamp,
    cabinets.shelf_wall,
    furniture.sofa,
    cabinets.piano,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(5, 11)))
  plan.anywhere(furniture.armchair(kit, rng), rng)
  if min(plan.size) > 4:
    groups.dining_table(plan, kit, rng)


def bedroom(plan, kit, rng):
  """Beds with bedside tables, wardrobes."""
  if rng.random() < 0.5:
    groups.rug(plan, kit, rng)
  for _ in range(2 if rng.random() < 0.2 else 1):
    spot = plan.along_wall(furniture.bed(kit, rng), rng)
    if spot is not None:
      wall, x = spot
      small = cabinets.cupboard(
        kit, rng, rng.uniform(0.4, 0.55), 0.4, rng.uniform(0.45, 0.6)
      )
      for left in (x[0] - small.width - 0.04, x[1] + 0.04):
        span = (left, left + small.width)
        if plan.free(plan.rectangle(wall, span, small.depth), 0.0):
          plan.take(wall, span, small.depth, small.height)
          pen = plan.walls[wall].at(left, 0.02)
          small.draw(pen)
          if rng.random() < 0.6:
            clutter.table_lamp(pen.at(0.22, 0.2, small.height + 0.03), kit, rng)
  makers = [
    cabinets.wardrobe,
    cabinets.cupboard,
    furniture.desk,
    cabinets.bookshelf,
    furniture.chair,
    cabinets.plant,
    furniture.armchair,
    cabinets.floor_lamp,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(4, 10)))


def kitchen(plan, kit, rng):
  """Units along the walls, a table if there is room."""
  plan.along_wall(wet_rooms.kitchen(kit, rng), rng)
  if rng.random() < 0.6:
    plan.along_wall(wet_rooms.kitchen(kit, rng), rng)
  plan.along_wall(wet_rooms.fridge(kit, rng), rng)
  if rng.random() < 0.8:
    groups.dining_table(plan, kit, rng)
  makers = [
    cabinets.cupboard,
    furniture.stool,
    furniture.chair,
    cabinets.bookshelf,
    cabinets.cartons,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(2, 6)))


def dining(plan, kit, rng):
  """A large table and its chairs."""
  if rng.random() < 0.5:
    groups.rug(plan, kit, rng)
  groups.dining_table(plan, kit, rng)
  makers = [
    cabinets.cupboard,
    cabinets.cupboard,
    cabinets.plant,
    cabinets.bookshelf,
    furniture.chair,
    cabinets.piano,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(3, 9)))


def office(plan, kit, rng):
  """Desks with computers, shelves."""
  desks = max(int(plan.size[0] * plan.size[1] / 9), 1)
  for i in range(desks):
    piece = furniture.desk(kit, rng)
    if i % 2 == 0 or min(plan.size) < 4:
      spot = plan.along_wall(piece, rng, front=0.3)
      if spot is None:
        continue
      wall, x = spot
      there = plan.walls[wall].point(
        (x[0] + x[1]) / 2, piece.depth + rng.uniform(0.15, 0.5), 0
      )
      yaw = wall * math.pi / 2 + math.pi
      plan.at_middle(
        furniture.office_chair(kit, rng),
        there[:2],
        yaw + rng.normal(0, 0.5),
        margin=-0.25,
      )
    else:
      yaw = int(rng.integers(0, 4)) * math.pi / 2
      spot = plan.anywhere(piece, rng, yaw)
      groups.chairs_around(
        plan, kit, rng, spot, piece, furniture.office_chair, 2
      )
  makers = [
    cabinets.bookshelf,
    cabinets.shelf_wall,
    cabinets.cupboard,
    cabinets.wardrobe,
    cabinets.plant,
    cabinets.cartons,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(4, 10)))


def bathroom(plan, kit, rng):
  """A tub, a basin, a toilet."""
  for maker in (wet_rooms.bathtub, wet_rooms.basin, wet_rooms.toilet):
    plan.along_wall(maker(kit, rng), rng)
  makers = [cabinets.wardrobe, cabinets.cupboard, furniture.stool]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(0, 3)))


def corridor(plan, kit, rng):
  """Little, along the walls."""
  makers = [
    cabinets.cupboard,
    furniture.bench,
    cabinets.plant,
    furniture.chair,
    cabinets.wardrobe,
    cabinets.bookshelf,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(2, 10)))


def hall(plan, kit, rng):
  """A large room: tables in rows, benches, pillars, people."""
  wide = rng.uniform(0.25, 0.5)
  step = rng.uniform(3.5, 5.0)
  face = kit.materials.paint(hsv(0.1, 0.05, rng.uniform(0.5, 0.95)))
  if rng.random() < 0.5:
    for i in range(1, int(plan.size[0] / step)):
      for j in range(1, int(plan.size[1] / step)):
        pillar = Piece(
          wide,
          wide,
          9.0,
          lambda pen: pen.box((0, wide), (0, wide), (0, 5.5), face),
        )
        plan.at_middle(pillar, (i * step, j * step), 0.0)
  groups.rows_of_tables(plan, kit, rng)
  makers = [
    cabinets.cupboard,
    furniture.bench,
    cabinets.plant,
    cabinets.shelf_wall,
    furniture.sofa,
    cabinets.cartons,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(8, 20)))
  for _ in range(int(rng.integers(0, 7))):
    plan.anywhere(groups.visitor(kit, rng), rng)


def classroom(plan, kit, rng):
  """Tables in rows before a board."""
  groups.rows_of_tables(plan, kit, rng)
  makers = [
    cabinets.cupboard,
    cabinets.bookshelf,
    cabinets.wardrobe,
    cabinets.shelf_wall,
    furniture.desk,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(4, 10)))
  pen = plan.walls[int(rng.integers(4))]
  board = kit.materials.paint(
    hsv(0.4, rng.choice([0.0, 0.4]), rng.choice([0.25, 0.95])), 0.3
  )
  pen.box((0.8, 3.2), (0, 0.03), (0.9, 2.1), board)


def storage(plan, kit, rng):
  """Shelves and boxes."""
  makers = [
    cabinets.bookshelf,
    cabinets.cartons,
    cabinets.wardrobe,
    cabinets.cartons,
    cabinets.cupboard,
    furniture.bench,
  ]
  groups.wall_row(plan, kit, rng, makers, int(rng.integers(6, 14)))
  for _ in range(int(rng.integers(1, 6))):
    plan.anywhere(cabinets.cartons(kit, rng), rng)
