# SPDX-License-Identifier: Apache-2.0
"""Lays out a street: road, pavements, houses, cars, trees and the sun."""

import math

import numpy as np

from depth_mai.datasets.procedural_rooms import furniture
from depth_mai.datasets.procedural_rooms import outdoors
from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import vehicles
from depth_mai.datasets.procedural_rooms import world as world_lib
from depth_mai.datasets.procedural_rooms.kit import Kit
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import Materials
from depth_mai.datasets.procedural_rooms.materials import ramp
from depth_mai.datasets.procedural_rooms.materials import shades

_BEGIN_M = -12.0  # The street runs along x; the camera stands near x = 0.
_END_M = 75.0
_KERB_M = 0.14
_HOUSE_DEPTH_M = 9.0


class StreetKit(Kit):
  """A kit with what only streets have."""

  def __init__(self, materials, rng):
    super().__init__(materials, rng)
    stone = hsv(0.1, rng.uniform(0.02, 0.15), rng.uniform(0.45, 0.75))
    self.stone = materials.add('plaster', shades(stone, 0.2), 2.0)
    bark = hsv(0.08, rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.5))
    self.bark = materials.add('wood', shades(bark, 0.4), (0.8, 1.5))
    self.hedge = materials.leaves()


def build(rng):
  """Builds a street.

  Args:
    rng: `np.random.Generator`.

  Returns:
    (`world.World`, pose) as `room.build` returns them.
  """
  materials = Materials(rng)
  geometry = primitives.Geometry()
  kit = StreetKit(materials, rng)
  pen = primitives.Pen(geometry)
  road = rng.uniform(5.5, 11.0) / 2
  pavement = rng.uniform(1.8, 5.0)
  _ground(pen, kit, rng, road, pavement)
  leaves = [materials.leaves() for _ in range(2)]
  blocked = []
  for side in (-1, 1):
    # Each side is drawn by a pen whose y points away from the road.
    turned = pen.at(0, 0) if side > 0 else pen.at(0, 0, 0, math.pi)
    along = (_BEGIN_M, _END_M) if side > 0 else (-_END_M, -_BEGIN_M)
    _houses(turned, kit, rng, along, road + pavement, leaves)
    _pavement_things(turned, kit, rng, along, road, pavement, leaves)
    _parked(turned, kit, rng, along, road, side, blocked)
  _traffic(pen, kit, rng, road, blocked)
  _far_end(pen, kit, rng, road + pavement)
  outdoors.people(
    pen,
    kit,
    rng,
    int(rng.poisson(1.5)),
    (4, 35),
    (-road - pavement, road + pavement),
  )
  world = _light(geometry, materials, rng)
  return world, lambda draw: _pose(draw, road, pavement, blocked)


def _ground(pen, kit, rng, road, pavement):
  """Road, markings, kerbs, pavements and what lies behind them."""
  materials, length = kit.materials, _END_M - _BEGIN_M
  grey = hsv(0.6, 0.04, rng.uniform(0.25, 0.5))
  tar = materials.add('asphalt', shades(grey, 0.35), rng.uniform(1.5, 3))
  if rng.random() < 0.12:
    tar = materials.add('mixed_tiles', shades(grey, 0.4), 1.2)
  pen.quad((_BEGIN_M, -road, 0), (length, 0, 0), (0, 2 * road, 0), tar)
  slab = hsv(
    rng.uniform(0.02, 0.12), rng.uniform(0.02, 0.3), rng.uniform(0.4, 0.75)
  )
  kind = str(rng.choice(['paving', 'mixed_tiles', 'bricks', 'asphalt']))
  paved = materials.add(
    kind,
    ramp((0, slab * 0.4), (0.12, slab * 0.5), (0.2, slab * 0.7), (1, slab)),
    rng.uniform(1.2, 2.4),
  )
  turf = materials.add(
    'grass',
    shades(hsv(rng.uniform(0.18, 0.3), rng.uniform(0.3, 0.6), 0.4), 0.5),
    3.0,
  )
  for side in (-1, 1):
    inner, outer = side * road, side * (road + pavement)
    low, high = sorted((inner + side * 0.15, outer))
    x = (_BEGIN_M, _END_M)
    pen.box(x, (low, high), (0, _KERB_M), paved)
    low, high = sorted((inner, inner + side * 0.15))
    pen.box(x, (low, high), (0, _KERB_M + 0.005), kit.stone)
    pen.quad(
      (_BEGIN_M, outer, _KERB_M - 0.02),
      (length, 0, 0),
      (0, side * 30, 0),
      turf if rng.random() < 0.6 else paved,
    )
  paint = materials.add('plaster', shades(hsv(0, 0, 0.85), 0.25), 0.7)
  if rng.random() < 0.8:
    dash, gap = rng.choice([(3.0, 3.0), (1.5, 3.0), (80.0, 0.1)])
    x = _BEGIN_M
    while x < _END_M:
      end = min(x + dash, _END_M)
      pen.quad((x, -0.06, 0.004), (end - x, 0, 0), (0, 0.12, 0), paint)
      x += dash + gap
  if rng.random() < 0.35:
    x = rng.uniform(4, 20)
    for i in range(int(2 * road / 1.0)):
      pen.quad((x, -road + 0.3 + i, 0.005), (3, 0, 0), (0, 0.5, 0), paint)


