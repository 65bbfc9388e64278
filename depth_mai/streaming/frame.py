# SPDX-License-Identifier: Apache-2.0
"""Defines frames and their sources, and reads the newest frame of a source."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import dataclasses
import functools
import threading
import time
import typing

import numpy as np

# Frame rate of sources without time stamps.
FRAMES_PER_SECOND = 30.0
# How long closing waits for a source's thread.
_END_S = 2.0


class DamagedFrameError(ValueError):
  """A frame cannot be decoded; later frames may be fine."""


@dataclasses.dataclass(frozen=True)
class Frame:
  """A frame that is not decoded yet; dropped frames never are.

  Attributes:
    number: of the frame in its source, from 0.
    time_s: presentation time, seconds from the first frame of the source.
    arrived_s: arrival time, by time.monotonic().
    decode: returns the picture, uint8 [H, W, 3]; raises DamagedFrameError.
    name: for its results; that of its file, or '' for its number.
  """

  number: int
  time_s: float
  arrived_s: float
  decode: Callable[[], np.ndarray]
  name: str = ''

  def __str__(self) -> str:
    """Returns its name, or its number as six digits."""
    return self.name or f'{self.number:06d}'


def numbered(
  pictures: Iterable[typing.Any], decode: Callable[..., np.ndarray]
) -> Iterator[Frame]:
  """Yields pictures without names and time stamps as frames.

  Args:
    pictures: undecoded pictures.
    decode: decodes one of them; raises DamagedFrameError.
  """
  for number, picture in enumerate(pictures):
    yield Frame(
      number=number,
      time_s=number / FRAMES_PER_SECOND,
      arrived_s=time.monotonic(),
      decode=functools.partial(decode, picture),
    )


class Source(typing.Protocol):
  """A camera, video or folder of pictures.

  Attributes:
    name: for messages.
    live: whether frames are lost unless they are read in time, as a camera's
      are. Other sources wait for the reader.
  """

  name: str
  live: bool

  def frames(self) -> Iterator[Frame]:
    """Yields the frames in order.

    Raises:
      ValueError: if the source fails; the message names the cure.
    """

  def close(self) -> None:
    """Ends `frames`; any thread may call it, and more than once."""


class NewestFrames:
  """Reads a source in a thread and keeps its newest frame only.

  A slow network then skips frames instead of falling behind. A video is played
  at its own speed, so it behaves like a camera. This is a context manager;
  leaving it closes the source.

  Attributes:
    dropped: frames that were replaced by a newer one before they were taken.
  """

  def __init__(self, source: Source):
    """Stores the source; entering the context starts the thread."""
    self.dropped = 0
    self._source = source
    self._condition, self._stop = threading.Condition(), threading.Event()
    self._frame: Frame | None = None
    self._error: Exception | None = None
    self._ended = False
    self._thread = threading.Thread(target=self._read, daemon=True)

  def __enter__(self) -> 'NewestFrames':
    self._thread.start()
    return self

  def __exit__(self, *unused: object) -> None:
    self._stop.set()
    self._source.close()
    # A blocked read, such as of standard input, ends with the program.
    self._thread.join(_END_S)

  def __iter__(self) -> Iterator[Frame]:
    """Waits for the newest frame and yields it, each frame at most once.

    Raises:
      ValueError: the source's error, after its last frame.
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
    except Exception as error:  # Raised by __iter__, in the reader's thread.
      self._error = error
    finally:
      with self._condition:
        self._ended = True
        self._condition.notify_all()
