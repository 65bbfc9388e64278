# SPDX-License-Identifier: Apache-2.0
"""Measures the time of each stage of a frame, and frames per second."""

import collections
from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import statistics
import time

from depth_mai.metrics import table

# `frames_per_second` covers this time.
_WINDOW_S = 2.0
# Limits the memory of a camera that runs for days.
_MAX_DURATIONS = 10_000


class StageTimes:
  """Durations of named stages, frame by frame.

  Attributes:
    frames: number of finished frames.
  """

  def __init__(self, clock: Callable[[], float] = time.monotonic):
    """Starts without a frame.

    Args:
      clock: returns seconds on the clock of `frame.Frame.arrived_s`.
    """
    self.frames = 0
    self._clock = clock
    self._durations_ms: dict[str, collections.deque[float]] = (
      collections.defaultdict(lambda: collections.deque(maxlen=_MAX_DURATIONS))
    )
    self._ends: collections.deque[float] = collections.deque(
      maxlen=_MAX_DURATIONS
    )
    self._first_s: float | None = None

  @contextlib.contextmanager
  def stage(self, name: str) -> Iterator[None]:
    """Times the code inside the context, even if it raises.

    Args:
      name: of the stage; stages are listed in the order of first use.
    """
    began_s = self._clock()
    try:
      yield
    finally:
      self.add(name, self._clock() - began_s)

  def add(self, name: str, duration_s: float) -> None:
    """Adds a duration measured elsewhere, seconds."""
    self._durations_ms[name].append(1e3 * duration_s)

  def finish_frame(self, arrived_s: float) -> None:
    """Counts a finished frame and adds its age as stage 'age'.

    Args:
      arrived_s: arrival time of its picture.
    """
    now_s = self._clock()
    self.frames += 1
    self._first_s = now_s if self._first_s is None else self._first_s
    self._ends.append(now_s)
    self.add('age', now_s - arrived_s)

  def frames_per_second(self) -> float | None:
    """Returns the rate over the last two seconds; None before two frames."""
    if len(self._ends) < 2:
      return None
    last_s = self._ends[-1]
    ends = [end for end in self._ends if end >= last_s - _WINDOW_S]
    if len(ends) < 2:  # Slower than one frame in two seconds.
      ends = list(self._ends)[-2:]
    return _rate(len(ends), ends[-1] - ends[0])

  def mean_frames_per_second(self) -> float | None:
    """Returns the rate from the first to the last frame; None before two."""
    if self._first_s is None or self.frames < 2:
      return None
    return _rate(self.frames, self._ends[-1] - self._first_s)

  def recent_ms(self) -> dict[str, float]:
    """Returns the median of each stage's last 20 durations, milliseconds."""
    return {
      name: statistics.median(list(durations)[-20:])
      for name, durations in self._durations_ms.items()
    }

  def table(self) -> str:
    """Returns median, 90th percentile and maximum of each stage, as text."""
    rows = []
    for name, durations in self._durations_ms.items():
      values = sorted(durations)
      p90 = values[min(len(values) - 1, int(0.9 * len(values)))]
      rows.append((name, statistics.median(values), p90, values[-1]))
    header = ('stage', 'median ms', 'p90', 'max')
    return table.text_table(header, rows, ('', '.2f', '.2f', '.2f'))


def _rate(count: int, duration_s: float) -> float | None:
  return (count - 1) / duration_s if duration_s > 0 else None