def _houses(pen, kit, rng, along, front, leaves):
  """A row of houses and gaps; their fronts are at y = front or behind."""
  setback = rng.choice([0.0, 0.0, rng.uniform(2, 7)])
  close = rng.uniform(0.55, 1.0)
  at = along[0]
  while at < along[1]:
    width = rng.uniform(6, 16)
    if rng.random() < close:
      back = front + setback + rng.choice([0.0, rng.uniform(0, 1.0)])
      # A house's front is its +y: it looks back at the road.
      place = pen.at(at + width, back + _HOUSE_DEPTH_M, 0, math.pi)
      outdoors.house(place, kit, rng, width, _HOUSE_DEPTH_M)
      if setback > 1.5:
        edge = outdoors.hedge if rng.random() < 0.5 else outdoors.fence
        edge(pen.at(at, front + 0.1), kit, rng, width * 0.75)
        if rng.random() < 0.5:
          outdoors.tree(
            pen.at(at + rng.uniform(1, width - 1), front + setback / 2),
            kit,
            rng,
            leaves[0],
          )
      at += width + (0.0 if rng.random() < 0.6 else rng.uniform(0.5, 4))
    else:
      for _ in range(int(rng.integers(1, 4))):
        outdoors.tree(
          pen.at(at + rng.uniform(0, width), front + rng.uniform(1.5, 12)),
          kit,
          rng,
          leaves[int(rng.integers(2))],
        )
      edge = outdoors.hedge if rng.random() < 0.5 else outdoors.fence
      edge(pen.at(at, front + 0.1), kit, rng, width)
      at += width


def _pavement_things(pen, kit, rng, along, road, pavement, leaves):
  """Lamps and trees in a row, and odd things between them."""
  pen = pen.at(0, 0, _KERB_M)
  near_kerb = road + 0.5
  step, height = rng.uniform(14, 25), rng.choice([3.6, 6.5, 8.0])
  at = along[0] + rng.uniform(0, step)
  while at < along[1]:
    outdoors.lamp_post(pen.at(at, near_kerb, 0, math.pi), kit, rng, height)
    at += step
  if rng.random() < 0.55:
    step = rng.uniform(6, 12)
    at = along[0] + rng.uniform(1, step)
    while at < along[1]:
      if rng.random() < 0.85:
        outdoors.tree(pen.at(at, near_kerb + 0.3), kit, rng, leaves[0])
      at += step
  for _ in range(int(rng.integers(2, 8))):
    x = rng.uniform(max(along[0], -40), min(along[1], 40))
    draw = rng.random()
    spot = pen.at(x, near_kerb + rng.uniform(0, 0.3), 0, math.pi)
    if draw < 0.25:
      outdoors.sign(
        pen.at(x, near_kerb, 0, math.pi / 2 + math.pi * (rng.random() < 0.5)),
        kit,
        rng,
      )
    elif draw < 0.45:
      outdoors.bin_(spot, kit, rng)
    elif draw < 0.6:
      outdoors.bollards(pen.at(x, near_kerb), kit, rng, int(rng.integers(3, 9)))
    elif draw < 0.75 and pavement > 2.4:
      furniture.bench(kit, rng).draw(
        pen.at(x, road + pavement - 0.3, 0, math.pi)
      )
    elif draw < 0.85:
      outdoors.traffic_light(pen.at(x, near_kerb, 0, math.pi / 2), kit, rng)
    elif pavement > 2.8:
      outdoors.bus_shelter(
        pen.at(x, road + pavement - 0.2, 0, math.pi), kit, rng
      )


