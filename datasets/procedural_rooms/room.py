# SPDX-License-Identifier: Apache-2.0
"""Lays out a room: its shell, its furniture, its light and where one stands."""

import dataclasses
import math

import numpy as np

from depth_mai.datasets.procedural_rooms import clutter
from depth_mai.datasets.procedural_rooms import groups
from depth_mai.datasets.procedural_rooms import interiors
from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import room_light
from depth_mai.datasets.procedural_rooms import surfaces
from depth_mai.datasets.procedural_rooms import walls as walls_lib
from depth_mai.datasets.procedural_rooms import world as world_lib
from depth_mai.datasets.procedural_rooms.floor_plan import FloorPlan
from depth_mai.datasets.procedural_rooms.kit import Kit
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import Materials

_EYE_MARGIN_M = 0.45


def build(rng):
  """Builds a furnished room.

  Args:
    rng: `np.random.Generator`.

  Returns:
    (`world.World`, pose) where pose(rng) draws a camera's origin [3], yaw,
    pitch and roll.
  """
  kind = interiors.choose_kind(rng)
  size, height = kind.draw_size(rng)
  materials = Materials(rng)
  geometry = primitives.Geometry()
  kit = Kit(materials, rng)
  plan = FloorPlan(primitives.Pen(geometry), size)
  night = rng.random() < 0.3
  style = surfaces.style(materials, kit, rng, kind.name, night)
  openings = _shell(plan, kit, rng, style, kind, height)
  lamps = room_light.hang_lamps(plan, kit, rng, kind, height, night)
  kind.furnish(plan, kit, rng)
  groups.scatter_things(plan, kit, rng)
  _decorate(plan, kit, rng, openings, height, kind)
  lights = room_light.window_lights(plan, rng, openings, style, night) + lamps
  if not night and rng.random() < 0.45:
    lights += room_light.sunshine(plan, rng, openings, height)
  level = rng.uniform(0.3, 0.6) * (1.25 - 0.45 * bool(lamps))
  warm = np.array([1.0, rng.uniform(0.88, 1.0), rng.uniform(0.75, 1.0)])
  if not night:
    warm = warm[[1, 0, 0]] if rng.random() < 0.4 else np.ones(3)
  ambient = np.stack([warm * level * rng.uniform(0.6, 0.9), warm * level])
  world = world_lib.World(
    geometry.quads(),
    geometry.quadrics(),
    materials.tables(),
    tuple(lights),
    ambient,
    None,
  )
  return world, lambda draw: _pose(plan, height, draw)


def _shell(plan, kit, rng, style, kind, height):
  """Draws floor, ceiling and walls; returns the openings of each wall."""
  x, y = plan.size
  plan.pen.quad((0, 0, 0), (x, 0, 0), (0, y, 0), style.floor)
  sloped = rng.random() < kind.attic
  if sloped:
    _attic(plan, kit, rng, style, height)
  else:
    plan.pen.quad((0, 0, height), (x, 0, 0), (0, y, 0), style.ceiling)
  doors = np.bincount(rng.integers(0, 4, rng.integers(1, 3)), minlength=4)
  openings = []
  accent = kit.materials.paint(
    hsv(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.3, 0.9))
  )
  accent_wall = rng.integers(0, 4) if rng.random() < 0.25 else -1
  for wall, pen in enumerate(plan.walls):
    length = plan.lengths[wall]
    windows = 0
    if rng.random() < kind.windows:
      windows = int(np.clip(rng.poisson(length / 4), 1, 5))
    chosen = walls_lib.choose_openings(
      rng, length, height, windows, int(doors[wall])
    )
    if sloped and wall in (1, 3):
      chosen = [o for o in chosen if o.z[1] < 1.2]
    openings.append(chosen)
    dressed = style
    if wall == accent_wall:
      dressed = dataclasses.replace(style, face=accent)
    walls_lib.draw_wall(pen, kit, rng, dressed, length, height, chosen)
    plan.set_openings(wall, chosen)
  if not sloped and rng.random() < 0.15:
    _beams(plan, kit, rng, height)
  if min(x, y) > 3 and rng.random() < 0.2:
    _pillar(plan, rng, style, height)
  return openings


