# SPDX-License-Identifier: Apache-2.0
"""Colour maps for depth and for depth errors, and colours of plotted lines.

  depth map  near = light and warm (yellow), over red and magenta to blue =
             far; the lightness falls linearly
  error map  too near = red, right = almost white, too far = blue

Both were designed in OKLCH, the cylindrical form of the perceptual colour space
OKLab (Ottosson 2020): equal steps of the value look like equal steps of
lightness, so the pictures survive grey printing and colour blindness. They are
stored here because devices draw depth pictures without matplotlib.
"""

import functools

import numpy as np

STEPS = 256
# Colour of unknown depth; no map comes near it.
INVALID_RGB = (56, 56, 56)
# The colours of Okabe and Ito, which colour-blind readers can tell apart, too;
# grey replaces their yellow, which is faint on white.
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
# Evenly spaced colours, sRGB; those between are interpolated.
_DEPTH = (
  'faf98d ffe779 ffd575 ffc36c ffb063 ff9d5c ff8758 ff6f56 ff505b '
  'f33b6a e0307d c9298f b1269e 9624a8 7b22af 5f21b0 4120ac 1e20a3'
)
_ERROR = (
  'a30008 b82a24 c74c41 d4695d e08479 eaa095 f3bbb3 f8d7d2 f5f5f5 '
  'cfe1f9 aecdf6 8eb9f0 6fa4e8 4f8fdf 2c7ad5 0065c5 0053a5'
)


def series_colours(count: int) -> list[str]:
  """Returns `count` colours '#rrggbb'; after the eighth they repeat."""
  return [SERIES[i % len(SERIES)] for i in range(count)]


@functools.cache
def depth_map(steps: int = STEPS) -> np.ndarray:
  """Returns the depth colours, uint8 [steps, 3], from near to far."""
  return _interpolated(_DEPTH, steps)


@functools.cache
def error_map(steps: int = STEPS) -> np.ndarray:
  """Returns the error colours, uint8 [steps, 3], from too near to too far."""
  return _interpolated(_ERROR, steps)


def apply_map(
  position: np.ndarray, valid_mask: np.ndarray, colours: np.ndarray
) -> np.ndarray:
  """Looks positions up in a colour map.

  Args:
    position: [H, W], from 0 (the first colour) to 1 (the last); values outside
      are clipped.
    valid_mask: [H, W] bool; where it is False, the picture has INVALID_RGB and
      `position` may have any value.
    colours: uint8 [N, 3].

  Returns:
    A picture, uint8 [H, W, 3].
  """
  position = np.where(valid_mask, position, 0.0).clip(0.0, 1.0)
  index = np.rint(position * (len(colours) - 1)).astype(np.intp)
  return np.where(
    valid_mask[..., None], colours[index], np.array(INVALID_RGB, np.uint8)
  )


def _interpolated(table, steps):
  anchors = np.array([list(bytes.fromhex(colour)) for colour in table.split()])
  places = np.linspace(0, len(anchors) - 1, steps)
  index = np.arange(len(anchors))
  channels = [np.interp(places, index, channel) for channel in anchors.T]
  colours = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
  colours.flags.writeable = False
  return colours
