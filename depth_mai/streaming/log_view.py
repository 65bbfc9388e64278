# SPDX-License-Identifier: Apache-2.0
"""No picture, but a line every two seconds: for services and measurements."""

from collections.abc import Callable
import time

from depth_mai.streaming import view

_EVERY_S = 2.0


class LogView:
  """Prints the line of figures now and then."""

  def __init__(
    self,
    report_line: Callable[[str], object] = print,
    clock: Callable[[], float] = time.monotonic,
  ):
    """Starts.

    Args:
      report_line: takes a line.
      clock: seconds.
    """
    self._report_line, self._clock = report_line, clock
    self._next_s = clock() + _EVERY_S

  def panel_size(self, height: int, width: int) -> None:
    """See `view.View`; nothing is drawn."""

  def show(self, shown: view.Shown) -> None:
    """Prints the status if it is time."""
    if self._clock() >= self._next_s:
      self._next_s = self._clock() + _EVERY_S
      self._report_line(shown.status)

  def close(self) -> None:
    """See `view.View`."""
