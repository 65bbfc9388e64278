# SPDX-License-Identifier: Apache-2.0
"""Seats, beds and tables, put together from boxes and cylinders.

Each function takes the kit and a generator and returns a `kit.Piece`.
"""

import math

from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms.kit import Piece


def _legs(pen, width, depth, height, thick, material, inset=0.03):
  for x in (inset, width - inset - thick):
    for y in (inset, depth - inset - thick):
      pen.box((x, x + thick), (y, y + thick), (0, height), material)


def table(kit, rng, width=None, depth=None, height=None):
  """A slab on four legs with things on it."""
  width = rng.uniform(0.9, 2.0) if width is None else width
  depth = rng.uniform(0.7, 1.0) if depth is None else depth
  height = rng.uniform(0.7, 0.78) if height is None else height
  top = kit.wood() if rng.random() < 0.7 else kit.white
  legs = top if rng.random() < 0.6 else kit.metal
  thick, leg = rng.uniform(0.025, 0.06), rng.uniform(0.03, 0.08)

  def draw(pen):
    pen.box((0, width), (0, depth), (height - thick, height), top)
    if rng.random() < 0.5:
      pen.box(
        (0.06, width - 0.06),
        (0.06, depth - 0.06),
        (height - thick - 0.09, height - thick),
        legs,
      )
    _legs(pen, width, depth, height - thick, leg, legs)
    if rng.random() < 0.3:
      cloth = kit.fabric()
      pen.box(
        (0.2, width - 0.2),
        (-0.004, depth + 0.004),
        (height - 0.15, height + 0.004),
        cloth,
      )
    clutter.scatter(
      pen,
      kit,
      rng,
      (0, width),
      (0, depth),
      height + 0.004,
      int(rng.integers(0, 7)),
    )

  return Piece(width, depth, height, draw)


def round_table(kit, rng):
  """A round table on one foot."""
  radius, height = rng.uniform(0.35, 0.7), rng.uniform(0.45, 0.78)
  top, foot = kit.body(), kit.metal

  def draw(pen):
    middle = pen.at(radius, radius)
    middle.cylinder((0, 0, height - 0.03), radius, 0.03, top)
    middle.cylinder((0, 0, 0), 0.04, height, foot)
    middle.cylinder((0, 0, 0), radius * 0.55, 0.03, foot)
    side = radius * 0.65
    clutter.scatter(
      middle,
      kit,
      rng,
      (-side, side),
      (-side, side),
      height,
      int(rng.integers(0, 5)),
    )

  return Piece(2 * radius, 2 * radius, height, draw)


def coffee_table(kit, rng):
  """A low table."""
  return table(
    kit,
    rng,
    rng.uniform(0.7, 1.2),
    rng.uniform(0.5, 0.7),
    rng.uniform(0.35, 0.48),
  )


def chair(kit, rng):
  """A chair with a solid or slatted back."""
  width, depth, seat = 0.44, 0.46, rng.uniform(0.43, 0.48)
  frame = kit.wood() if rng.random() < 0.65 else kit.metal
  pad = kit.fabric() if rng.random() < 0.5 else frame
  solid, high = rng.random() < 0.5, rng.uniform(0.82, 1.05)

  def draw(pen):
    pen.box((0, width), (0, depth), (seat - 0.05, seat), pad)
    _legs(pen, width, depth, seat - 0.05, 0.035, frame, 0.005)
    back = pen.at(0, 0.035, seat, lean=math.radians(rng.uniform(3, 12)))
    if solid:
      back.box((0.02, width - 0.02), (0, 0.03), (0.08, high - seat), pad)
    else:
      back.box((0.02, 0.06), (0, 0.03), (0, high - seat), frame)
      back.box((width - 0.06, width - 0.02), (0, 0.03), (0, high - seat), frame)
      for z in (0.15, 0.27, 0.39):
        back.box((0.06, width - 0.06), (0.005, 0.025), (z, z + 0.05), frame)

  return Piece(width, depth, high, draw)


def stool(kit, rng):
  """A round stool on three legs."""
  radius, height = rng.uniform(0.15, 0.2), rng.uniform(0.42, 0.75)
  seat, leg = kit.body(), kit.metal

  def draw(pen):
    middle = pen.at(radius, radius)
    middle.cylinder((0, 0, height - 0.05), radius, 0.05, seat)
    for i in range(3):
      angle = i * 2 * math.pi / 3
      middle.cylinder(
        (0.75 * radius * math.cos(angle), 0.75 * radius * math.sin(angle), 0),
        0.015,
        height,
        leg,
      )

  return Piece(2 * radius, 2 * radius, height, draw)


