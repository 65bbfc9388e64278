# SPDX-License-Identifier: Apache-2.0
"""Where the time of a frame goes, and how many there are in a second."""

import collections
from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import statistics
import time

# Speeds and times that are shown live are of the last seconds.
_WINDOW_S = 2.0
# Enough for any summary; a camera that runs for days must not fill the memory.
_KEPT = 10_000


class StageTimes:
  """Durations of named stages, frame by frame.

  Attributes:
    frames: finished so far.
  """

  def __init__(self, clock: Callable[[], float] = time.monotonic):
    """Starts.

    Args:
      clock: seconds, as those of `frame.Frame.arrived_s`.
    """
    self.frames = 0
    self._clock = clock
    self._durations_ms = {}
    self._ends = collections.deque(maxlen=_KEPT)
    self._first_s = None

  @contextlib.contextmanager
  def stage(self, name: str) -> Iterator[None]:
    """Times what is done inside, also if it fails.

    Args:
      name: of the stage; stages are listed in the order of their first use.
    """
    began_s = self._clock()
    try:
      yield
    finally:
      self.add(name, self._clock() - began_s)

  def add(self, name: str, duration_s: float) -> None:
    """Adds a duration that was measured elsewhere, seconds."""
    kept = self._durations_ms.setdefault(name, collections.deque(maxlen=_KEPT))
    kept.append(1e3 * duration_s)

  def finish_frame(self, arrived_s: float) -> None:
    """Counts a frame whose result is out; its age becomes stage 'age'.

    Args:
      arrived_s: when its picture arrived.
    """
    now_s = self._clock()
    self.frames += 1
    self._first_s = now_s if self._first_s is None else self._first_s
    self._ends.append(now_s)
    self.add('age', now_s - arrived_s)

  def frames_per_second(self) -> float | None:
    """Returns the speed of the last two seconds; None before two frames."""
    if len(self._ends) < 2:
      return None
    last_s = self._ends[-1]
    ends = [end for end in self._ends if end >= last_s - _WINDOW_S]
    if len(ends) < 2:  # Slower than one frame in two seconds.
      ends = list(self._ends)[-2:]
    return _rate(len(ends), ends[-1] - ends[0])

  def mean_frames_per_second(self) -> float | None:
    """Returns the speed from the first to the last frame; None before two."""
    if self.frames < 2:
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
    lines = [f'{"stage":<12}{"median ms":>10}{"p90":>9}{"max":>9}']
    for name, durations in self._durations_ms.items():
      values = sorted(durations)
      p90 = values[min(len(values) - 1, int(0.9 * len(values)))]
      lines.append(
        f'{name:<12}{statistics.median(values):>10.2f}{p90:>9.2f}'
        f'{values[-1]:>9.2f}'
      )
    return '\n'.join(lines)


def _rate(count: int, duration_s: float) -> float | None:
  return (count - 1) / duration_s if duration_s > 0 else None
