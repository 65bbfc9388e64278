# SPDX-License-Identifier: Apache-2.0
"""Small things: what stands on tables, hangs on walls and gives light."""

import math


def scatter(pen, kit, rng, x, y, z, count):
  """Puts small things on a surface.

  Args:
    pen: `primitives.Pen` of the furniture.
    kit: `kit.Kit`.
    rng: `np.random.Generator`.
    x: (from, to) of the surface, metres.
    y: (from, to) of the surface, metres.
    z: height of the surface, metres.
    count: how many.
  """
  if x[1] - x[0] < 0.25 or y[1] - y[0] < 0.2:
    return
  for _ in range(count):
    spot = pen.at(
      rng.uniform(x[0] + 0.1, x[1] - 0.1),
      rng.uniform(y[0] + 0.1, y[1] - 0.1),
      z,
      rng.uniform(0, 2 * math.pi),
    )
    thing = rng.choice(
      [bottle, cup, book_pile, bowl, carton, vase, frame, table_lamp],
      p=[0.2, 0.2, 0.2, 0.12, 0.12, 0.08, 0.05, 0.03],
    )
    thing(spot, kit, rng)


def bottle(pen, kit, rng):
  """A bottle with a cap."""
  radius, height = rng.uniform(0.025, 0.045), rng.uniform(0.15, 0.25)
  material = kit.thing()
  pen.cylinder((0, 0, 0), radius, height, material)
  pen.cylinder((0, 0, height), radius * 0.9, 0.04, material, top=radius * 0.35)
  pen.cylinder((0, 0, height + 0.04), radius * 0.35, 0.05, kit.thing())


def cup(pen, kit, rng):
  """A cup or a glass."""
  radius = rng.uniform(0.03, 0.05)
  pen.cylinder(
    (0, 0, 0), radius * 0.8, rng.uniform(0.07, 0.12), kit.thing(), top=radius
  )


def bowl(pen, kit, rng):
  """A bowl, often with fruit."""
  radius = rng.uniform(0.07, 0.14)
  pen.cylinder((0, 0, 0), radius * 0.5, radius * 0.6, kit.thing(), top=radius)
  for i in range(int(rng.integers(0, 4))):
    pen.sphere(
      (
        0.4 * radius * math.cos(i * 2),
        0.4 * radius * math.sin(i * 2),
        0.65 * radius,
      ),
      0.4 * radius,
      kit.thing(),
    )


def book_pile(pen, kit, rng):
  """A few books on top of each other."""
  z = 0.0
  for _ in range(int(rng.integers(1, 5))):
    thick, wide = rng.uniform(0.015, 0.05), rng.uniform(0.07, 0.11)
    pen.box((-wide, wide), (-0.12, 0.12), (z, z + thick), kit.thing())
    z += thick


def carton(pen, kit, rng):
  """A small box."""
  wide, high = rng.uniform(0.05, 0.14), rng.uniform(0.06, 0.28)
  pen.box((-wide, wide), (-0.08, 0.08), (0, high), kit.thing())


def vase(pen, kit, rng):
  """A vase with flowers."""
  height = rng.uniform(0.15, 0.3)
  pen.cylinder((0, 0, 0), 0.05, height * 0.6, kit.thing(), top=0.08)
  leaves = kit.materials.leaves()
  for _ in range(3):
    pen.ellipsoid(
      (rng.normal(0, 0.06), rng.normal(0, 0.06), height * 0.9),
      (0.08, 0.08, height * 0.4),
      leaves,
      leafy=True,
    )


def frame(pen, kit, rng):
  """A standing photograph."""
  wide, high = rng.uniform(0.06, 0.12), rng.uniform(0.12, 0.22)
  pen.box(
    (-wide, wide), (-0.01, 0.01), (0, high), kit.materials.picture(), fit=True
  )


def table_lamp(pen, kit, rng):
  """A small lamp with a shade."""
  glow = kit.materials.light(rng.uniform(1.2, 3))
  pen.cylinder((0, 0, 0), 0.07, 0.03, kit.metal)
  pen.cylinder((0, 0, 0), 0.015, 0.3, kit.metal)
  pen.cylinder((0, 0, 0.28), 0.15, 0.2, glow, top=0.1)


def plant(pen, kit, rng, height):
  """A plant in a pot, its middle at the pen."""
  pot, leaves = rng.uniform(0.12, 0.2), kit.materials.leaves()
  pen.cylinder((0, 0, 0), pot * 0.7, pot * 1.7, kit.thing(), top=pot)
  pen.cylinder((0, 0, pot), 0.02, height * 0.6, kit.wood())
  for _ in range(int(rng.integers(5, 10))):
    size = height * rng.uniform(0.1, 0.2)
    angle, out = rng.uniform(0, 2 * math.pi), height * rng.uniform(0.02, 0.2)
    z = rng.uniform(0.45, 0.95) * height
    pen.ellipsoid(
      (out * math.cos(angle), out * math.sin(angle), z),
      (size, size, size * rng.uniform(0.5, 1.4)),
      leaves,
      leafy=True,
    )