def office_chair(kit, rng):
  """A swivel chair on five castors."""
  cloth = kit.fabric() if rng.random() < 0.5 else kit.dark

  def draw(pen):
    middle = pen.at(0.3, 0.3)
    for i in range(5):
      foot = middle.at(0, 0, 0, i * 2 * math.pi / 5 + 0.2)
      foot.box((0, 0.3), (-0.02, 0.02), (0.06, 0.1), kit.dark)
      foot.sphere((0.28, 0, 0.035), 0.035, kit.dark)
    middle.cylinder((0, 0, 0.08), 0.03, 0.35, kit.metal)
    middle.box((-0.24, 0.24), (-0.24, 0.24), (0.43, 0.52), cloth)
    back = middle.at(0, -0.22, 0.52, lean=math.radians(9))
    back.box(
      (-0.22, 0.22), (-0.04, 0.04), (0.06, 0.6), cloth, (0.03, 0.03, 0, 0)
    )
    for side in (-1, 1):
      middle.box(
        (side * 0.27 - 0.03, side * 0.27 + 0.03),
        (-0.12, 0.14),
        (0.68, 0.71),
        kit.dark,
      )
      middle.box(
        (side * 0.27 - 0.015, side * 0.27 + 0.015),
        (-0.02, 0.02),
        (0.47, 0.68),
        kit.dark,
      )

  return Piece(0.6, 0.6, 1.1, draw)


def sofa(kit, rng, seats=None):
  """A sofa or, with one seat, an armchair."""
  seats = int(rng.integers(2, 4)) if seats is None else seats
  seat_width, depth = rng.uniform(0.55, 0.75), rng.uniform(0.8, 0.98)
  arm, low = rng.uniform(0.1, 0.22), rng.uniform(0.38, 0.46)
  high, arm_high = rng.uniform(0.75, 0.95), rng.uniform(0.52, 0.66)
  width = seats * seat_width + 2 * arm
  cloth, feet = kit.fabric(), kit.wood()
  other = cloth if rng.random() < 0.7 else kit.fabric()

  def draw(pen):
    _legs(pen, width, depth, 0.1, 0.05, feet)
    pen.box((0, width), (0, depth), (0.08, low - 0.12), cloth)
    pen.box((0, width), (0, 0.22), (0.1, high), cloth, (0, 0, 0, 0.08))
    for x in (0, width - arm):
      pen.box((x, x + arm), (0.02, depth), (0.1, arm_high), cloth)
    for i in range(seats):
      x = arm + i * seat_width
      pen.box(
        (x + 0.008, x + seat_width - 0.008),
        (0.18, depth + 0.02),
        (low - 0.12, low),
        other,
        (0.01, 0.01, 0.0, 0.02),
      )
      back = pen.at(x, 0.3, low, lean=math.radians(12))
      back.box(
        (0.012, seat_width - 0.012),
        (-0.08, 0.08),
        (0, high - low),
        other,
        (0.02, 0.02, 0.02, 0.04),
      )
      if rng.random() < 0.45:
        pillow = pen.at(
          x + seat_width / 2, 0.48, low, rng.normal(0, 0.3), math.radians(25)
        )
        clutter.cushion(pillow, kit, rng)
    if seats > 1 and rng.random() < 0.25:
      x = rng.uniform(arm, width - arm - 0.6)
      pen.box(
        (x, x + 0.6), (0.16, depth + 0.03), (low, low + 0.012), kit.fabric()
      )

  return Piece(width, depth, high, draw)


def armchair(kit, rng):
  """A sofa for one."""
  return sofa(kit, rng, seats=1)


