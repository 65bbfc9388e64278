# SPDX-License-Identifier: Apache-2.0
"""The live view in a terminal, also over ssh.

Picture beside depth, a bar with metres below, and a line of figures. A terminal
that is slow to take the text slows the view, and stale frames are dropped.
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
# The bar, its metres, two lines of figures.
_LINES_BELOW = 4
_MIN_COLUMNS, _MIN_LINES = 24, 8
# More cells show little more, and need more than a wireless network gives.
_MAX_COLUMNS = 200

# The other screen, without cursor and without wrapping; and back.
_ENTER = b'\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J'
_LEAVE = b'\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
# Terminals that know these show the frame at once; others ignore them.
_BEGIN, _END = b'\x1b[?2026h', b'\x1b[?2026l'
_PLAIN = b'\x1b[0m'


class TerminalView:
  """Draws into a terminal whose size may change at any time."""

  def __init__(self, stream: typing.TextIO, mode: str | None = None):
    """Takes the terminal over.

    Args:
      stream: standard output, or another terminal.
      mode: one of terminal_cells.MODES; default: what the terminal tells.

    Raises:
      ValueError: if it is no terminal.
    """
    if not stream.isatty():
      raise ValueError(
        '--view=terminal needs a terminal, standard output is none. Over ssh '
        'give ssh the option -t; else choose --view=browser or --view=none.'
      )
    if os.environ.get('TERM', 'dumb') in ('', 'dumb'):
      raise ValueError(
        '--view=terminal: TERM says that this terminal cannot move its cursor; '
        'choose --view=browser or --view=none.'
      )
    self._mode = mode or terminal_cells.mode_of(os.environ, stream.encoding)
    self._terminal, self._size = stream.buffer, None
    self._fd = stream.fileno()
    self._closed = False
    self._write(_ENTER)

  def panel_size(self, height: int, width: int) -> tuple[int, int]:
    """See `view.View`; fits picture and depth side by side."""
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
    """Gives the terminal back as it was."""
    if not self._closed:
      self._closed = True
      with contextlib.suppress(ValueError):  # It is gone already.
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
    with _gone_is_a_problem():
      return os.get_terminal_size(self._fd)

  def _write(self, text: bytes) -> None:
    with _gone_is_a_problem():
      self._terminal.write(text)
      self._terminal.flush()


@contextlib.contextmanager
def _gone_is_a_problem():
  """Raises a ValueError for what a terminal gives that was closed."""
  try:
    yield
  except OSError as error:
    raise ValueError(f'The terminal is gone: {error.strerror}.') from error


def legend(columns: int, near_m: float, far_m: float) -> str:
  """Returns the line of metres below a bar.

  Args:
    columns: of the bar, whose first is near_m and whose last is far_m.
    near_m: metres.
    far_m: metres.

  Returns:
    Text whose '|' stands below its depth, such as '  |1 m      |2 m'.
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
