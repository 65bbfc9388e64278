# SPDX-License-Identifier: Apache-2.0
"""The kinds of room: how large, how often, with what in them."""

import collections.abc
import dataclasses

from depth_mai.datasets.procedural_rooms import furnish


@dataclasses.dataclass(frozen=True)
class Kind:
  """A kind of room.

  Attributes:
    name: what it is called.
    share: how often it occurs, relative to the others.
    x: (from, to), metres.
    y: (from, to), metres.
    height: (from, to), metres.
    furnish: called with (plan, kit, rng).
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
  furnish: collections.abc.Callable
  windows: float = 0.4
  pictures: float = 1.0
  panels: float = 0.1
  attic: float = 0.0

  def draw_size(self, rng):
    """((x, y), height) in metres."""
    size = (rng.uniform(*self.x), rng.uniform(*self.y))
    if rng.random() < 0.5:
      size = size[::-1]
    return size, rng.uniform(*self.height)


KINDS = (
  Kind(
    'living',
    5,
    (3.4, 5.5),
    (4.0, 7.5),
    (2.4, 3.0),
    furnish.living,
    0.5,
    1.3,
    attic=0.1,
  ),
  Kind(
    'bedroom',
    4,
    (2.8, 4.2),
    (3.2, 5.0),
    (2.3, 2.8),
    furnish.bedroom,
    0.45,
    0.9,
    attic=0.2,
  ),
  Kind(
    'kitchen',
    3,
    (2.5, 4.0),
    (3.2, 5.5),
    (2.4, 2.9),
    furnish.kitchen,
    0.45,
    0.5,
    0.2,
  ),
  Kind(
    'dining', 2, (3.0, 4.5), (3.5, 6.0), (2.4, 3.1), furnish.dining, 0.5, 1.3
  ),
  Kind(
    'office',
    3,
    (3.0, 6.0),
    (4.0, 8.0),
    (2.5, 3.2),
    furnish.office,
    0.5,
    0.8,
    0.6,
  ),
  Kind(
    'bathroom',
    1.3,
    (1.9, 2.8),
    (2.2, 3.6),
    (2.3, 2.7),
    furnish.bathroom,
    0.25,
    0.3,
    0.4,
  ),
  Kind(
    'corridor',
    1,
    (1.5, 2.4),
    (6.0, 18.0),
    (2.4, 3.2),
    furnish.corridor,
    0.2,
    0.9,
    0.5,
  ),
  Kind(
    'hall',
    1.3,
    (7.0, 14.0),
    (9.0, 20.0),
    (3.2, 5.0),
    furnish.hall,
    0.6,
    0.8,
    0.5,
  ),
  Kind(
    'classroom',
    1.2,
    (5.5, 8.0),
    (6.5, 10.0),
    (2.7, 3.4),
    furnish.classroom,
    0.5,
    0.9,
    0.8,
  ),
  Kind(
    'storage',
    1,
    (2.5, 4.5),
    (3.0, 6.0),
    (2.3, 3.0),
    furnish.storage,
    0.2,
    0.2,
    0.4,
    0.1,
  ),
)


def choose_kind(rng):
  """Draws a `Kind` by its share."""
  shares = [kind.share for kind in KINDS]
  total = sum(shares)
  return KINDS[int(rng.choice(len(KINDS), p=[s / total for s in shares]))]
