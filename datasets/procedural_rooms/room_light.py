# SPDX-License-Identifier: Apache-2.0
"""Lights a room with lamps, windows and the sun."""

import math

import numpy as np

from depth_mai.datasets.procedural_rooms import world as world_lib
from depth_mai.datasets.procedural_rooms.kit import hsv


def hang_lamps(plan, kit, rng, kind, height, night):
  """Hangs lamps; if they are lit, returns the lights of the middle two."""
  x, y = plan.size
  lit = night or rng.random() < 0.45
  strength = rng.uniform(2.5, 5) if lit else 0.0
  hue, saturation = rng.uniform(0.07, 0.14), rng.uniform(0.0, 0.4)
  if lit:
    glow = kit.materials.light(strength, hue, saturation)
  else:
    glow = kit.white
  points = []
  columns, rows = max(int(x / 4.5), 1), max(int(y / 4.5), 1)
  panels = rng.random() < kind.panels
  drop = rng.uniform(0.3, max(height - 1.95, 0.35))
  state = rng.bit_generator.state
  for i in range(columns):
    for j in range(rows):
      place = ((i + 0.5) * x / columns, (j + 0.5) * y / rows)
      pen = plan.pen.at(*place, height).labelled('lamp')
      if panels:
        pen.box((-0.6, 0.6), (-0.15, 0.15), (-0.04, 0), glow)
        below = 0.1
      else:
        # All lamps of a room are of one kind.
        rng.bit_generator.state = state
        below = kit.make('ceiling_lamp', pen, glow, drop)
      points.append((*place, height - below))
  if not lit:
    return []
  power = hsv(hue, saturation, 1.0) * rng.uniform(0.6, 1.2)
  points.sort(key=lambda p: abs(p[0] - x / 2) + abs(p[1] - y / 2))
  middle = points[:2]
  return [
    world_lib.Light(
      position=np.array(point),
      colour=power / max(len(middle) * 0.7, 1.0),
      reach_m=rng.uniform(2.5, 4.0) * max(1.0, math.sqrt(x * y) / 5),
      aim=np.array([1e-6, 0.0, -1.0]),
      tan_half=3.2,
      softness=0.006,
    )
    for point in middle
  ]


def window_lights(plan, rng, openings, style, night):
  """Returns the daylight of the two largest windows, list of `world.Light`."""
  if night:
    return []
  found = []
  for wall, chosen in enumerate(openings):
    for opening in chosen:
      if opening.kind == 'window':
        area = (opening.x[1] - opening.x[0]) * (opening.z[1] - opening.z[0])
        found.append((area * (1 - 0.7 * style.blinds), wall, opening))
  found.sort(key=lambda item: -item[0])
  tint = 2.0 ** (rng.normal(0, 0.1) * np.array([-1.0, 0.0, 1.0]))
  lights = []
  for area, wall, opening in found[:2]:
    pen = plan.walls[wall]
    x, z = sum(opening.x) / 2, sum(opening.z) / 2
    inward = pen.point(0, 1, 0) - pen.point(0, 0, 0)
    lights.append(
      world_lib.Light(
        position=pen.point(x, -style.depth - 0.05, z),
        colour=tint * rng.uniform(1.2, 2.5) * min(math.sqrt(area), 1.6),
        reach_m=rng.uniform(1.8, 3.0),
        aim=inward + np.array([1e-6, 1e-6, -0.25]),
        tan_half=2.6,
        softness=0.02,
      )
    )
  return lights


def sunshine(plan, rng, openings, height):
  """Returns the sun if some wall has windows, otherwise an empty list."""
  sunny = [
    wall
    for wall, chosen in enumerate(openings)
    if any(o.kind == 'window' for o in chosen)
  ]
  if not sunny:
    return []
  pen = plan.walls[int(rng.choice(sunny))]
  turn, rise = rng.uniform(-0.9, 0.9), rng.uniform(0.35, 1.0)
  outward = pen.point(math.sin(turn), -math.cos(turn), rise)
  direction = outward - pen.point(0, 0, 0)
  x, y = plan.size
  radius = 0.5 * math.sqrt(x * x + y * y + height * height) + 0.3
  return [
    world_lib.sun(
      direction,
      np.array([1.0, 0.93, 0.8]) * rng.uniform(2, 4),
      (x / 2, y / 2, height / 2),
      radius,
    )
  ]
