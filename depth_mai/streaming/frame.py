# SPDX-License-Identifier: Apache-2.0
"""What every source of moving pictures gives."""

from collections.abc import Callable
from collections.abc import Iterator
import dataclasses
import typing

import numpy as np

# Of a source that does not say when its pictures were taken.
FRAMES_PER_SECOND = 30.0


class DamagedFrameError(ValueError):
  """One picture of a source cannot be decoded; the next one may be."""


@dataclasses.dataclass(frozen=True)
class Frame:
  """One picture of a source, not yet decoded: a stale one never is.

  Attributes:
    number: of the picture in its source, from 0.
    time_s: when it is due, seconds from the first picture of the source.
    arrived_s: when it was there, by time.monotonic().
    decode: gives the picture, [H, W, 3] uint8; raises DamagedFrameError.
  """

  number: int
  time_s: float
  arrived_s: float
  decode: Callable[[], np.ndarray]


class Source(typing.Protocol):
  """Where pictures come from.

  Attributes:
    name: for messages.
    live: whether pictures that are not taken in time are lost, as a camera's
      are; else they wait.
  """

  name: str
  live: bool

  def frames(self) -> Iterator[Frame]:
    """Yields the pictures in their order.

    Raises:
      ValueError: if the source fails; names the cure.
    """

  def close(self) -> None:
    """Ends `frames`, from any thread; a second call does nothing."""
