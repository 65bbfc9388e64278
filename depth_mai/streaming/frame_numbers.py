# SPDX-License-Identifier: Apache-2.0
"""Numbers the frames of a video in which some cannot be decoded."""

import bisect


class FrameNumbers:
  """Counts frames in the order of display, those that are lost included.

  A decoder reports a lost frame neither in the order of display nor with its
  time. The times of the packets show where it is missing.
  """

  def __init__(self) -> None:
    """Starts at frame 0."""
    self._next, self._lost = 0, 0
    # Times of the packets that may still become frames, sorted.
    self._times: list[int] = []

  def send(self, time: int | None) -> None:
    """Notes that a packet was given to the decoder.

    Args:
      time: its presentation time, in any unit; None if it has none.
    """
    if time is not None:
      bisect.insort(self._times, time)

  def lose(self) -> int:
    """Notes that the decoder could not decode one of the packets.

    Returns:
      How many are lost that `take` has not numbered yet.
    """
    self._lost += 1
    return self._lost

  def take(self, time: int | None) -> tuple[list[int], int]:
    """Notes that the decoder returned a frame.

    Args:
      time: its presentation time; None if it has none.

    Returns:
      The numbers of the lost frames before it, and its own number.
    """
    missing = self._lost
    if time is not None:
      at = bisect.bisect_left(self._times, time)
      missing = min(missing, at)
      del self._times[: bisect.bisect_right(self._times, time)]
    self._lost -= missing
    return self._count(missing), self._count(1)[0]

  def finish(self) -> list[int]:
    """Returns the numbers of the lost frames after the last one.

    Decoders do not report those that were still in them at the end.
    """
    lost = max(self._lost, len(self._times))
    self._lost, self._times = 0, []
    return self._count(lost)

  def _count(self, number: int) -> list[int]:
    first, self._next = self._next, self._next + number
    return list(range(first, self._next))
