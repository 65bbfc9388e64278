# SPDX-License-Identifier: Apache-2.0
"""Finds room for the names of points in a plot, so that none covers another.

Each name may stand in sixteen directions of its point, near or farther away.
From several starts the names are moved one after the other to their cheapest
place until none moves any more, and the cheapest end is taken: covering
something costs most, then a line to the point that meets another name or
point, then a place that seems to belong to another point, then distance. All
coordinates are of one plane, such as pixels, with y upwards.
"""

from collections.abc import Sequence
import itertools
import math

import numpy as np

_DIRECTIONS = 16
# Between a point's rim and its name, as parts of a name's height.
_GAPS = (0.25, 0.6, 1.1, 1.8, 2.7, 3.8, 5.0)
# Room around a name, as a part of its height.
_MARGIN = 0.12
_STARTS, _MAX_SWEEPS = 24, 50
_COVERING, _CROSSING, _MISLEADING, _FAR, _NOT_RIGHT = 100.0, 30.0, 4.0, 1.0, 0.2

# Left, bottom, right and top.
Box = tuple[float, float, float, float]


def place_labels(
  points: Sequence[Sequence[float]],
  radii: Sequence[float],
  sizes: Sequence[Sequence[float]],
  bounds: Box,
  obstacles: Sequence[Box] = (),
) -> np.ndarray:
  """Places one label beside each point.

  Args:
    points: [N, 2], centres (x, y) of round points.
    radii: [N], their radii.
    sizes: [N, 2], widths and heights of the labels.
    bounds: what the labels should not leave.
    obstacles: boxes that they should not cover.

  Returns:
    float64 [N, 2], the lower left corners of the labels. Where there is not
    room for all, some do overlap.

  Raises:
    ValueError: if the numbers of points, radii and sizes differ.
  """
  points = np.asarray(points, np.float64).reshape(-1, 2)
  sizes = np.asarray(sizes, np.float64).reshape(-1, 2)
  radii = np.asarray(radii, np.float64)
  if not len(points) == len(radii) == len(sizes):
    raise ValueError(
      f'{len(points)} points, {len(radii)} radii and {len(sizes)} sizes are '
      'given; each label needs one of each.'
    )
  choices = [
    _candidates(point, radius, size)
    for point, radius, size in zip(points, radii, sizes, strict=True)
  ]
  fixed = [
    _fixed_costs(index, boxes, points, radii, bounds, obstacles)
    for index, boxes in enumerate(choices)
  ]
  mutual = {}
  for i, j in itertools.combinations(range(len(points)), 2):
    costs = _mutual_costs(points[i], choices[i], points[j], choices[j])
    mutual[i, j], mutual[j, i] = costs, costs.T
  chosen = _cheapest(fixed, mutual)
  return np.array(
    [boxes[i, :2] for boxes, i in zip(choices, chosen, strict=True)]
  ).reshape(-1, 2)


def nearest_in_box(point: Sequence[float], box: Box) -> tuple[float, float]:
  """Returns the place (x, y) of a box that is nearest to a point."""
  left, bottom, right, top = box
  x, y = point
  return min(max(x, left), right), min(max(y, bottom), top)


def _cheapest(fixed, mutual):
  """Returns the index of the candidate that each label takes."""
  labels = range(len(fixed))
  random = np.random.default_rng(0)
  best, best_cost = [], math.inf
  for start in range(_STARTS):
    # The first start is each label's own favourite place.
    chosen = [
      int(random.integers(len(costs)) if start else np.argmin(costs))
      for costs in fixed
    ]
    for _ in range(_MAX_SWEEPS):
      before = list(chosen)
      for i in labels:
        others = [mutual[i, j][:, chosen[j]] for j in labels if j != i]
        chosen[i] = int(np.argmin(fixed[i] + sum(others)))
      if chosen == before:
        break
    cost = sum(fixed[i][chosen[i]] for i in labels) + sum(
      mutual[i, j][chosen[i], chosen[j]] for i in labels for j in range(i)
    )
    if cost < best_cost:
      best, best_cost = chosen, cost
  return best


