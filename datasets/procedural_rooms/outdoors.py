# SPDX-License-Identifier: Apache-2.0
"""Houses, trees and street furniture."""

import math

from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import ramp
from depth_mai.datasets.procedural_rooms.materials import shades


def house(pen, kit, rng, width, depth):
  """A house whose front is the plane y = depth; the pen is its back left.

  Args:
    pen: `primitives.Pen`.
    kit: `kit.Kit`.
    rng: `np.random.Generator`.
    width: metres along the street.
    depth: metres away from it.
  """
  storeys = int(rng.integers(2, 7))
  storey = rng.uniform(2.8, 3.6)
  height = storeys * storey
  wall = _wall_colour(rng)
  front = _facade(kit, rng, wall, storey)
  plain = kit.materials.paint(wall)
  pen.box((0, width), (0, depth), (0, height), plain)
  pen.quad((0, depth + 0.01, 0), (width, 0, 0), (0, 0, height), front)
  for x in (-0.01, width + 0.01):
    pen.quad((x, 0, 0), (0, depth, 0), (0, 0, height), front)
  _ground_floor(pen, kit, rng, width, depth, storey)
  if rng.random() < 0.4:
    _balconies(pen, kit, rng, width, depth, storeys, storey)
  if rng.random() < 0.6:
    ledge = kit.materials.paint(wall * 0.8)
    for z in (storey, height - 0.2):
      pen.box((0, width), (depth - 0.1, depth + 0.18), (z, z + 0.2), ledge)
  if rng.random() < 0.65:
    _roof(pen, kit, rng, width, depth, height)


def _wall_colour(rng):
  if rng.random() < 0.35:
    return hsv(
      rng.uniform(0.0, 0.06), rng.uniform(0.3, 0.6), rng.uniform(0.35, 0.65)
    )
  return hsv(
    rng.uniform(0.04, 0.16), rng.uniform(0, 0.4), rng.uniform(0.45, 0.95)
  )


def _facade(kit, rng, wall, storey):
  """A wall with rows of windows, as a texture of four storeys."""
  kind = str(
    rng.choice(['facade', 'town_facade', 'office_facade'], p=[0.45, 0.4, 0.15])
  )
  glass = hsv(
    rng.uniform(0.5, 0.62), rng.uniform(0.1, 0.4), rng.uniform(0.05, 0.35)
  )
  shine = hsv(0.57, 0.15, rng.uniform(0.3, 0.8))
  frame = hsv(0.1, 0.1, rng.choice([0.2, 0.9]))
  colours = ramp(
    (0, glass),
    (0.2, glass),
    (0.34, shine),
    (0.36, frame),
    (0.5, frame),
    (0.56, wall * 0.8),
    (0.62, wall * 0.85),
    (1, wall),
  )
  bay = rng.uniform(2.2, 3.2)
  across = 6 if kind == 'town_facade' else 4
  return kit.materials.add(kind, colours, (across * bay, 4 * storey), 0.15)


def _ground_floor(pen, kit, rng, width, depth, storey):
  """Doors, shop windows, awnings and steps."""
  front, at = depth + 0.01, 0.3
  shop = rng.random() < 0.45
  if shop:
    pen.box(
      (0, width), (front - 0.1, front + 0.12), (0, storey - 0.1), kit.body()
    )
  glass = kit.materials.paint(hsv(0.58, 0.2, rng.uniform(0.1, 0.4)), 0.8)
  while at < width - 2.5:
    if shop and rng.random() < 0.7:
      wide = rng.uniform(1.5, min(3.5, width - at - 0.4))
      view = kit.materials.picture() if rng.random() < 0.4 else glass
      pen.box(
        (at, at + wide),
        (front + 0.1, front + 0.14),
        (0.5, storey - 0.8),
        view,
        fit=True,
      )
      if rng.random() < 0.5:
        pen.quad(
          (at, front + 0.12, storey - 0.5),
          (wide, 0, 0),
          (0, 1.1, -0.45),
          kit.materials.fabric(),
        )
      at += wide + 0.3
    else:
      door = kit.wood() if rng.random() < 0.6 else kit.lacquer
      pen.box((at, at + 1.1), (front - 0.1, front + 0.2), (0, 2.4), kit.white)
      pen.box(
        (at + 0.1, at + 1.0), (front + 0.1, front + 0.21), (0, 2.25), door
      )
      pen.box((at - 0.1, at + 1.2), (front, front + 0.6), (0, 0.15), kit.stone)
      at += rng.uniform(2.5, 6.0)
  if shop:
    pen.box(
      (0.2, width - 0.2),
      (front, front + 0.2),
      (storey - 0.6, storey - 0.1),
      kit.thing(),
    )


