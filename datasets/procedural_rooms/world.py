# SPDX-License-Identifier: Apache-2.0
"""Defines the scene that is rendered: shapes, materials, light."""

import dataclasses
import math

import numpy as np

from depth_mai.datasets.procedural_rooms import materials
from depth_mai.datasets.procedural_rooms import primitives


@dataclasses.dataclass(frozen=True)
class Light:
  """A lamp, a window or the sun.

  Attributes:
    position: [3], metres; the sun is far away along its direction.
    colour: [3], linear RGB of a white surface that faces it from nearby.
    reach_m: distance at which its strength has halved.
    aim: [3], viewing direction of its shadow map.
    tan_half: tangent of half the shadow map's opening angle.
    softness: width of a shadow's edge, relative to the shadow map.
  """

  position: np.ndarray
  colour: np.ndarray
  reach_m: float
  aim: np.ndarray
  tan_half: float
  softness: float = 0.01


@dataclasses.dataclass(frozen=True)
class Sky:
  """The sky, seen where a ray hits nothing, and the haze of the air.

  Attributes:
    zenith: [3], linear RGB.
    horizon: [3], linear RGB.
    clouds: how much of the sky is clouded, 0..1.
    haze_m: distance at which haze replaces 63 % of the light.
  """

  zenith: np.ndarray
  horizon: np.ndarray
  clouds: float
  haze_m: float


@dataclasses.dataclass(frozen=True)
class World:
  """A scene ready to be rendered.

  Attributes:
    quads: `primitives.Quads`.
    quadrics: `primitives.Quadrics`.
    tables: `materials.Tables`.
    lights: tuple of `Light`.
    ambient: [2, 3], light from all around on surfaces that face down and up.
    sky: `Sky`, or None indoors.
  """

  quads: primitives.Quads
  quadrics: primitives.Quadrics
  tables: materials.Tables
  lights: tuple
  ambient: np.ndarray
  sky: Sky | None


def sun(direction, colour, centre, radius_m, softness=0.006):
  """Returns the sun: a far light whose shadow map covers a ball.

  Args:
    direction: [3], from the scene to the sun.
    colour: [3], linear RGB.
    centre: [3], centre of the ball, metres.
    radius_m: radius of the ball, metres.
    softness: as in `Light`.

  Returns:
    `Light`.
  """
  direction = np.asarray(direction, np.float64)
  direction = direction / math.sqrt(float(direction @ direction))
  distance_m = 20.0 * radius_m
  return Light(
    position=np.asarray(centre) + distance_m * direction,
    colour=np.asarray(colour),
    reach_m=1e4 * distance_m,
    aim=-direction,
    tan_half=radius_m / distance_m,
    softness=softness,
  )
