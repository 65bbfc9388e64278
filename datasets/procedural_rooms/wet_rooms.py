# SPDX-License-Identifier: Apache-2.0
"""Kitchens and bathrooms: what stands along their walls.

Each function takes the kit and a generator and returns a `kit.Piece`.
"""

from depth_mai.datasets.procedural_rooms import cabinets
from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms.kit import Piece
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import shades


def kitchen(kit, rng):
  """A row of kitchen units, often with wall units above."""
  units = int(rng.integers(3, 7))
  width, depth, high = units * 0.6, 0.6, 0.9
  body, top = (
    kit.body(),
    kit.materials.add(
      str(rng.choice(['marble', 'plaster', 'wood'])),
      _worktop(rng),
      1.3,
      0.3,
    ),
  )
  above = rng.random() < 0.7
  sink, stove = rng.choice(units, 2, replace=False)
  full = 2.2 if above else 1.2

  def draw(pen):
    pen.box((0, width), (0, depth - 0.08), (0, 0.1), kit.dark)
    pen.box((0, width), (0, depth - 0.02), (0.1, high - 0.04), body)
    pen.box((-0.01, width + 0.01), (0, depth + 0.02), (high - 0.04, high), top)
    for i in range(units):
      x = (i * 0.6, i * 0.6 + 0.6)
      if i == stove:
        pen.box(
          (x[0] + 0.01, x[1] - 0.01),
          (depth - 0.02, depth),
          (0.2, 0.82),
          kit.dark,
        )
        pen.box(
          (x[0] + 0.08, x[1] - 0.08),
          (depth + 0.02, depth + 0.035),
          (0.68, 0.695),
          kit.metal,
        )
        pen.box(
          (x[0] + 0.02, x[1] - 0.02),
          (0.06, depth - 0.06),
          (high, high + 0.006),
          kit.dark,
        )
        if rng.random() < 0.6:
          pen.cylinder((x[0] + 0.2, 0.25, high), 0.1, 0.14, kit.metal)
        if above:
          pen.box(x, (0.02, 0.48), (1.5, 1.62), kit.metal)
          pen.box(
            (x[0] + 0.18, x[1] - 0.18), (0.02, 0.25), (1.62, 2.3), kit.metal
          )
        continue
      rows = 1 if rng.random() < 0.6 else 3
      cabinets.doors(
        pen, kit, rng, x, (0.11, high - 0.05), depth - 0.02, 1, rows, body
      )
      if i == sink:
        pen.box(
          (x[0] + 0.08, x[1] - 0.08),
          (0.12, 0.5),
          (high, high + 0.004),
          kit.metal,
        )
        pen.cylinder((x[0] + 0.3, 0.1, high), 0.015, 0.28, kit.metal)
        pen.cylinder(
          (x[0] + 0.3, 0.1, high + 0.27), 0.012, 0.18, kit.metal, axis='y'
        )
      elif above or rng.random() < 0.5:
        clutter.scatter(
          pen, kit, rng, x, (0.05, 0.5), high, int(rng.integers(0, 4))
        )
      if above and abs(i - stove) > 0:
        pen.box(x, (0, 0.33), (1.45, 2.2), body)
        cabinets.doors(pen, kit, rng, x, (1.46, 2.19), 0.33, 1, 1, body)

  return Piece(width, depth + 0.03, full, draw)


def _worktop(rng):
  """Colours of a worktop: stone or wood."""
  value = rng.uniform(0.15, 0.9)
  return shades(hsv(rng.uniform(0.05, 0.12), rng.uniform(0, 0.4), value), 0.25)


def fridge(kit, rng):
  """A fridge with a freezer."""
  height, width = rng.uniform(1.4, 2.0), rng.uniform(0.58, 0.8)
  body = kit.white if rng.random() < 0.5 else kit.metal
  split = rng.uniform(0.3, 0.7) * height

  def draw(pen):
    pen.box((0, width), (0, 0.58), (0.03, height), body)
    for low, high in ((0.05, split - 0.005), (split + 0.005, height)):
      pen.box((0.003, width - 0.003), (0.58, 0.65), (low, high), body)
      pen.box(
        (0.04, 0.065),
        (0.65, 0.69),
        (low + 0.1, min(low + 0.5, high)),
        kit.metal,
      )

  return Piece(width, 0.7, height, draw)


def toilet(kit, rng):
  """A toilet with its cistern."""

  def draw(pen):
    pen.box((0.0, 0.4), (0, 0.2), (0.4, 0.78), kit.white)
    pen.box((0.1, 0.3), (0.1, 0.5), (0, 0.3), kit.white, (0, 0, 0, -0.08))
    pen.ellipsoid((0.2, 0.42, 0.36), (0.19, 0.27, 0.1), kit.white)
    pen.cylinder((0.2, 0.42, 0.4), 0.19, 0.04, kit.white)

  return Piece(0.4, 0.7, 0.8, draw)


def basin(kit, rng):
  """A washbasin below a mirror."""
  unit = rng.random() < 0.6
  body = kit.body()

  def draw(pen):
    if unit:
      pen.box((0.05, 0.65), (0, 0.42), (0.2, 0.75), body)
      cabinets.doors(pen, kit, rng, (0.05, 0.65), (0.2, 0.75), 0.42, 2, 1, body)
    else:
      pen.cylinder((0.35, 0.2, 0), 0.09, 0.75, kit.white)
    pen.box((0, 0.7), (0, 0.48), (0.75, 0.87), kit.white, (0.0, 0, 0, 0.0))
    pen.cylinder((0.35, 0.1, 0.87), 0.015, 0.14, kit.metal)
    pen.box((0.33, 0.37), (0.09, 0.25), (1.0, 1.025), kit.metal)
    mirror = kit.materials.paint(hsv(0.55, 0.08, 0.75), 0.9)
    pen.box((0.02, 0.68), (0, 0.02), (1.15, 1.95), mirror)

  return Piece(0.7, 0.5, 1.95, draw)


def bathtub(kit, rng):
  """A bathtub along a wall."""
  width = rng.uniform(1.5, 1.8)

  def draw(pen):
    pen.box((0, width), (0, 0.75), (0, 0.5), kit.white)
    pen.box(
      (0.06, width - 0.06),
      (0.06, 0.69),
      (0.5, 0.506),
      kit.materials.paint(hsv(0.5, 0.1, 0.6), 0.3),
    )
    pen.box((0, width), (0, 0.05), (0.5, 0.56), kit.white)
    pen.cylinder((0.1, 0.37, 0.5), 0.02, 0.2, kit.metal)

  return Piece(width, 0.75, 0.6, draw)