def _balconies(pen, kit, rng, width, depth, storeys, storey):
  wide = rng.uniform(1.6, 3.0)
  x = rng.uniform(0.3, max(width - wide - 0.3, 0.31))
  for level in range(1, storeys):
    z = level * storey
    pen.box((x, x + wide), (depth, depth + 1.1), (z - 0.15, z), kit.stone)
    pen.box((x, x + wide), (depth + 1.04, depth + 1.1), (z, z + 1.0), kit.white)
    for side in (x, x + wide - 0.06):
      pen.box(
        (side, side + 0.06), (depth, depth + 1.1), (z, z + 1.0), kit.white
      )


def _roof(pen, kit, rng, width, depth, height):
  colour = hsv(
    rng.uniform(0.0, 0.08), rng.uniform(0.1, 0.6), rng.uniform(0.2, 0.55)
  )
  slates = kit.materials.add('bricks', shades(colour, 0.4), 3.0)
  rise = rng.uniform(1.5, 4.0)
  pen.box(
    (-0.2, width + 0.2),
    (-0.2, depth + 0.4),
    (height, height + rise),
    slates,
    (0.0, 0.0, depth / 2, depth / 2 + 0.15),
  )
  if rng.random() < 0.6:
    x = rng.uniform(0.5, max(width - 1.5, 0.6))
    pen.box(
      (x, x + 0.8),
      (depth / 2, depth / 2 + 0.6),
      (height, height + rise + 1),
      kit.stone,
    )


def tree(pen, kit, rng, leaves):
  """A broad-leaved tree or a conifer, plainer where it is far away."""
  far = abs(pen.point(0, 0, 0)[0]) > 30
  height = rng.uniform(3.5, 9.0)
  trunk = height * rng.uniform(0.018, 0.03)
  bare = height * rng.uniform(0.22, 0.35)
  if rng.random() < 0.2:
    pen.cylinder((0, 0, 0), trunk, height * 0.9, kit.bark, top=0.02)
    layers = int(rng.integers(4, 6) if far else rng.integers(6, 10))
    for i in range(layers):
      share = 1 - i / layers
      size = height * (0.24 * share + 0.02)
      z = height * (1 - 0.86 * share)
      pen.ellipsoid(
        (rng.normal(0, 0.1), rng.normal(0, 0.1), z),
        (size, size, height * 0.11),
        leaves,
        leafy=True,
      )
    return
  pen.cylinder((0, 0, 0), trunk, height * 0.65, kit.bark, top=0.5 * trunk)
  crown = height * rng.uniform(0.2, 0.3)
  for _ in range(int(rng.integers(4, 8) if far else rng.integers(9, 17))):
    angle, out = rng.uniform(0, 2 * math.pi), crown * math.sqrt(rng.random())
    size = crown * (rng.uniform(0.5, 0.8) if far else rng.uniform(0.35, 0.7))
    pen.ellipsoid(
      (
        out * math.cos(angle),
        out * math.sin(angle),
        rng.uniform(bare + size * 0.6, height - size * 0.5),
      ),
      (size, size, size * rng.uniform(0.7, 1.0)),
      leaves,
      leafy=True,
    )


def lamp_post(pen, kit, rng, height):
  """A lamp on a post, its arm towards y."""
  pen.cylinder((0, 0, 0), 0.11, 0.9, kit.dark, top=0.09)
  pen.cylinder((0, 0, 0), 0.07, height, kit.dark, top=0.05)
  if height > 5:
    pen.cylinder((0, 0, height - 0.05), 0.04, 1.4, kit.dark, axis='y')
    pen.box((-0.12, 0.12), (0.9, 1.6), (height - 0.12, height), kit.metal)
  else:
    pen.sphere((0, 0, height + 0.2), 0.22, kit.white)


