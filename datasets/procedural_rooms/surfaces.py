# SPDX-License-Identifier: Apache-2.0
"""What the walls, floors and ceilings of a room are made of."""

import numpy as np

from depth_mai.datasets.procedural_rooms import walls as walls_lib
from depth_mai.datasets.procedural_rooms.kit import hsv
from depth_mai.datasets.procedural_rooms.materials import ramp
from depth_mai.datasets.procedural_rooms.materials import shades


def style(materials, kit, rng, name, night):
  """The surfaces of the room's shell as `walls.Style`."""
  wet = name in ('bathroom', 'kitchen')
  face = _wall_material(materials, rng, wet and rng.random() < 0.5)
  lower = None
  if rng.random() < 0.15:
    lower = (
      kit.wood()
      if rng.random() < 0.5
      else materials.paint(
        hsv(rng.random(), rng.uniform(0.05, 0.5), rng.uniform(0.3, 0.9))
      )
    )
  curtain = None
  if rng.random() < 0.5 and not wet:
    curtain = materials.fabric()
  trim = kit.white if rng.random() < 0.6 else kit.wood()
  return walls_lib.Style(
    face=face,
    reveal=kit.white,
    lower=lower,
    lower_height=rng.uniform(0.8, 1.3),
    skirting=trim if rng.random() < 0.7 else None,
    trim=trim,
    door=kit.white if rng.random() < 0.5 else kit.wood(),
    curtain=curtain,
    blinds=rng.uniform(0.2, 0.9) if rng.random() < 0.2 else 0.0,
    view=walls_lib.outside(materials, rng, night),
    floor=_floor_material(materials, rng, wet),
    ceiling=_ceiling_material(materials, kit, rng, name),
    depth=rng.uniform(0.1, 0.25),
  )


def _wall_material(materials, rng, tiled):
  hue, saturation = rng.random(), abs(rng.normal(0, 0.22))
  value = np.clip(rng.normal(0.8, 0.14), 0.3, 0.97)
  colour = hsv(hue, min(saturation, 0.75), value)
  if tiled:
    joint = hsv(0.1, 0.05, rng.uniform(0.4, 0.9))
    return materials.add(
      str(rng.choice(['tiles', 'mixed_tiles'])),
      ramp((0, joint), (0.1, joint), (0.15, colour * 0.8), (1, colour)),
      rng.uniform(0.6, 1.4),
      0.3,
    )
  draw = rng.random()
  if draw < 0.55:
    return materials.paint(colour)
  other = hsv(hue + rng.normal(0, 0.06), saturation * 0.8, value * 0.88)
  if draw < 0.85:
    kind = str(rng.choice(['stripes', 'damask', 'dots', 'clouds', 'weave']))
    return materials.add(
      kind, ramp((0, other), (1, colour)), rng.uniform(0.5, 1.6)
    )
  if draw < 0.93:
    joint = hsv(0.1, 0.1, 0.6)
    brick = hsv(rng.uniform(0.0, 0.08), rng.uniform(0, 0.6), value)
    return materials.add(
      'bricks',
      ramp((0, joint), (0.1, joint), (0.2, brick * 0.5), (1, brick)),
      1.4,
    )
  return materials.add(
    'planks', shades(hsv(0.08, rng.uniform(0.1, 0.6), value), 0.35), (0.9, 1.2)
  )


def _floor_material(materials, rng, wet):
  draw = rng.random() if not wet else rng.uniform(0.75, 1)
  value = rng.uniform(0.25, 0.8)
  if draw < 0.5:
    kind = 'planks' if draw < 0.35 else 'parquet'
    colour = hsv(rng.uniform(0.04, 0.11), rng.uniform(0.2, 0.65), value)
    return materials.add(
      kind,
      ramp((0, colour * 0.25), (0.12, colour * 0.6), (1, colour)),
      (2.4, 1.0) if kind == 'planks' else rng.uniform(1.2, 2),
      0.35,
    )
  if draw < 0.75:
    colour = hsv(rng.random(), rng.uniform(0, 0.5), value)
    return materials.add('carpet', shades(colour, 0.3), rng.uniform(0.6, 1.2))
  kind = str(rng.choice(['tiles', 'checker', 'mixed_tiles', 'marble']))
  colour = hsv(
    rng.uniform(0, 0.6), rng.uniform(0, 0.35), rng.uniform(0.4, 0.95)
  )
  joint = colour * rng.uniform(0.3, 0.6)
  return materials.add(
    kind,
    ramp((0, joint), (0.1, joint), (0.2, colour * 0.7), (1, colour)),
    rng.uniform(1.0, 2.0),
    0.4,
  )


def _ceiling_material(materials, kit, rng, name):
  if name in ('office', 'classroom', 'hall', 'corridor') and (
    rng.random() < 0.6
  ):
    return materials.add(
      'ceiling_panels', shades(hsv(0.1, 0.03, 0.85), 0.3), 1.2
    )
  if rng.random() < 0.1:
    return kit.wood()
  return materials.paint(hsv(0.12, 0.04, rng.uniform(0.75, 0.97)))
