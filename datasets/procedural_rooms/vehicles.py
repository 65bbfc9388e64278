# SPDX-License-Identifier: Apache-2.0
"""Cars, vans and buses from tapered boxes and wheels.

Each function returns a `kit.Piece`; x runs along the vehicle, the front is at
the far end of x.
"""

from depth_mai.datasets.procedural_rooms.kit import Piece
from depth_mai.datasets.procedural_rooms.kit import hsv


def _paint(kit, rng):
  if rng.random() < 0.55:
    colour = hsv(0.6, 0.05, rng.uniform(0.05, 0.95))
  else:
    colour = hsv(rng.random(), rng.uniform(0.4, 0.9), rng.uniform(0.2, 0.8))
  return kit.materials.paint(colour, 0.8)


def _wheels(pen, kit, length, width, radius):
  for x in (0.19 * length, 0.81 * length):
    for y in (-0.01, width - 0.2):
      pen.cylinder((x, y, radius), radius, 0.21, kit.dark, axis='y')
      pen.cylinder(
        (x, y - 0.005, radius), 0.6 * radius, 0.22, kit.metal, axis='y'
      )


def _lamps(pen, kit, length, width, z):
  red = kit.materials.paint(hsv(0.0, 0.9, 0.6), 0.5)
  for y in (0.08, width - 0.33):
    pen.box((-0.012, 0.1), (y, y + 0.25), (z, z + 0.14), red)
    pen.box(
      (length - 0.1, length + 0.012), (y, y + 0.25), (z, z + 0.14), kit.paper
    )
  middle = width / 2
  for x in ((-0.02, 0.0), (length, length + 0.02)):
    pen.box(x, (middle - 0.26, middle + 0.26), (z - 0.2, z - 0.09), kit.paper)


def car(kit, rng):
  """A hatchback, saloon or estate."""
  length, width = rng.uniform(3.7, 4.9), rng.uniform(1.68, 1.9)
  belt, roof = rng.uniform(0.82, 0.98), rng.uniform(1.42, 1.7)
  bonnet = rng.uniform(0.2, 0.28) * length
  boot = rng.choice([0.02, 0.16]) * length
  paint = _paint(kit, rng)
  glass = kit.materials.paint(hsv(0.58, 0.25, rng.uniform(0.08, 0.3)), 0.9)

  def draw(pen):
    pen.box((0.05, length - 0.05), (0.05, width - 0.05), (0.18, 0.4), kit.dark)
    pen.box((0, length), (0, width), (0.3, 0.62), paint)
    pen.box(
      (0, length),
      (0, width),
      (0.62, belt),
      paint,
      (0.1, 0.45 * bonnet, 0.05, 0.05),
    )
    rear, front = boot + 0.1, length - bonnet
    pen.box(
      (rear, front),
      (0.05, width - 0.05),
      (belt - 0.01, roof - 0.06),
      glass,
      (0.25 + boot * 0.4, 0.6, 0.16, 0.16),
    )
    x = (rear + 0.25 + boot * 0.4, front - 0.6)
    pen.box(
      x,
      (0.2, width - 0.2),
      (roof - 0.07, roof),
      paint,
      (0.08, 0.08, 0.06, 0.06),
    )
    # Pillars over the glass.
    middle = (x[0] + x[1]) / 2
    pen.box(
      (middle - 0.05, middle + 0.05),
      (0.04, width - 0.04),
      (belt - 0.02, roof - 0.05),
      paint,
      (0, 0, 0.16, 0.16),
    )
    _wheels(pen, kit, length, width, 0.31)
    _lamps(pen, kit, length, width, 0.62)
    for y in (-0.17, width):
      pen.box(
        (front - 0.35, front - 0.25), (y, y + 0.17), (belt, belt + 0.13), paint
      )

  return Piece(length, width, roof, draw)


def van(kit, rng):
  """A delivery van, a lorry or a bus."""
  if rng.random() < 0.3:
    length, width, height = rng.uniform(7, 11), 2.45, rng.uniform(2.9, 3.3)
  else:
    length, width, height = rng.uniform(4.8, 6), 2.0, rng.uniform(2.0, 2.6)
  paint = kit.white if rng.random() < 0.5 else _paint(kit, rng)
  glass = kit.materials.paint(hsv(0.58, 0.25, 0.15), 0.9)
  windows = length > 6.5 and rng.random() < 0.6

  def draw(pen):
    pen.box((0.05, length - 0.05), (0.05, width - 0.05), (0.2, 0.5), kit.dark)
    pen.box(
      (0, length - 0.6),
      (0, width),
      (0.45, height),
      paint,
      (0.03, 0, 0.04, 0.04),
    )
    pen.box((length - 0.7, length), (0, width), (0.4, 0.5 * height), paint)
    pen.box(
      (length - 0.7, length - 0.05),
      (0.02, width - 0.02),
      (0.5 * height, 0.92 * height),
      glass,
      (0, 0.45, 0.06, 0.06),
    )
    if windows:
      pen.box(
        (0.3, length - 1.0),
        (-0.015, width + 0.015),
        (0.45 * height, 0.75 * height),
        glass,
      )
    else:
      pen.box(
        (length - 1.5, length - 0.7),
        (-0.01, width + 0.01),
        (0.55 * height, 0.85 * height),
        glass,
      )
    _wheels(pen, kit, length, width, 0.4)
    _lamps(pen, kit, length, width, 0.65)

  return Piece(length, width, height, draw)
