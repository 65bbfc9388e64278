# SPDX-License-Identifier: Apache-2.0
"""Always the newest picture: a slow network must not show the past."""

from collections.abc import Iterator
import dataclasses
import threading
import time

from depth_mai.streaming import frame

_END_S = 2.0


class NewestFrames:
  """Reads a source in a thread of its own and keeps its newest picture only.

  A source that is not live is played at its own speed, so that it behaves as a
  camera would. A context manager; leaving it closes the source.

  Attributes:
    dropped: pictures that a newer one replaced before they were taken.
  """

  def __init__(self, source: frame.Source):
    """Takes a source; reading begins with the context."""
    self.dropped = 0
    self._source = source
    self._condition, self._stop = threading.Condition(), threading.Event()
    self._frame, self._error, self._ended = None, None, False
    self._thread = threading.Thread(target=self._read, daemon=True)

  def __enter__(self) -> 'NewestFrames':
    self._thread.start()
    return self

  def __exit__(self, *unused) -> None:
    self._stop.set()
    self._source.close()
    # A read that hangs, e.g. on standard input, ends with the program.
    self._thread.join(_END_S)

  def __iter__(self) -> Iterator[frame.Frame]:
    """Yields the newest picture, each at most once, waiting for it.

    Raises:
      ValueError: what the source raises, once its pictures are taken.
    """
    while True:
      with self._condition:
        self._condition.wait_for(lambda: self._frame or self._ended)
        newest, self._frame = self._frame, None
      if newest is None:
        break
      yield newest
    if self._error is not None:
      raise self._error

  def _read(self) -> None:
    began_s = None
    try:
      for newest in self._source.frames():
        if not self._source.live:
          began_s = time.monotonic() if began_s is None else began_s
          self._stop.wait(began_s + newest.time_s - time.monotonic())
          newest = dataclasses.replace(newest, arrived_s=time.monotonic())
        if self._stop.is_set():
          break
        with self._condition:
          self.dropped += self._frame is not None
          self._frame = newest
          self._condition.notify_all()
    except Exception as error:  # It is raised where the pictures are taken.
      self._error = error
    finally:
      with self._condition:
        self._ended = True
        self._condition.notify_all()
