# SPDX-License-Identifier: Apache-2.0
"""Encodes pictures as terminal cells.

A cell is about twice as high as wide. The upper half block shows two square
pixels in it: the foreground colour above, the background colour below. All
cells have the same number of bytes, which NumPy fills in; a Python loop over
the cells would take longer than the network.
"""

from collections.abc import Mapping
import re

import numpy as np

MODES = ('24bit', '256', 'ascii')

_UPPER_HALF = '▀'.encode()
# From dark to bright on a dark terminal.
_RAMP = np.frombuffer(b' .:-=+*#%@', np.uint8)
_DIGITS = np.array([list(b'%03d' % value) for value in range(256)], np.uint8)
_TRUE_COLOUR = (
  b'\x1b[38;2;000;000;000;48;2;000;000;000m' + _UPPER_HALF,
  ((7, 11, 15), (24, 28, 32)),
)
_INDEXED = b'\x1b[38;5;000;48;5;000m' + _UPPER_HALF, ((7,), (16,))
# The 256 colours of xterm: from 16 a cube of 6 x 6 x 6, from 232 24 greys.
_LEVELS = np.array([0, 95, 135, 175, 215, 255])
_GREYS = 8 + 10 * np.arange(24)
_LUMINANCE = np.array([0.299, 0.587, 0.114])


def mode_of(environment: Mapping[str, str], encoding: str) -> str:
  """Returns the mode that a terminal can show, one of MODES.

  Args:
    environment: such as os.environ; TERM, COLORTERM and NO_COLOR are read.
    encoding: of standard output.
  """
  term = environment.get('TERM', '')
  utf8 = encoding.lower().replace('-', '') == 'utf8'
  if not utf8 or environment.get('NO_COLOR'):
    return 'ascii'
  if environment.get('COLORTERM', '').lower() in ('truecolor', '24bit'):
    return '24bit'
  if re.search('direct|truecolor|kitty|alacritty|ghostty|wezterm', term):
    return '24bit'
  return 'ascii' if re.match('vt[125]', term) else '256'


def encode(rgb_uint8: np.ndarray, mode: str) -> list[bytes]:
  """Returns the lines of text that show a picture.

  Args:
    rgb_uint8: [2 * lines, columns, 3] uint8.
    mode: one of MODES.

  Returns:
    The bytes of each line, with colours, without a line end.
  """
  if mode == 'ascii':
    grey = rgb_uint8.astype(np.float64) @ _LUMINANCE
    grey = (grey[0::2] + grey[1::2]) / 2
    index = np.minimum(grey * len(_RAMP) / 255, len(_RAMP) - 1)
    return [line.tobytes() for line in _RAMP[index.astype(np.intp)]]
  if mode == '24bit':
    return _filled(_TRUE_COLOUR, rgb_uint8)
  return _filled(_INDEXED, palette_index(rgb_uint8)[..., np.newaxis])


def palette_index(rgb_uint8: np.ndarray) -> np.ndarray:
  """Returns the nearest xterm colours, 16 to 255, uint8 [H, W].

  Args:
    rgb_uint8: [H, W, 3] uint8.
  """
  rgb = rgb_uint8.astype(np.int32)
  cube = np.abs(rgb[..., np.newaxis] - _LEVELS).argmin(-1)
  mean = rgb.mean(-1)
  grey = np.abs(mean[..., np.newaxis] - _GREYS).argmin(-1)
  to_cube = np.square(rgb - _LEVELS[cube]).sum(-1)
  to_grey = np.square(rgb - _GREYS[grey][..., np.newaxis]).sum(-1)
  in_cube = 16 + cube @ np.array([36, 6, 1])
  return np.where(to_grey < to_cube, 232 + grey, in_cube).astype(np.uint8)


def _filled(template: tuple[bytes, tuple], numbers: np.ndarray) -> list[bytes]:
  """Fills in the numbers of each cell; numbers: uint8 [2 * lines, C, n]."""
  text, (upper_places, lower_places) = template
  lines, columns = numbers.shape[0] // 2, numbers.shape[1]
  cells = np.tile(np.frombuffer(text, np.uint8), (lines, columns, 1))
  for half, places in ((0, upper_places), (1, lower_places)):
    for channel, place in enumerate(places):
      cells[..., place : place + 3] = _DIGITS[numbers[half::2, :, channel]]
  return [line.tobytes() for line in cells]
