# SPDX-License-Identifier: Apache-2.0
"""The materials one room or street has in common, and what a piece is."""

import collections.abc
import dataclasses

from depth_mai.datasets.procedural_rooms import materials as materials_lib

hsv = materials_lib.hsv


@dataclasses.dataclass(frozen=True)
class Piece:
  """A piece of furniture that has not been placed yet.

  Attributes:
    width: metres along x, from 0.
    depth: metres along y, from the back (0) to the front.
    height: metres.
    draw: called with a pen whose origin is the back left corner on the floor.
  """

  width: float
  depth: float
  height: float
  draw: collections.abc.Callable


class Kit:
  """A few woods, fabrics and lacquers that the things of a room share."""

  def __init__(self, materials, rng):
    """Draws the shared materials.

    Args:
      materials: `materials.Materials` to add to.
      rng: `np.random.Generator`.
    """
    self.materials = materials
    self.rng = rng
    self._woods = [materials.wood() for _ in range(2)]
    self._fabrics = [materials.fabric() for _ in range(3)]
    self._things = [materials.plastic() for _ in range(7)]
    self.white = materials.paint(hsv(0.1, 0.04, rng.uniform(0.8, 0.97)), 0.15)
    self.lacquer = materials.paint(
      hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.2, 0.9)), 0.2
    )
    self.metal = materials.metal()
    self.dark = materials.paint(hsv(0.6, 0.1, rng.uniform(0.06, 0.2)), 0.35)
    self.slats = materials.add(
      'slats', materials_lib.shades(hsv(0.1, 0.08, 0.8), 0.5), 1.0
    )
    self.paper = materials.paint(hsv(0.12, 0.06, 0.9))

  def wood(self):
    """One of the woods."""
    return int(self.rng.choice(self._woods))

  def fabric(self):
    """One of the fabrics."""
    return int(self.rng.choice(self._fabrics))

  def thing(self):
    """What a small thing is made of."""
    return int(self.rng.choice(self._things))

  def body(self):
    """What cupboards are made of: mostly wood, often white or lacquered."""
    draw = self.rng.random()
    if draw < 0.55:
      return self.wood()
    return self.white if draw < 0.85 else self.lacquer