def sign(pen, kit, rng):
  """A traffic sign facing y."""
  height = rng.uniform(2.0, 2.7)
  colour = kit.materials.paint(
    hsv(rng.choice([0.0, 0.6, 0.14]), 0.85, 0.8), 0.2
  )
  pen.cylinder((0, 0, 0), 0.03, height, kit.metal)
  if rng.random() < 0.6:
    pen.cylinder((0, 0.03, height - 0.3), 0.3, 0.02, colour, axis='y')
    pen.cylinder((0, 0.03, height - 0.3), 0.22, 0.03, kit.paper, axis='y')
  else:
    pen.box((-0.3, 0.3), (0.03, 0.05), (height - 0.6, height), colour)


def traffic_light(pen, kit, rng):
  """A traffic light on a pole, facing y."""
  pen.cylinder((0, 0, 0), 0.06, 2.6, kit.dark)
  pen.box((-0.15, 0.15), (0.02, 0.25), (2.3, 3.2), kit.dark)
  colours = (kit.materials.light(1.2, 0.0, 0.9), kit.dark, kit.dark)
  for i in range(3):
    pen.sphere((0, 0.25, 3.05 - 0.3 * i), 0.1, colours[i])


def bin_(pen, kit, rng):
  """A dustbin on wheels or a litter bin."""
  if rng.random() < 0.5:
    pen.box(
      (-0.3, 0.3),
      (-0.35, 0.35),
      (0.06, 1.0),
      kit.thing(),
      (-0.05, -0.05, -0.05, -0.05),
    )
    pen.box((-0.37, 0.37), (-0.42, 0.42), (1.0, 1.07), kit.dark)
  else:
    pen.cylinder((0, 0, 0), 0.25, 0.9, kit.thing(), top=0.3)


def bollards(pen, kit, rng, count):
  """A row of bollards along x."""
  for i in range(count):
    pen.cylinder((i * 1.5, 0, 0), 0.07, 0.85, kit.dark)
    pen.sphere((i * 1.5, 0, 0.87), 0.085, kit.dark)


def hedge(pen, kit, rng, length):
  """A trimmed hedge along x."""
  pen.box(
    (0, length),
    (0, rng.uniform(0.5, 0.9)),
    (0, rng.uniform(0.7, 1.9)),
    kit.hedge,
    (0.05, 0.05, 0.08, 0.08),
  )


def fence(pen, kit, rng, length):
  """Posts and rails, or a low wall."""
  if rng.random() < 0.4:
    pen.box((0, length), (0, 0.25), (0, rng.uniform(0.5, 1.8)), kit.stone)
    return
  height, material = rng.uniform(0.9, 1.5), kit.wood()
  for i in range(int(length / 1.6) + 1):
    pen.box((i * 1.6, i * 1.6 + 0.08), (0, 0.08), (0, height), material)
  for z in (0.3, 0.6, 0.9):
    if z < height:
      pen.box(
        (0, length), (0.02, 0.06), (z * height, z * height + 0.1), material
      )


def bus_shelter(pen, kit, rng):
  """A shelter open towards y."""
  length = rng.uniform(2.5, 4.0)
  pen.box((0, length), (0, 1.5), (2.3, 2.4), kit.dark)
  for x in (0.0, length - 0.06):
    pen.box((x, x + 0.06), (0, 1.3), (0, 2.3), kit.metal)
  pen.box(
    (0, length),
    (0, 0.04),
    (0.2, 2.1),
    kit.materials.paint(hsv(0.5, 0.1, 0.5), 0.7),
  )
  pen.box(
    (length - 0.02, length + 0.08),
    (0.1, 1.2),
    (0.4, 2.1),
    kit.materials.picture(),
    fit=True,
  )
  pen.box((0.3, length - 0.6), (0.25, 0.6), (0.42, 0.48), kit.wood())


def people(pen, kit, rng, count, x, y):
  """People standing and walking in a rectangle, metres."""
  for _ in range(count):
    spot = pen.at(
      rng.uniform(*x), rng.uniform(*y), 0, rng.uniform(0, 2 * math.pi)
    )
    clutter.person(spot, kit, rng)
