# SPDX-License-Identifier: Apache-2.0
"""Lists the kinds of room: how often they occur, their size and fittings."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Kind:
  """A kind of room.

  Attributes:
    name: its layout in parts/rooms.txt.
    share: how often it occurs, relative to the others.
    x: range of one side, metres.
    y: range of the other side, metres.
    height: range of the height, metres.
    windows: chance of windows per wall.
    pictures: pictures per four metres of wall.
    panels: chance of flat ceiling lights.
    attic: chance of a sloping roof.
  """

  name: str
  share: float
  x: tuple
  y: tuple
  height: tuple
  windows: float
  pictures: float
  panels: float
  attic: float

  @property
  def wet(self):
    """Whether it often has tiles, and never curtains."""
    return self.name in ('bathroom', 'kitchen')

  @property
  def panelled(self):
    """Whether its ceiling is often made of panels."""
    return self.name in ('office', 'classroom', 'hall', 'corridor')

  def draw_size(self, rng):
    """Draws ((x, y), height) in metres."""
    size = (rng.uniform(*self.x), rng.uniform(*self.y))
    if rng.random() < 0.5:
      size = size[::-1]
    return size, rng.uniform(*self.height)


# fmt: off
KINDS = (
  # name, share, x m, y m, height m, windows, pictures, panels, attic
  Kind('living', 5, (3.4, 5.5), (4.0, 7.5), (2.4, 3.0), 0.5, 1.3, 0.1, 0.1),
  Kind('bedroom', 4, (2.8, 4.2), (3.2, 5.0), (2.3, 2.8), 0.45, 0.9, 0.1, 0.2),
  Kind('kitchen', 3, (2.5, 4.0), (3.2, 5.5), (2.4, 2.9), 0.45, 0.5, 0.2, 0.0),
  Kind('dining', 2, (3.0, 4.5), (3.5, 6.0), (2.4, 3.1), 0.5, 1.3, 0.1, 0.0),
  Kind('office', 3, (3.0, 6.0), (4.0, 8.0), (2.5, 3.2), 0.5, 0.8, 0.6, 0.0),
  Kind('bathroom', 1.3, (1.9, 2.8), (2.2, 3.6), (2.3, 2.7), 0.25, 0.3, 0.4, 0),
  Kind('corridor', 1, (1.5, 2.4), (6.0, 18.0), (2.4, 3.2), 0.2, 0.9, 0.5, 0.0),
  Kind('hall', 1.3, (7.0, 14.0), (9.0, 20.0), (3.2, 5.0), 0.6, 0.8, 0.5, 0.0),
  Kind('classroom', 1.2, (5.5, 8.0), (6.5, 10.0), (2.7, 3.4), 0.5, 0.9, 0.8, 0),
  Kind('storage', 1, (2.5, 4.5), (3.0, 6.0), (2.3, 3.0), 0.2, 0.2, 0.4, 0.1),
)
# fmt: on


def choose_kind(rng):
  """Draws a `Kind` at random, with the shares as weights."""
  shares = [kind.share for kind in KINDS]
  total = sum(shares)
  return KINDS[int(rng.choice(len(KINDS), p=[s / total for s in shares]))]
