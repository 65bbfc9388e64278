# SPDX-License-Identifier: Apache-2.0
"""Colour maps for depth and for depth errors, and colours of plotted series.

Both maps are computed in OKLCH, the cylindrical form of the perceptual colour
space OKLab (Ottosson 2020), so that equal steps of the value look like equal
steps of lightness and the pictures survive grey printing and colour blindness:

  depth map  near = light and warm (yellow), over red and magenta to blue =
             far; lightness falls in a straight line
  error map  too near = red, right = almost white, too far = blue
"""

import functools

import numpy as np

STEPS = 256
# Shown where the depth is unknown; no map comes near it.
INVALID_RGB = (56, 56, 56)
# Okabe and Ito's colours, which colour-blind readers can tell apart too, with
# grey for their yellow, which is faint on white.
SERIES = (
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#000000',
  '#999999',
)

_TO_LMS = np.array(
  [
    [1.0, 0.3963377774, 0.2158037573],
    [1.0, -0.1055613458, -0.0638541728],
    [1.0, -0.0894841775, -1.2914855480],
  ]
)
_LMS_TO_LINEAR_RGB = np.array(
  [
    [4.0767416621, -3.3077115913, 0.2309699292],
    [-1.2684380046, 2.6097574011, -0.3413193965],
    [-0.0041960863, -0.7034186147, 1.7076147010],
  ]
)


def series_colours(count: int) -> list[str]:
  """Returns `count` colours '#rrggbb'; after the eighth they repeat."""
  return [SERIES[i % len(SERIES)] for i in range(count)]


@functools.cache
def depth_map(steps: int = STEPS) -> np.ndarray:
  """Returns the depth colours, uint8 [steps, 3], from near to far."""
  position = np.linspace(0.0, 1.0, steps)
  lightness = 0.96 - 0.60 * position
  hue_degrees = np.interp(
    position,
    (0.0, 0.15, 0.35, 0.55, 0.75, 1.0),
    (108.0, 80.0, 42.0, 8.0, -35.0, -90.0),
  )
  chroma = np.interp(position, (0.0, 0.2, 0.5, 1.0), (0.13, 0.2, 0.22, 0.2))
  return _read_only(_oklch_to_rgb_uint8(lightness, chroma, hue_degrees))


@functools.cache
def error_map(steps: int = STEPS) -> np.ndarray:
  """Returns the error colours, uint8 [steps, 3], from too near to too far."""
  position = np.linspace(-1.0, 1.0, steps)
  distance = np.abs(position)
  lightness = 0.97 - 0.52 * distance
  hue_degrees = np.where(position < 0, 28.0, 255.0)
  return _read_only(
    _oklch_to_rgb_uint8(lightness, 0.2 * distance**0.8, hue_degrees)
  )


def apply_map(
  position: np.ndarray, valid_mask: np.ndarray, colours: np.ndarray
) -> np.ndarray:
  """Looks positions up in a colour map.

  Args:
    position: [H, W], 0..1 from the first to the last colour; what lies outside
      is clipped.
    valid_mask: [H, W] bool; elsewhere INVALID_RGB is shown and `position` may
      hold anything.
    colours: uint8 [N, 3].

  Returns:
    A picture, uint8 [H, W, 3].
  """
  position = np.where(valid_mask, position, 0.0).clip(0.0, 1.0)
  index = np.rint(position * (len(colours) - 1)).astype(np.intp)
  return np.where(
    valid_mask[..., None], colours[index], np.array(INVALID_RGB, np.uint8)
  )


def _oklch_to_rgb_uint8(lightness, chroma, hue_degrees):
  """Converts arrays [N] to sRGB [N, 3], with the largest chroma that fits."""
  low, high = np.zeros_like(chroma), np.array(chroma)
  fits = _in_gamut(_oklch_to_linear_rgb(lightness, high, hue_degrees))
  for _ in range(24):
    middle = (low + high) / 2
    inside = _in_gamut(_oklch_to_linear_rgb(lightness, middle, hue_degrees))
    low, high = np.where(inside, middle, low), np.where(inside, high, middle)
  chroma = np.where(fits, chroma, low)
  linear = _oklch_to_linear_rgb(lightness, chroma, hue_degrees).clip(0.0, 1.0)
  srgb = np.where(
    linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
  )
  return np.rint(srgb * 255.0).astype(np.uint8)


def _oklch_to_linear_rgb(lightness, chroma, hue_degrees):
  hue = np.deg2rad(hue_degrees)
  lab = np.stack(
    (lightness, chroma * np.cos(hue), chroma * np.sin(hue)), axis=-1
  )
  return (lab @ _TO_LMS.T) ** 3 @ _LMS_TO_LINEAR_RGB.T


def _in_gamut(linear_rgb):
  return ((linear_rgb >= 0.0) & (linear_rgb <= 1.0)).all(axis=-1)


def _read_only(colours):
  colours.flags.writeable = False
  return colours