def _candidates(point, radius, size):
  """Returns boxes [C, 4] around a point, from near to far."""
  width, height = size
  boxes = []
  for gap in _GAPS:
    for step in range(_DIRECTIONS):
      angle = 2 * math.pi * step / _DIRECTIONS
      x, y = math.cos(angle), math.sin(angle)
      reach = radius + gap * height
      # Beside, above or at a corner of the point, never half over it.
      shift_x, shift_y = np.clip((1.5 * x, 1.5 * y), -1.0, 1.0)
      centre_x = point[0] + reach * x + shift_x * width / 2
      centre_y = point[1] + reach * y + shift_y * height / 2
      left, bottom = centre_x - width / 2, centre_y - height / 2
      boxes.append((left, bottom, left + width, bottom + height))
  return np.array(boxes)


def _fixed_costs(index, boxes, points, radii, bounds, obstacles):
  """Returns what each candidate costs whatever the other labels do."""
  step = np.arange(len(boxes))
  turn = np.abs(np.angle(np.exp(2j * np.pi * step / _DIRECTIONS)))
  costs = _FAR * (step // _DIRECTIONS) + _NOT_RIGHT * turn
  left, bottom, right, top = bounds
  outside = np.maximum(left - boxes[:, 0], 0) + np.maximum(
    boxes[:, 2] - right, 0
  )
  outside += np.maximum(bottom - boxes[:, 1], 0)
  outside += np.maximum(boxes[:, 3] - top, 0)
  costs += _COVERING * outside / (boxes[:, 3] - boxes[:, 1])
  if len(obstacles):
    costs += _COVERING * _covered(boxes, np.array(obstacles)).sum(axis=1)
  own_distance = _distances(boxes, points[index]) - radii[index]
  for other, (point, radius) in enumerate(zip(points, radii, strict=True)):
    distance = _distances(boxes, point) - radius
    margin = _MARGIN * (boxes[:, 3] - boxes[:, 1])
    costs += _COVERING * (distance < margin)
    if other != index:
      costs += _MISLEADING * (distance < own_distance)
      costs += _CROSSING * _leads_through(points[index], boxes, point, radius)
  return costs


def _mutual_costs(point, boxes, other_point, other_boxes):
  """Returns [C, D]: what places of two labels cost together."""
  covered = _covered(boxes, other_boxes) + _covered(other_boxes, boxes).T
  crossed = _crossed(point, boxes, other_boxes)
  crossed |= _crossed(other_point, other_boxes, boxes).T
  return _COVERING * covered + _CROSSING * crossed


def _covered(boxes, others):
  """Returns [C, D]: how much of each box each other covers, 1 = all of it.

  A touch counts as a little, so that labels keep apart.
  """
  width, height = (boxes[:, 2:] - boxes[:, :2]).T[:, :, None]
  mine, theirs = boxes[:, None], others[None]
  overlap = np.minimum(mine[..., 2:], theirs[..., 2:])
  overlap = overlap - np.maximum(mine[..., :2], theirs[..., :2])
  across, along = np.moveaxis(overlap + _MARGIN * height[..., None], -1, 0)
  meets = (across > 0) & (along > 0)
  return meets * (0.1 + across * along / (width * height))


def _crossed(point, boxes, others):
  """Returns [C, D]: whether the way from a point to its label meets a box."""
  way = np.clip(point, boxes[:, :2], boxes[:, 2:]) - point
  way = np.where(way == 0.0, 1e-9, way)
  enter, leave = np.zeros((1, 1)), np.ones((1, 1))
  for axis in (0, 1):
    sides = [
      (others[None, :, side] - point[axis]) / way[:, None, axis]
      for side in (axis, axis + 2)
    ]
    enter = np.maximum(enter, np.minimum(*sides))
    leave = np.minimum(leave, np.maximum(*sides))
  return enter < leave


def _distances(boxes, point):
  """Returns the distances [C] of boxes from a point; 0 inside."""
  x = np.maximum(np.maximum(boxes[:, 0] - point[0], point[0] - boxes[:, 2]), 0)
  y = np.maximum(np.maximum(boxes[:, 1] - point[1], point[1] - boxes[:, 3]), 0)
  return np.hypot(x, y)


def _leads_through(start, boxes, point, radius):
  """Returns [C]: whether the way from a point to its label meets a disc."""
  ends = np.clip(start, boxes[:, :2], boxes[:, 2:])
  way = ends - start
  length = np.maximum((way**2).sum(axis=1), 1e-12)
  part = np.clip(((point - start) * way).sum(axis=1) / length, 0.0, 1.0)
  nearest = start + part[:, None] * way
  return np.hypot(*(nearest - point).T) < radius
