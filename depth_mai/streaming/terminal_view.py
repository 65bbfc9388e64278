# SPDX-License-Identifier: Apache-2.0
"""Shows live depth in a terminal, also over ssh.

The screen contains picture and depth side by side, a colour bar in metres and a
line of figures. If the terminal is slow, stale frames are dropped.
"""

import contextlib
import os
import textwrap
import typing

import numpy as np

from depth_mai.report import colours
from depth_mai.report import scale
from depth_mai.streaming import terminal_cells
from depth_mai.streaming import view

_GAP = 1
# The bar, its labels, two lines of figures.
_LINES_BELOW = 4
_MIN_COLUMNS, _MIN_LINES = 24, 8
# More cells show little more and are too slow over a wireless network.
_MAX_COLUMNS = 200

# To the alternate screen, without cursor and line wrapping; and back.
_ENTER = b'\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J'
_LEAVE = b'\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
# Synchronised output: the whole frame appears at once, where supported.
_BEGIN, _END = b'\x1b[?2026h', b'\x1b[?2026l'
_PLAIN = b'\x1b[0m'


class TerminalView:
  """Draws to a terminal, whose size may change at any time."""

  def __init__(self, stream: typing.TextIO, mode: str | None = None):
    """Switches the terminal to the alternate screen.

    Args:
      stream: standard output, or another terminal.
      mode: one of terminal_cells.MODES; default: detected from the environment.

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
    self._mode = mode or terminal_cells.mode_of(os.environ, stream.encoding)
    self._terminal, self._size = stream.buffer, None
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
      *terminal_cells.encode(both, self._mode),
      *terminal_cells.encode(np.stack((bar, bar)), self._mode),
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
