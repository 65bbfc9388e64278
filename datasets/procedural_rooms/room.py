# SPDX-License-Identifier: Apache-2.0
"""Builds a room: its shell, furniture and light, and the poses of cameras."""

import dataclasses
import math

import numpy as np

from depth_mai.datasets.procedural_rooms import interiors
from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import room_light
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
    (`world.World`, pose): pose(rng) draws the origin [3], yaw, pitch and roll
    of a camera.
  """
  kind = interiors.choose_kind(rng)
  size, height = kind.draw_size(rng)
  materials = Materials(rng)
  geometry = primitives.Geometry()
  kit = Kit(materials, rng)
  plan = FloorPlan(primitives.Pen(geometry), size, rng)
  night = rng.random() < 0.3
  style = walls_lib.choose_style(kit, rng, kind, night)
  openings = _shell(plan, kit, rng, style, kind, height)
  lamps = room_light.hang_lamps(plan, kit, rng, kind, height, night)
  kit.make(kind.name, plan)
  kit.make('scattered_things', plan)
  kit.make('decorations', plan, openings, height, kind.pictures)
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
  floor = plan.pen.labelled('floor')
  floor.quad((0, 0, 0), (x, 0, 0), (0, y, 0), style.floor)
  sloped = rng.random() < kind.attic
  if sloped:
    kit.make('attic', plan, style, height)
  else:
    ceiling = plan.pen.labelled('ceiling')
    ceiling.quad((0, 0, height), (x, 0, 0), (0, y, 0), style.ceiling)
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
    kit.make('wall', pen, dressed, length, height, chosen)
    plan.set_openings(wall, chosen)
  if not sloped and rng.random() < 0.15:
    kit.make('beams', plan, height)
  if min(x, y) > 3 and rng.random() < 0.2:
    kit.make('chimney_breast', plan, style, height)
  return openings


def _pose(plan, height, rng):
  """Draws the origin, yaw, pitch and roll of a camera."""
  x, y = plan.size
  eye = rng.uniform(0.8, min(1.8, height - 0.4))
  for _ in range(30):
    place = rng.uniform(0, 1, 2) * plan.size
    if plan.standing_room(*place, eye, _EYE_MARGIN_M):
      break
  # The camera looks at a piece of furniture or at any point, mostly downwards.
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
