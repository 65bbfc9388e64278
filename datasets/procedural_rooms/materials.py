# SPDX-License-Identifier: Apache-2.0
"""Collects materials: a texture, the ramp that colours it, and its gloss.

Colours are linear RGB triples in 0..1. `hsv` makes them from the hue,
saturation and value that painting programs show.
"""

import colorsys
import dataclasses

import numpy as np

from depth_mai.datasets.procedural_rooms import textures

_RAMP = np.linspace(0, 1, 256)


def hsv(hue, saturation, value):
  """Returns the linear RGB [3] of an sRGB colour's hue, saturation, value."""
  saturation, value = min(max(saturation, 0), 1), min(max(value, 0), 1)
  rgb = np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))
  return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def ramp(*stops):
  """Returns a colour for each of the 256 texture values, [256, 3] float32.

  Args:
    *stops: pairs (position in 0..1, linear RGB), positions ascending.
  """
  positions = [stop[0] for stop in stops]
  return np.stack(
    [
      np.interp(_RAMP, positions, [stop[1][i] for stop in stops])
      for i in range(3)
    ],
    axis=1,
  ).astype(np.float32)


def shades(colour, contrast):
  """Returns a ramp from a darker to a lighter shade of one colour."""
  colour = np.asarray(colour)
  dark = colour * (1 - contrast)
  light = np.minimum(colour * (1 + contrast), 1)
  return (dark + _RAMP[:, None] * (light - dark)).astype(np.float32)


@dataclasses.dataclass(frozen=True)
class Tables:
  """The materials of a scene as arrays, [M] float32 unless said otherwise.

  Attributes:
    texture: int32, index in the bank.
    ramps: three [M * 256] arrays, red, green and blue.
    period_u: metres per repeat of the texture.
    period_v: metres per repeat of the texture.
    turned: bool, whether the texture's u follows the longer side of a quad.
    gloss: strength of highlights.
    emission: light given off; 1 is as bright as a lit white wall.
  """

  texture: np.ndarray
  ramps: tuple
  period_u: np.ndarray
  period_v: np.ndarray
  turned: np.ndarray
  gloss: np.ndarray
  emission: np.ndarray


class Materials:
  """Collects the materials of a scene."""

  def __init__(self, rng):
    self._rng = rng
    self._rows = []

  def add(
    self, pattern, colours, period=1.0, gloss=0.0, emission=0.0, turned=False
  ):
    """Adds a material.

    Args:
      pattern: name of a pattern in patterns.py; one of its variants is drawn.
      colours: [256, 3], from `ramp` or `shades`.
      period: metres per repeat, one number or (u, v).
      gloss: strength of highlights, 0..1.
      emission: light given off.
      turned: whether u follows the longer side of a face, as wood grain does.

    Returns:
      the material's index, int.
    """
    variants = textures.bank().variants
    if pattern not in variants:
      raise ValueError(
        f'No texture is called {pattern!r}; patterns.py has '
        f'{", ".join(sorted(variants))}.'
      )
    texture = int(self._rng.choice(variants[pattern]))
    period_u, period_v = (
      period if isinstance(period, tuple) else (period, period)
    )
    self._rows.append(
      (texture, period_u, period_v, turned, gloss, emission, colours)
    )
    return len(self._rows) - 1

  def tables(self):
    """Returns the collected materials as `Tables`."""
    columns = list(zip(*self._rows, strict=True))
    ramps = np.concatenate(columns[6])
    period_u, period_v, gloss, emission = (
      np.array(columns[i], np.float32) for i in (1, 2, 4, 5)
    )
    return Tables(
      np.array(columns[0], np.int32),
      tuple(np.ascontiguousarray(ramps[:, i]) for i in range(3)),
      period_u,
      period_v,
      np.array(columns[3], bool),
      gloss,
      emission,
    )

  def paint(self, colour, gloss=0.0):
    """Adds painted plaster or lacquer with hardly any pattern."""
    return self.add('plaster', shades(colour, 0.06), 1.7, gloss)

  def metal(self):
    """Adds brushed metal."""
    value = self._rng.uniform(0.3, 0.85)
    return self.add('wood', shades(hsv(0.6, 0.03, value), 0.12), 0.4, 0.6)

  def light(self, strength=3.0, hue=0.11, saturation=0.15):
    """Adds a glowing material."""
    colour = hsv(hue, saturation, 1.0)
    return self.add('plaster', shades(colour, 0.02), 1.0, emission=strength)