def cushion(pen, kit, rng):
  """A leaning cushion, 0.4 m, its lower edge at the pen."""
  pen.ellipsoid((0, 0, 0.19), (0.22, 0.09, 0.2), kit.fabric())


def picture(pen, kit, rng, x, z, width, height):
  """A framed picture on a wall; the pen is the wall's, middle at (x, z)."""
  rim = rng.choice([0.0, 0.02, 0.04])
  left, low = x - width / 2, z - height / 2
  if rim:
    material = kit.wood() if rng.random() < 0.6 else kit.dark
    pen.box(
      (left - rim, left + width + rim),
      (0.001, 0.025),
      (low - rim, low + height + rim),
      material,
    )
  mount = rng.random() < 0.4
  inner = 0.15 * min(width, height) if mount else 0.0
  if mount:
    pen.box(
      (left, left + width), (0.005, 0.027), (low, low + height), kit.paper
    )
  pen.quad(
    (left + inner, 0.03, low + inner),
    (width - 2 * inner, 0, 0),
    (0, 0, height - 2 * inner),
    kit.materials.picture(),
    fit=True,
  )


def clock(pen, kit, x, z):
  """A round clock on a wall; the pen is the wall's, middle at (x, z)."""
  pen.cylinder((x, 0.0, z), 0.16, 0.03, kit.dark, axis='y')
  pen.cylinder((x, 0.0, z), 0.14, 0.035, kit.paper, axis='y')
  pen.box((x - 0.006, x + 0.006), (0.03, 0.038), (z, z + 0.11), kit.dark)
  pen.box((x, x + 0.07), (0.03, 0.038), (z - 0.006, z + 0.006), kit.dark)


def ceiling_lamp(pen, kit, rng, glow, height):
  """A lamp below a ceiling; the pen is at the ceiling, z down is negative.

  Args:
    pen: at the fixing point.
    kit: `kit.Kit`.
    rng: `np.random.Generator`.
    glow: material that gives light.
    height: how far the lamp hangs down, metres.

  Returns:
    metres from the ceiling to the middle of the light.
  """
  style = rng.integers(0, 5)
  if style == 0:
    pen.cylinder((0, 0, -0.1), 0.2, 0.1, glow)
    return 0.1
  if style == 1:
    pen.box((-0.6, 0.6), (-0.12, 0.12), (-0.07, 0), glow)
    return 0.07
  pen.cylinder((0, 0, -height), 0.008, height, kit.dark)
  if style == 2:
    pen.sphere((0, 0, -height), 0.15, glow)
  elif style == 3:
    pen.cylinder((0, 0, -height - 0.1), 0.22, 0.2, kit.thing(), top=0.08)
    pen.cylinder((0, 0, -height - 0.12), 0.17, 0.02, glow)
  else:
    pen.cylinder((0, 0, -height), 0.28, 0.04, kit.metal)
    for i in range(5):
      angle = i * 2 * math.pi / 5
      pen.sphere(
        (0.28 * math.cos(angle), 0.28 * math.sin(angle), -height + 0.08),
        0.06,
        glow,
      )
  return height + 0.1


def person(pen, kit, rng):
  """A standing person, feet at the pen, facing y."""
  height = rng.uniform(1.5, 1.9)
  skin = kit.materials.paint(
    (0.62 * rng.uniform(0.3, 1), 0.38 * rng.uniform(0.3, 1), 0.27)
  )
  legs, top = kit.materials.fabric(), kit.materials.fabric()
  for side in (-1, 1):
    pen.cylinder(
      (side * 0.09, side * 0.06 * rng.uniform(0, 2), 0),
      0.07,
      0.5 * height,
      legs,
      top=0.09,
    )
    pen.ellipsoid((side * 0.09, 0.06, 0.04), (0.05, 0.13, 0.045), kit.dark)
    pen.ellipsoid(
      (side * 0.25, 0.02, 0.64 * height), (0.055, 0.07, 0.2 * height), top
    )
    pen.sphere((side * 0.25, 0.05, 0.45 * height), 0.045, skin)
  pen.ellipsoid((0, 0, 0.67 * height), (0.21, 0.13, 0.19 * height), top)
  pen.cylinder((0, 0, 0.82 * height), 0.055, 0.07 * height, skin)
  pen.ellipsoid((0, 0.01, 0.93 * height), (0.08, 0.1, 0.07 * height), skin)
  pen.ellipsoid(
    (0, -0.015, 0.945 * height),
    (0.088, 0.1, 0.068 * height),
    kit.dark if rng.random() < 0.6 else kit.wood(),
  )