def _attic(plan, kit, rng, style, height):
  """A roof that slopes down to the east and west walls."""
  x, y = plan.size
  knee = rng.uniform(0.9, 1.6)
  flat = rng.uniform(0.3, 0.6) * x
  side = (x - flat) / 2
  rise = height - knee
  plan.pen.quad((0, 0, knee), (side, 0, rise), (0, y, 0), style.ceiling)
  plan.pen.quad((x, 0, knee), (-side, 0, rise), (0, y, 0), style.ceiling)
  plan.pen.quad((side, 0, height), (flat, 0, 0), (0, y, 0), style.ceiling)
  for edge in (0.0, x - side):
    plan.taken.append((edge, 0.0, edge + side * 0.3, y, 0.0))


def _beams(plan, kit, rng, height):
  material, step = kit.wood(), rng.uniform(0.8, 1.4)
  for i in range(1, int(plan.size[1] / step)):
    plan.pen.box(
      (0, plan.size[0]),
      (i * step, i * step + 0.12),
      (height - 0.16, height - 0.001),
      material,
    )


def _pillar(plan, rng, style, height):
  """A chimney breast or pipe shaft in a corner: an L-shaped room."""
  wide, deep = rng.uniform(0.3, 1.3), rng.uniform(0.3, 1.3)
  x = (0, wide) if rng.random() < 0.5 else (plan.size[0] - wide, plan.size[0])
  y = (0, deep) if rng.random() < 0.5 else (plan.size[1] - deep, plan.size[1])
  if plan.free((x[0], y[0], x[1], y[1])):
    plan.taken.append((x[0], y[0], x[1], y[1], height))
    plan.pen.box(x, y, (0, height), style.face)


def _decorate(plan, kit, rng, openings, height, kind):
  """Pictures, clocks and shelves on the walls."""
  for wall, pen in enumerate(plan.walls):
    length = plan.lengths[wall]
    taken = [opening.x for opening in openings[wall]]
    for _ in range(int(rng.poisson(kind.pictures * length / 4))):
      width, high = rng.uniform(0.3, 1.2), rng.uniform(0.3, 0.9)
      if width + 0.4 > length:
        continue
      x = rng.uniform(0.2 + width / 2, length - 0.2 - width / 2)
      z = min(rng.uniform(1.45, 1.75), height - high / 2 - 0.1)
      span = (x - width / 2 - 0.1, x + width / 2 + 0.1)
      if any(span[1] > start and span[0] < end for start, end in taken):
        continue
      x0, y0, x1, y1 = plan.rectangle(wall, span, 0.1)
      if any(
        t[4] > z - high / 2
        and x1 > t[0]
        and x0 < t[2]
        and y1 > t[1]
        and y0 < t[3]
        for t in plan.taken
      ):
        continue
      taken.append(span)
      draw = rng.random()
      if draw < 0.8:
        clutter.picture(pen, kit, rng, x, z, width, high)
      elif draw < 0.9:
        clutter.clock(pen, kit, x, z)
      else:
        pen.box((span[0], span[1]), (0, 0.22), (z - 0.03, z), kit.wood())
        clutter.scatter(pen, kit, rng, span, (0.0, 0.24), z, 4)


def _pose(plan, height, rng):
  """Draws where the camera stands and looks."""
  x, y = plan.size
  eye = rng.uniform(0.8, min(1.8, height - 0.4))
  for _ in range(30):
    place = rng.uniform(0, 1, 2) * plan.size
    if plan.standing_room(*place, eye, _EYE_MARGIN_M):
      break
  # Look at something some way off, rather down than up.
  target = rng.uniform(0.0, 1.0, 2) * plan.size
  solid = [t for t in plan.taken if t[4] > 0.3]
  if solid and rng.random() < 0.6:
    t = solid[int(rng.integers(len(solid)))]
    target = np.array([(t[0] + t[2]) / 2, (t[1] + t[3]) / 2])
  away = target - place
  yaw = math.atan2(away[1], away[0]) + rng.normal(0, 0.15)
  pitch = rng.normal(-0.16, 0.13) - 0.12 * (eye - 1.3)
  roll = rng.normal(0, 0.03)
  return np.array([place[0], place[1], eye]), yaw, pitch, roll
