# SPDX-License-Identifier: Apache-2.0
"""Shows live depth in a terminal, also over ssh.

The screen contains picture and depth side by side, a colour bar in metres and a
line of figures. If the terminal is slow, stale frames are dropped.

A character cell is about twice as high as wide, so an upper half block shows
two square pixels: the foreground colour above, the background colour below. All
cells have the same number of bytes, which NumPy fills in; a Python loop over
the cells would take longer than the network.
"""

from collections.abc import Mapping
import contextlib
import os
import re
import textwrap
import typing

import numpy as np

from depth_mai.report import colours
from depth_mai.report import scale
from depth_mai.streaming import view

_GAP = 1
# The bar, its labels and two lines of figures.
_LINES_BELOW = 4
_MIN_COLUMNS, _MIN_LINES = 24, 8
# More cells show little more and are too slow over a wireless network.
_MAX_COLUMNS = 200

# Switch to the alternate screen without cursor and line wrapping, and back.
_ENTER = b'\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J'
_LEAVE = b'\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
# Synchronised output: the whole frame appears at once, where supported.
_BEGIN, _END = b'\x1b[?2026h', b'\x1b[?2026l'
_PLAIN = b'\x1b[0m'

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


class TerminalView:
  """Draws to a terminal, whose size may change at any time."""

  def __init__(self, stream: typing.TextIO, mode: str | None = None):
    """Switches the terminal to the alternate screen.

    Args:
      stream: standard output, or another terminal.
      mode: one of MODES; default: detected from the environment.

    Raises:
      ValueError: if the stream is not a terminal with a movable cursor.
    """
    if not stream.isatty():
      raise ValueError(
        '--view=terminal needs a terminal, but standard output is not one. '
        'Over ssh, use ssh -t; otherwise choose --view=browser or --view=none.'
      )
    if os.environ.get('TERM', 'dumb') in ('', 'dumb'):
      raise ValueError(
        '--view=terminal: according to TERM, this terminal cannot move its '
        'cursor; choose --view=browser or --view=none.'
      )
    self._mode = mode or mode_of(os.environ, stream.encoding)
    self._terminal = stream.buffer
    self._size: os.terminal_size | None = None
    self._fd = stream.fileno()
    self._closed = False
    self._write(_ENTER)

  def panel_size(self, height: int, width: int) -> tuple[int, int]:
    """Returns the size at which picture and depth fit side by side."""
    columns, lines = self._usable()
    panel_width = (columns - _GAP) // 2
    panel_lines = max(1, round(panel_width * height / width / 2))
    if panel_lines > lines - _LINES_BELOW:
      panel_lines = max(1, lines - _LINES_BELOW)
      panel_width = min(
        panel_width, max(1, round(2 * panel_lines * width / height))
      )
    return 2 * panel_lines, panel_width

  def show(self, shown: view.Shown) -> None:
    """See `view.View`."""
    size = self._terminal_size()
    text = [_BEGIN]
    if size != self._size:
      self._size = size
      text.append(_PLAIN + b'\x1b[2J')
    if size.columns < _MIN_COLUMNS or size.lines < _MIN_LINES:
      text.append(b'\x1b[H\x1b[JThe terminal is too small.'[: size.columns + 6])
    else:
      text.extend(
        b'\x1b[%d;1H%s%s\x1b[K' % (number, line, _PLAIN)
        for number, line in enumerate(self._lines(shown), start=1)
      )
    self._write(b''.join(text) + _END)

  def close(self) -> None:
    """Restores the terminal."""
    if not self._closed:
      self._closed = True
      with contextlib.suppress(ValueError):  # The terminal was closed.
        self._write(_LEAVE)

  def _lines(self, shown: view.Shown) -> list[bytes]:
    """Returns the lines of the screen."""
    height, width = shown.rgb_uint8.shape[:2]
    gap = np.zeros((height, _GAP, 3), np.uint8)
    both = np.concatenate((shown.rgb_uint8, gap, shown.depth_rgb), axis=1)
    total = 2 * width + _GAP
    places = np.linspace(0, len(colours.depth_map()) - 1, total)
    bar = colours.depth_map()[np.rint(places).astype(np.intp)]
    return [
      *encode(both, self._mode),
      *encode(np.stack((bar, bar)), self._mode),
      legend(total, shown.near_m, shown.far_m).encode(),
      *(
        line.encode('ascii', 'replace')
        for line in textwrap.wrap(shown.status, self._usable()[0])
      ),
    ][: self._usable()[1]]

  def _usable(self) -> tuple[int, int]:
    """Returns the columns and lines to use."""
    columns, lines = self._terminal_size()
    return (
      min(max(columns, _MIN_COLUMNS), _MAX_COLUMNS),
      max(lines, _MIN_LINES),
    )

  def _terminal_size(self) -> os.terminal_size:
    with _closed_is_an_error():
      return os.get_terminal_size(self._fd)

  def _write(self, text: bytes) -> None:
    with _closed_is_an_error():
      self._terminal.write(text)
      self._terminal.flush()


@contextlib.contextmanager
def _closed_is_an_error():
  """Turns the OSError of a closed terminal into a ValueError."""
  try:
    yield
  except OSError as error:
    raise ValueError(f'The terminal was closed: {error.strerror}.') from error


def legend(columns: int, near_m: float, far_m: float) -> str:
  """Returns the line of labels below a colour bar.

  Args:
    columns: width of the bar.
    near_m: depth at the first column, metres.
    far_m: depth at the last column, metres.

  Returns:
    Text with a '|' below each labelled depth, such as '  |1 m      |2 m'.
  """
  line = [' '] * columns
  free_from = 0
  ticks_m = np.array(scale.ticks(near_m, far_m))
  for tick_m, place in zip(
    ticks_m, scale.position(ticks_m, near_m, far_m), strict=True
  ):
    column, label = round(place * (columns - 1)), f'|{tick_m:g} m'
    if column >= free_from and column + len(label) <= columns:
      line[column : column + len(label)] = label
      free_from = column + len(label) + 1
  return ''.join(line).rstrip()


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
