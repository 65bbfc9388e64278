# SPDX-License-Identifier: Apache-2.0
"""Walls with windows, doors and doorways, and what hangs on them.

A wall's pen has x along the wall, y into the room and z up; the wall's face is
the plane y = 0.
"""

import dataclasses

from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms.materials import hsv
from depth_mai.datasets.procedural_rooms.materials import ramp


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
    length: of the wall, metres.
    height: of the wall, metres.
    windows: how many windows to try.
    doors: how many doors to try.

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
  """What all walls of a room share.

  Attributes:
    face: material of the wall.
    reveal: material inside the openings.
    lower: material of a panelled lower part, or None.
    lower_height: its height, metres.
    skirting: material of the skirting board, or None.
    trim: material of window and door frames.
    door: material of door leaves.
    curtain: material of curtains, or None.
    blinds: share of a window that blinds cover, 0 for none.
    view: what is seen through windows, a glowing material.
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


def draw_wall(pen, kit, rng, style, length, height, openings):
  """Draws one wall of a room with its openings."""
  at = 0.0
  solid = []
  for opening in openings:
    solid.append((at, opening.x[0]))
    at = opening.x[1]
    wide = opening.x[1] - opening.x[0]
    left, (low, high) = opening.x[0], opening.z
    if low > 0:
      pen.quad((left, 0, 0), (wide, 0, 0), (0, 0, low), style.face)
      _dress(pen, style, opening.x, low)
    pen.quad((left, 0, high), (wide, 0, 0), (0, 0, height - high), style.face)
    _reveal(pen, style, opening)
    if opening.kind == 'window':
      _window(pen, kit, rng, style, opening, height)
    elif opening.kind == 'door':
      _door(pen, kit, rng, style, opening)
    else:
      _next_room(pen, kit, rng, style, opening, height)
  solid.append((at, length))
  for left, right in solid:
    if right - left < 1e-3:
      continue
    pen.quad((left, 0, 0), (right - left, 0, 0), (0, 0, height), style.face)
    _dress(pen, style, (left, right), height)


def _dress(pen, style, x, height):
  """Skirting board and panelling on a piece of wall."""
  if style.lower is not None:
    top = min(style.lower_height, height)
    pen.box(x, (-0.01, 0.008), (0, top), style.lower)
    if top < height:
      pen.box(x, (-0.01, 0.02), (top, top + 0.04), style.trim)
  if style.skirting is not None:
    pen.box(x, (-0.01, 0.018), (0, 0.09), style.skirting)


def _reveal(pen, style, opening):
  (left, right), (low, high) = opening.x, opening.z
  inward = (0, style.depth, 0)
  back = -style.depth
  wide, tall = (right - left, 0, 0), (0, 0, high - low)
  pen.quad((left, back, low), inward, tall, style.reveal)
  pen.quad((right, back, low), inward, tall, style.reveal)
  pen.quad((left, back, high), wide, inward, style.reveal)
  if opening.kind == 'window':
    pen.quad((left, back, low), wide, inward, style.reveal)
  else:
    pen.quad((left, back, 0), wide, inward, style.floor)


def _window(pen, kit, rng, style, opening, height):
  (left, right), (low, high) = opening.x, opening.z
  wide, back = right - left, -style.depth
  pen.quad(
    (left, back, low), (wide, 0, 0), (0, 0, high - low), style.view, fit=True
  )
  bar = (back, back + 0.06)
  for x in (left, right - 0.06):
    pen.box((x, x + 0.06), bar, (low, high), style.trim)
  for z in (low, high - 0.06):
    pen.box((left, right), bar, (z, z + 0.06), style.trim)
  for i in range(1, max(round(wide / 0.75), 1)):
    x = left + wide * i / max(round(wide / 0.75), 1)
    pen.box((x - 0.04, x + 0.04), bar, (low, high), style.trim)
  if rng.random() < 0.3:
    z = low + 0.7 * (high - low)
    pen.box((left, right), bar, (z, z + 0.05), style.trim)
  pen.box(
    (left - 0.05, right + 0.05), (back, 0.06), (low - 0.03, low), style.trim
  )
  if style.blinds > 0:
    drop = (high - low) * style.blinds
    pen.quad(
      (left, back + 0.08, high - drop), (wide, 0, 0), (0, 0, drop), kit.slats
    )
  if style.curtain is not None:
    _curtains(pen, kit, rng, style, opening, height)
  if low > 0.6 and rng.random() < 0.5:
    radiator(pen, kit, (left + 0.1, right - 0.1), low - 0.12)
  elif low > 0.5 and rng.random() < 0.3:
    clutter.plant(pen.at(left + 0.3 * wide, -0.02, low), kit, rng, 0.4)


def _curtains(pen, kit, rng, style, opening, height):
  (left, right), (low, _) = opening.x, opening.z
  top = min(opening.z[1] + 0.15, height)
  bottom = 0.02 if rng.random() < 0.6 else low - 0.1
  pen.cylinder(
    (left - 0.3, 0.12, top), 0.015, right - left + 0.6, kit.metal, axis='x'
  )
  share = rng.uniform(0.12, 0.4) * (right - left)
  for x in (left - 0.2, right + 0.2 - share):
    count = max(int(share / 0.1), 2)
    for i in range(count):
      # Folds: a row of thick and thin strips.
      fold = (x + i * share / count, x + (i + 1) * share / count)
      thick = 0.05 if i % 2 == 0 else 0.025
      pen.box(fold, (0.12 - thick, 0.12 + thick), (bottom, top), style.curtain)


def radiator(pen, kit, x, top):
  """A ribbed radiator on a wall."""
  pen.box(x, (0.03, 0.06), (0.12, top), kit.white)
  count = max(int((x[1] - x[0]) / 0.12), 1)
  step = (x[1] - x[0]) / count
  for i in range(count):
    left = x[0] + i * step
    pen.box(
      (left + 0.015, left + step - 0.015),
      (0.06, 0.1),
      (0.13, top - 0.01),
      kit.white,
    )


def _door(pen, kit, rng, style, opening):
  (left, right), (_, high) = opening.x, opening.z
  pen.box((left, right), (-0.09, -0.05), (0, high), style.door)
  for low, top in ((0.15, 0.9), (1.05, high - 0.12)):
    if rng.random() < 0.6:
      for x in (
        (left + 0.12, (left + right) / 2 - 0.05),
        ((left + right) / 2 + 0.05, right - 0.12),
      ):
        pen.box(x, (-0.06, -0.04), (low, top), style.door, (0.02, 0.02, 0, 0.0))
  frame(pen, style, opening)
  side = left + 0.08 if rng.random() < 0.5 else right - 0.08
  pen.cylinder((side, -0.05, 1.02), 0.02, 0.06, kit.metal, axis='y')
  inner = (
    (side - 0.01, side + 0.12)
    if side < (left + right) / 2
    else (side - 0.12, side + 0.01)
  )
  pen.box(inner, (0.0, 0.018), (1.01, 1.03), kit.metal)


def frame(pen, style, opening):
  """The frame around a door or doorway."""
  (left, right), (_, high) = opening.x, opening.z
  pen.box(
    (left - 0.07, left + 0.01), (-0.02, 0.022), (0, high + 0.07), style.trim
  )
  pen.box(
    (right - 0.01, right + 0.07), (-0.02, 0.022), (0, high + 0.07), style.trim
  )
  pen.box((left, right), (-0.02, 0.022), (high - 0.01, high + 0.07), style.trim)


def _next_room(pen, kit, rng, style, opening, height):
  """A plain room seen through a doorway; `frame` and maybe an open door."""
  frame(pen, style, opening)
  (left, right), back = opening.x, -style.depth
  deep = rng.uniform(1.3, 4.5)
  x0, x1 = left - rng.uniform(0.1, 1.5), right + rng.uniform(0.1, 1.5)
  far, wide = back - deep, (x1 - x0, 0, 0)
  tall, inward = (0, 0, height), (0, deep, 0)
  face = (
    style.face
    if rng.random() < 0.4
    else kit.materials.paint(
      hsv(rng.random(), rng.uniform(0, 0.35), rng.uniform(0.5, 0.95))
    )
  )
  pen.quad((x0, far, 0), wide, inward, style.floor)
  pen.quad((x0, far, height), wide, inward, style.ceiling)
  pen.quad((x0, far, 0), wide, tall, face)
  pen.quad((x0, far, 0), inward, tall, face)
  pen.quad((x1, far, 0), inward, tall, face)
  for x in ((x0, left), (right, x1)):
    pen.quad((x[0], back, 0), (x[1] - x[0], 0, 0), tall, face)
  pen.quad(
    (left, back, opening.z[1]),
    (right - left, 0, 0),
    (0, 0, height - opening.z[1]),
    face,
  )
  there = pen.at((x0 + x1) / 2, far)
  if rng.random() < 0.5:
    clutter.picture(there, kit, rng, 0, 1.5, 0.6, 0.5)
  if rng.random() < 0.5:
    there.box((-0.5, 0.3), (0, 0.4), (0, rng.uniform(0.7, 1.9)), kit.body())
  if rng.random() < 0.4:
    # The door stands open into the next room.
    leaf = pen.at(left, back, 0, -rng.uniform(1.2, 2.0))
    leaf.box((0, right - left), (-0.04, 0), (0.01, opening.z[1]), style.door)


def outside(materials, rng, night):
  """A glowing material for what is seen through a window.

  Args:
    materials: `materials.Materials`.
    rng: `np.random.Generator`.
    night: whether it is dark outside.

  Returns:
    material index.
  """
  if night:
    return materials.add(
      'strokes',
      ramp((0, hsv(0.62, 0.6, 0.03)), (1, hsv(0.1, 0.3, 0.2))),
      1.0,
      0.3,
      emission=0.05,
    )
  kind = str(rng.choice(['landscape', 'strokes', 'town_facade', 'clouds']))
  hue, green = rng.uniform(0.53, 0.62), rng.uniform(0.18, 0.33)
  near = hsv(green, rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.6))
  sky = hsv(hue, rng.uniform(0.02, 0.3), 1.0)
  colours = ramp((0, near * 0.4), (0.5, near), (0.6, sky * 0.8), (1, sky))
  if kind == 'strokes':
    colours = ramp((0, near * 0.5), (0.5, near), (1, sky * 0.7))
  if kind in ('clouds', 'town_facade'):
    colours = ramp((0, sky * 0.6), (1, sky))
  return materials.add(
    kind, colours, 1.0, emission=float(rng.uniform(1.0, 4.5))
  )
