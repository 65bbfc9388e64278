# SPDX-License-Identifier: Apache-2.0
"""Places furniture in a room, along walls or freely, without overlap."""

import math

import numpy as np

_TRIES = 8


class FloorPlan:
  """The rectangle of a room, its walls and its furniture.

  Walls are numbered counter-clockwise from y = 0: south, east, north, west.

  Attributes:
    size: (x, y), metres.
    pen: `primitives.Pen` of the room, origin in its south-west corner.
    walls: four pens: x along the wall, y into the room, z up.
    lengths: lengths of the walls, metres.
    taken: rectangles that are occupied: (x0, y0, x1, y1, height), metres.
  """

  def __init__(self, pen, size, rng):
    self._rng = rng
    self.size = size
    self.pen = pen
    corners = ((0, 0), (size[0], 0), size, (0, size[1]))
    self.walls = [pen.at(*corners[k], 0, k * math.pi / 2) for k in range(4)]
    self.lengths = (size[0], size[1], size[0], size[1])
    self._corners = corners
    self._doors = [[] for _ in range(4)]
    self._windows = [[] for _ in range(4)]
    self.taken = []

  def set_openings(self, wall, openings):
    """Keeps furniture away from the openings of a wall."""
    for opening in openings:
      if opening.kind == 'window':
        self._windows[wall].append((*opening.x, opening.z[0]))
      else:
        self._doors[wall].append(opening.x)
        # Nothing stands in front of a door.
        self.take(wall, opening.x, 0.7, 0.0)

  def rectangle(self, wall, x, depth):
    """Returns (x0, y0, x1, y1) of the floor before a piece of wall, metres."""
    angle = wall * math.pi / 2
    c, s = round(math.cos(angle)), round(math.sin(angle))
    ox, oy = self._corners[wall]
    xs = [ox + c * x[0], ox + c * x[1] - s * depth]
    ys = [oy + s * x[0], oy + s * x[1] + c * depth]
    return min(xs), min(ys), max(xs), max(ys)

  def take(self, wall, x, depth, height):
    """Marks the floor in front of a piece of wall as occupied."""
    self.taken.append((*self.rectangle(wall, x, depth), height))

  def free(self, rectangle, margin=0.03):
    """Returns whether a rectangle lies in the room and overlaps nothing."""
    x0, y0, x1, y1 = rectangle
    if x0 < -1e-6 or y0 < -1e-6:
      return False
    if x1 > self.size[0] + 1e-6 or y1 > self.size[1] + 1e-6:
      return False
    return all(
      x1 + margin < t[0]
      or x0 - margin > t[2]
      or y1 + margin < t[1]
      or y0 - margin > t[3]
      for t in self.taken
    )

  def along_wall(self, piece, walls=(0, 1, 2, 3), front=0.0):
    """Places a piece with its back to a wall.

    Args:
      piece: `drawing.Piece`.
      walls: the walls to try.
      front: free space to keep in front of it, metres.

    Returns:
      (wall, (x from, x to)), or None if there was no room.
    """
    gap = 0.025
    for _ in range(_TRIES):
      wall = int(self._rng.choice(walls))
      spare = self.lengths[wall] - piece.width
      if spare < 0.04:
        continue
      left = self._rng.uniform(0.02, spare - 0.02)
      if self._rng.random() < 0.3:
        left = 0.02 if self._rng.random() < 0.5 else spare - 0.02
      x = (left, left + piece.width)
      if any(
        x[1] > w[0] and x[0] < w[1] and piece.height > w[2] + 0.1
        for w in self._windows[wall]
      ):
        continue
      if not self.free(self.rectangle(wall, x, piece.depth + gap + front)):
        continue
      self.take(wall, x, piece.depth + gap, piece.height)
      piece.draw(self.walls[wall].at(left, gap))
      return wall, x
    return None

  def anywhere(self, piece, yaw=None, near=None):
    """Places a piece freely in the room.

    Args:
      piece: `drawing.Piece`.
      yaw: radians, or None for any.
      near: (x, y, standard deviation) of its middle, metres; None for anywhere.

    Returns:
      (x, y, yaw) of its back left corner, or None if there was no room.
    """
    for _ in range(_TRIES):
      turn = self._rng.uniform(0, 2 * math.pi) if yaw is None else yaw
      if near is None:
        middle = self._rng.uniform(0.3, 0.7, 2) * self.size
      else:
        middle = np.array(near[:2]) + self._rng.normal(0, near[2] + 1e-9, 2)
      spot = self.at_middle(piece, middle, turn)
      if spot is not None:
        return spot
    return None

  def at_middle(self, piece, middle, yaw, margin=0.03):
    """Places a piece with its middle at a point, if there is room."""
    c, s = math.cos(yaw), math.sin(yaw)
    half_x, half_y = piece.width / 2, piece.depth / 2
    reach_x = abs(c) * half_x + abs(s) * half_y
    reach_y = abs(s) * half_x + abs(c) * half_y
    rectangle = (
      middle[0] - reach_x,
      middle[1] - reach_y,
      middle[0] + reach_x,
      middle[1] + reach_y,
    )
    if not self.free(rectangle, margin):
      return None
    self.taken.append((*rectangle, piece.height))
    x = middle[0] - c * half_x + s * half_y
    y = middle[1] - s * half_x - c * half_y
    piece.draw(self.pen.at(x, y, 0, yaw))
    return x, y, yaw

  def standing_room(self, x, y, eye_height, margin):
    """Returns whether a camera at (x, y) has `margin` metres of space."""
    if not (margin < x < self.size[0] - margin):
      return False
    if not (margin < y < self.size[1] - margin):
      return False
    for x0, y0, x1, y1, height in self.taken:
      keep = margin if height > eye_height - 0.5 else -0.05
      if height and x0 - keep < x < x1 + keep and y0 - keep < y < y1 + keep:
        return False
    return True

  def hidden(self, rectangle, height):
    """Returns whether something higher than `height` is in a rectangle."""
    x0, y0, x1, y1 = rectangle
    return any(
      t[4] > height and x1 > t[0] and x0 < t[2] and y1 > t[1] and y0 < t[3]
      for t in self.taken
    )