def bed(kit, rng):
  """A bed whose head is at the back."""
  double = rng.random() < 0.6
  width = rng.uniform(1.4, 1.9) if double else rng.uniform(0.9, 1.1)
  length, low = rng.uniform(2.0, 2.15), rng.uniform(0.25, 0.35)
  mattress, head = rng.uniform(0.15, 0.28), rng.uniform(0.8, 1.3)
  frame, sheet, cover = kit.body(), kit.white, kit.fabric()
  top = low + mattress

  def draw(pen):
    pen.box((0, width), (0, 0.06), (0, head), frame)
    pen.box((0, width), (0.06, length), (0.1, low), frame)
    if rng.random() < 0.4:
      pen.box((0, width), (length - 0.05, length), (0, low + 0.3), frame)
    pen.box((0.03, width - 0.03), (0.07, length - 0.06), (low, top), sheet)
    fold = rng.uniform(0.45, 0.9)
    pen.box(
      (0.0, width),
      (fold, length - 0.05),
      (low - 0.12, top + 0.06),
      cover,
      (0.03, 0.03, 0.02, 0.03),
    )
    if rng.random() < 0.6:
      pen.box(
        (0.0, width),
        (fold - 0.25, fold),
        (low - 0.05, top + 0.07),
        sheet,
        (0.03, 0.03, 0.02, 0),
      )
    for i in range(2 if double else 1):
      x = width * (0.5 if not double else 0.27 + 0.46 * i)
      pen.ellipsoid((x, 0.32, top + 0.06), (0.33, 0.2, 0.1), kit.white)
      if rng.random() < 0.4:
        clutter.cushion(pen.at(x, 0.5, top, 0, math.radians(40)), kit, rng)

  return Piece(width, length, head, draw)


def desk(kit, rng):
  """A desk with a computer; the user sits at the front."""
  width, depth = rng.uniform(1.1, 1.8), rng.uniform(0.65, 0.85)
  height, top = rng.uniform(0.71, 0.76), kit.body()
  frame = top if rng.random() < 0.5 else kit.metal

  def draw(pen):
    pen.box((0, width), (0, depth), (height - 0.03, height), top)
    if rng.random() < 0.6:
      pen.box((0.02, 0.42), (0.05, depth - 0.05), (0.02, height - 0.03), frame)
      for z in (0.06, 0.28, 0.5):
        pen.box((0.03, 0.41), (depth - 0.05, depth - 0.035), (z, z + 0.19), top)
        pen.box(
          (0.17, 0.27),
          (depth - 0.035, depth - 0.02),
          (z + 0.14, z + 0.155),
          kit.metal,
        )
      pen.box(
        (width - 0.05, width - 0.02),
        (0.05, depth - 0.05),
        (0, height - 0.03),
        frame,
      )
    else:
      _legs(pen, width, depth, height - 0.03, 0.05, frame)
    for i in range(int(rng.integers(1, 3))):
      x = width * (0.5 if i == 0 else 0.82) + rng.normal(0, 0.05)
      monitor(pen.at(x, 0.25, height, rng.normal(0, 0.2)), kit, rng)
    x = width * 0.5
    pen.box(
      (x - 0.22, x + 0.22), (0.45, 0.59), (height, height + 0.02), kit.dark
    )
    clutter.scatter(
      pen, kit, rng, (0, width), (0.1, depth), height, int(rng.integers(1, 6))
    )

  return Piece(width, depth, 1.2, draw)


def monitor(pen, kit, rng):
  """A screen on a foot, facing y."""
  wide, high = rng.uniform(0.24, 0.35), rng.uniform(0.28, 0.4)
  pen.box((-0.12, 0.12), (-0.1, 0.1), (0, 0.015), kit.dark)
  pen.box((-0.025, 0.025), (-0.05, -0.02), (0, 0.3), kit.dark)
  lit = 0.9 if rng.random() < 0.6 else 0.0
  face = pen.at(0, 0, 0.12, lean=math.radians(rng.uniform(0, 8)))
  face.box((-wide, wide), (-0.03, 0.01), (0, high), kit.dark)
  screen = kit.materials.picture(lit) if lit else kit.dark
  face.quad(
    (wide - 0.015, 0.012, 0.015),
    (0.03 - 2 * wide, 0, 0),
    (0, 0, high - 0.03),
    screen,
    fit=True,
  )


def bench(kit, rng):
  """A slatted bench, often with a back."""
  width, seat = rng.uniform(1.2, 2.0), rng.uniform(0.42, 0.48)
  top, legs = kit.wood(), kit.metal

  def draw(pen):
    for y in (0.0, 0.14, 0.28):
      pen.box((0, width), (y, y + 0.11), (seat - 0.04, seat), top)
    for x in (0.12, width - 0.18):
      pen.box((x, x + 0.06), (0.02, 0.38), (0, seat - 0.04), legs)
    if rng.random() < 0.6:
      back = pen.at(0, 0.0, seat, lean=math.radians(12))
      for z in (0.12, 0.28):
        back.box((0, width), (-0.03, 0), (z, z + 0.11), top)

  return Piece(width, 0.4, 0.85, draw)