def _parked(pen, kit, rng, along, road, side, blocked):
  """Cars along the kerb."""
  if rng.random() < 0.25:
    return
  chance = rng.uniform(0.25, 0.95)
  at = along[0] + rng.uniform(0, 5)
  while at < along[1] - 6:
    if rng.random() < chance:
      maker = vehicles.van if rng.random() < 0.15 else vehicles.car
      piece = maker(kit, rng)
      y = road - piece.depth - rng.uniform(0.15, 0.4)
      piece.draw(pen.at(at, y, 0, rng.normal(0, 0.01)))
      x = sorted((side * at, side * (at + piece.width)))
      blocked.append((x[0], x[1], *sorted((side * y, side * road))))
      at += piece.width + rng.uniform(0.6, 2.0)
    else:
      at += rng.uniform(4, 9)


def _traffic(pen, kit, rng, road, blocked):
  """Cars on the road."""
  for _ in range(int(rng.poisson(1.3))):
    maker = vehicles.van if rng.random() < 0.25 else vehicles.car
    piece = maker(kit, rng)
    x, y = rng.uniform(6, 45), -rng.uniform(0.3, 0.8) - piece.depth
    lane = rng.random() < 0.5
    span = (x, x + piece.width)
    if lane:
      y = rng.uniform(0.3, 0.8)
    if any(
      span[1] + 1 > b[0]
      and span[0] - 1 < b[1]
      and y < b[3]
      and y + piece.depth > b[2]
      for b in blocked
    ):
      continue
    blocked.append((*span, y, y + piece.depth))
    if lane:
      piece.draw(pen.at(span[1], y + piece.depth, 0, math.pi))
    else:
      piece.draw(pen.at(span[0], y))


def _far_end(pen, kit, rng, edge):
  """Something at the end of the street, most of the time."""
  draw = rng.random()
  if draw < 0.45:
    x, at = rng.uniform(28, 70), -edge - 12
    while at < edge + 12:
      width = rng.uniform(8, 16)
      outdoors.house(
        pen.at(x + _HOUSE_DEPTH_M, at, 0, math.pi / 2),
        kit,
        rng,
        width,
        _HOUSE_DEPTH_M,
      )
      at += width
  elif draw < 0.75:
    leaves = kit.materials.leaves()
    for _ in range(int(rng.integers(4, 9))):
      outdoors.tree(
        pen.at(rng.uniform(45, 72), rng.uniform(-edge - 8, edge + 8)),
        kit,
        rng,
        leaves,
      )


def _light(geometry, materials, rng):
  """Sun, sky and air."""
  overcast = rng.random() < 0.35
  rise, turn = rng.uniform(0.25, 1.1), rng.uniform(0, 2 * math.pi)
  direction = np.array([math.cos(turn), math.sin(turn), math.tan(rise)])
  hue, blue = rng.uniform(0.55, 0.61), rng.uniform(0.25, 0.65)
  if overcast:
    lights = ()
    zenith = hsv(hue, 0.08, rng.uniform(0.7, 0.95))
    horizon = hsv(hue, 0.04, 0.97)
    above = np.array([0.95, 0.98, 1.02])
  else:
    warm = np.array([1.0, 0.95, 0.86]) ** rng.uniform(0.3, 2.5)
    lights = (
      world_lib.sun(
        direction,
        warm * rng.uniform(1.4, 2.4),
        (22.0, 0.0, 3.0),
        32.0,
        softness=0.003,
      ),
    )
    zenith, horizon = hsv(hue, blue, 0.8), hsv(hue, 0.25 * blue, 0.97)
    above = np.array([0.5, 0.58, 0.7])
  sky = world_lib.Sky(
    zenith * 0.8,
    horizon * 0.95,
    rng.uniform(0, 0.7),
    10 ** rng.uniform(2.3, 3.5),
  )
  ambient = np.stack([above * rng.uniform(0.45, 0.65), above])
  return world_lib.World(
    geometry.quads(),
    geometry.quadrics(),
    materials.tables(),
    lights,
    ambient,
    sky,
  )


def _pose(rng, road, pavement, blocked):
  """Draws where the camera stands and looks."""
  for _ in range(20):
    x, y = rng.uniform(-4, 4), rng.uniform(-1, 1) * (road + pavement - 0.6)
    if all(
      not (b[0] - 0.6 < x < b[1] + 0.6 and b[2] - 0.6 < y < b[3] + 0.6)
      for b in blocked
    ):
      break
  eye = rng.uniform(0.9, 1.8) + (_KERB_M if abs(y) > road else 0.0)
  # Mostly along the street, sometimes across it.
  spread = 0.3 if rng.random() < 0.7 else 0.9
  yaw = rng.normal(0, spread) - 0.05 * y / road
  pitch = rng.normal(-0.02, 0.08)
  return np.array([x, y, eye]), yaw, pitch, rng.normal(0, 0.025)
