# SPDX-License-Identifier: Apache-2.0
"""Holds the materials and names that all drawings of a scene share."""

import builtins
import functools
import math

import numpy as np

from depth_mai.datasets.procedural_rooms import drawing
from depth_mai.datasets.procedural_rooms import materials as materials_lib

hsv = materials_lib.hsv


class Kit:
  """A few woods, fabrics and lacquers that the objects of a room share.

  Attributes:
    materials: `materials.Materials` to add to.
    rng: `np.random.Generator`.
    words: all names that a drawing may use, with their values: the attributes
      below, methods of this class, all drawings, and Python's own names.
    white: lacquered white. This and the following are indices of materials.
    lacquer: lacquer of some colour.
    metal: brushed metal.
    dark: dark plastic or iron.
    slats: blinds.
    paper: white paper.
  """

  def __init__(self, materials, rng):
    """Draws the shared materials."""
    self.materials = materials
    self.rng = rng
    self.words = self._vocabulary()
    self._woods = [self.make('new_wood') for _ in range(2)]
    self._fabrics = [self.make('new_fabric') for _ in range(3)]
    self._things = [self.make('new_thing') for _ in range(7)]
    self.share(
      white=materials.paint(hsv(0.1, 0.04, rng.uniform(0.8, 0.97)), 0.15),
      lacquer=materials.paint(
        hsv(rng.random(), rng.uniform(0, 0.5), rng.uniform(0.2, 0.9)), 0.2
      ),
      metal=materials.metal(),
      dark=materials.paint(hsv(0.6, 0.1, rng.uniform(0.06, 0.2)), 0.35),
      slats=materials.add(
        'slats', materials_lib.shades(hsv(0.1, 0.08, 0.8), 0.5), 1.0
      ),
      paper=materials.paint(hsv(0.12, 0.06, 0.9)),
    )

  def share(self, **materials):
    """Makes materials (name -> index) known to all drawings."""
    vars(self).update(materials)
    self.words.update(materials)

  def wood(self):
    """Draws one of the woods."""
    return int(self.rng.choice(self._woods))

  def fabric(self):
    """Draws one of the fabrics."""
    return int(self.rng.choice(self._fabrics))

  def thing(self):
    """Draws the material of a small object."""
    return int(self.rng.choice(self._things))

  def body(self):
    """Draws the material of a cupboard: wood, white or lacquer."""
    draw = self.rng.random()
    if draw < 0.55:
      return self.wood()
    return self.white if draw < 0.85 else self.lacquer

  def chance(self, share):
    """Returns True with the probability `share`."""
    return self.rng.random() < share

  def integers(self, low, high):
    """Draws an int from low to high - 1."""
    return int(self.rng.integers(low, high))

  def make(self, name, *values, **named_values):
    """Makes a drawing by its name; see `drawing.Drawing.make`."""
    return drawing.drawings()[name].make(self.words, *values, **named_values)

  def draw(self, canvas, name, *values, **named_values):
    """Draws a row of a drawing: a method of the pen or plan, or a part."""
    method = getattr(canvas, name, None)
    if method is None:
      return self.make(name, canvas, *values, **named_values)
    return method(*values, **named_values)

  def _vocabulary(self):
    """Returns the names that drawings may use, with their values."""
    words = vars(builtins) | {
      name: functools.partial(self.make, name) for name in drawing.drawings()
    }
    for owner, names in (
      (math, 'cos sin sqrt radians pi'),
      (np, 'linspace'),
      (self.rng, 'uniform random normal choice poisson shuffle'),
      (materials_lib, 'hsv ramp shades'),
      (self.materials, 'paint light'),
      (self, 'wood fabric thing body chance integers draw materials'),
    ):
      words |= {name: getattr(owner, name) for name in names.split()}
    return words | {'around': around}


def around(radius, angle, z=0.0):
  """Returns the point (x, y, z) on a circle around the z axis."""
  return radius * math.cos(angle), radius * math.sin(angle), z
