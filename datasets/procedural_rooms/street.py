# SPDX-License-Identifier: Apache-2.0
"""Builds a street: its parts and light, and the poses of cameras."""

import math

import numpy as np

from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import world as world_lib
from depth_mai.datasets.procedural_rooms.kit import Kit
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import Materials
from depth_mai.datasets.procedural_rooms.materials import shades

_SPAN_M = (-12.0, 75.0)  # The street, along x; the camera stands near x = 0.
_KERB_M = 0.14
_HOUSE_DEPTH_M = 9.0


class StreetKit(Kit):
  """A kit that also has the materials of streets."""

  def __init__(self, materials, rng):
    super().__init__(materials, rng)
    stone = hsv(0.1, rng.uniform(0.02, 0.15), rng.uniform(0.45, 0.75))
    self.share(stone=materials.add('plaster', shades(stone, 0.2), 2.0))
    bark = hsv(0.08, rng.uniform(0.2, 0.5), rng.uniform(0.2, 0.5))
    self.share(
      bark=materials.add('wood', shades(bark, 0.4), (0.8, 1.5)),
      leaves_of_hedges=self.make('leaves'),
    )


def build(rng):
  """Builds a street.

  Args:
    rng: `np.random.Generator`.

  Returns:
    (`world.World`, pose), as `room.build`.
  """
  materials = Materials(rng)
  geometry = primitives.Geometry()
  kit = StreetKit(materials, rng)
  pen = primitives.Pen(geometry)
  road = rng.uniform(5.5, 11.0) / 2
  pavement = rng.uniform(1.8, 5.0)
  blocked = kit.make(
    'street', pen, _SPAN_M, road, pavement, _KERB_M, _HOUSE_DEPTH_M
  )
  world = _light(geometry, materials, rng)
  return world, lambda draw: _pose(draw, road, pavement, blocked)


def _light(geometry, materials, rng):
  """Returns the `World`, with sun, sky and haze."""
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
  """Draws the origin, yaw, pitch and roll of a camera."""
  for _ in range(20):
    x, y = rng.uniform(-4, 4), rng.uniform(-1, 1) * (road + pavement - 0.6)
    if all(
      not (b[0] - 0.6 < x < b[1] + 0.6 and b[2] - 0.6 < y < b[3] + 0.6)
      for b in blocked
    ):
      break
  eye = rng.uniform(0.9, 1.8) + (_KERB_M if abs(y) > road else 0.0)
  # The camera looks along the street, sometimes across it.
  spread = 0.3 if rng.random() < 0.7 else 0.9
  yaw = rng.normal(0, spread) - 0.05 * y / road
  pitch = rng.normal(-0.02, 0.08)
  return np.array([x, y, eye]), yaw, pitch, rng.normal(0, 0.025)
