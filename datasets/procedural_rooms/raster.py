# SPDX-License-Identifier: Apache-2.0
"""Finds the surface that the ray of each pixel meets first.

The rays of a view are d = (x, y, 1), so a hit at depth z is the point z d. For
a quad with origin o and edges u, v, the equation z d = o + s u + t v makes
s / z, t / z and 1 / z linear functions of (x, y, 1). So its inverse depth is
the sum of a row and a column, its outline is four straight lines, and it covers
one interval of each row of pixels. No shape is tested outside its own rectangle
on the screen. Depth is exact up to float32 rounding (about 1e-6 of the depth).
"""

import dataclasses

import numpy as np

from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import textures

NOTHING = -1

_MARGIN_PX = 1e-3  # Neighbouring quads overlap by this, which avoids cracks.
_CAP = 0.999  # Beyond this |z| of the unit shape, a hit is on an end.
_LEAVES_M = 1.4  # Period of the leaf pattern.
_RAGGED = 0.6  # How deep the gaps between leaves reach into a crown.


@dataclasses.dataclass(frozen=True)
class Visible:
  """The surfaces that a view sees.

  Attributes:
    inverse_depth: [H, W] float32, 1 / metres along the viewing axis; 0 where
      there is nothing.
    surface: [H, W] int32: the index of the quad, the number of quads plus the
      index of the quadric, or NOTHING.
    forms: [Q, 3, 3] float64, the linear functions s / z, t / z and 1 / z.
    windows: quadric index -> (rows, columns), slices that contain its pixels.
  """

  inverse_depth: np.ndarray
  surface: np.ndarray
  forms: np.ndarray
  windows: dict


def visible(quads, quadrics, view, draw_quad=None, draw_quadric=None):
  """Finds the nearest surface along the ray of every pixel.

  Args:
    quads: `primitives.Quads`.
    quadrics: `primitives.Quadrics`.
    view: `view.View`.
    draw_quad: [Q] bool, the quads to draw; None for all.
    draw_quadric: [K] bool, the quadrics to draw; None for all.

  Returns:
    `Visible`.
  """
  shape = (view.height, view.width)
  inverse_depth = np.zeros(shape, np.float32)
  surface = np.full(shape, NOTHING, np.int32)
  forms, faces_us = _quad_forms(quads, view)
  if draw_quad is not None:
    faces_us = faces_us & draw_quad
  _draw_quads(
    np.flatnonzero(faces_us), forms, quads.taper, view, inverse_depth, surface
  )
  windows = {}
  boxes, nearest = _windows(quadrics, view)
  unseen = (boxes[:, 0] >= boxes[:, 1]) | (boxes[:, 2] >= boxes[:, 3])
  if draw_quadric is not None:
    unseen |= ~draw_quadric
  # From near to far: hidden ones are then skipped early.
  for k in np.argsort(-nearest, kind='stable'):
    if unseen[k]:
      continue
    top, bottom, left, right = boxes[k]
    window = slice(top, bottom), slice(left, right)
    if nearest[k] <= inverse_depth[window].min():
      continue
    number = len(quads.material) + k
    if _draw_quadric(quadrics, k, view, window, inverse_depth, surface, number):
      windows[int(k)] = window
  return Visible(inverse_depth, surface, forms, windows)


def _quad_forms(quads, view):
  """Returns the forms [Q, 3, 3], and which quads [Q] show a visible side."""
  offset = quads.origin - view.origin
  in_view = [
    np.sum(view.rotation[None] * vector[:, None, :], axis=2)
    for vector in (offset, quads.u, quads.v)
  ]
  o, u, v = in_view
  uv = np.cross(u, v)
  distance = np.sum(o * uv, axis=1)
  edge_on = np.abs(distance) < 1e-9
  scale = 1.0 / np.where(edge_on, 1.0, distance)
  forms = np.stack([np.cross(v, o), np.cross(o, u), uv], axis=1)
  facing = np.sum(offset * quads.normal, axis=1) < 0
  return (
    forms * scale[:, None, None],
    ~edge_on & (facing | ~quads.one_sided),
  )


def _intervals(forms, taper, view):
  """Returns the first and last column inside per quad and row, [Q, H]."""
  s, t, w = forms[:, 0], forms[:, 1], forms[:, 2]
  edges = (s - taper[:, :1] * t, w - s - taper[:, 1:] * t, t, w - t)
  rows = view.rows.astype(np.float32)
  low = np.full((len(forms), view.height), -np.inf, np.float32)
  high = np.full((len(forms), view.height), np.inf, np.float32)
  for edge in edges:
    a, b, c = edge.T
    flat = 1e-9 * np.maximum(np.abs(b), np.abs(c)) + 1e-30
    a = np.where(np.abs(a) < flat, flat, a)
    # Inside: a x + b y + c >= 0, so x is above or below -(b y + c) / a.
    to_px = np.float32(view.focal_px)
    slope = (-b / a).astype(np.float32) * to_px
    shift = (-c / a).astype(np.float32) * to_px
    crossing = slope[:, None] * rows
    np.maximum(
      low, crossing + np.where(a > 0, shift, -np.inf)[:, None], out=low
    )
    np.minimum(
      high, crossing + np.where(a < 0, shift, np.inf)[:, None], out=high
    )
  centre = np.float32(view.width / 2 - 0.5)
  last_column = view.width - 1
  low = np.ceil(np.clip(low + (centre - _MARGIN_PX), 0, last_column + 1))
  high = np.floor(np.clip(high + (centre + _MARGIN_PX), -1, last_column))
  return low.astype(np.int32), high.astype(np.int32)


def _draw_quads(which, forms, taper, view, inverse_depth, surface):
  """Draws the quads with the indices `which` into the buffers, in place."""
  if not len(which):
    return
  first, last = _intervals(forms[which], taper[which], view)
  inside = first <= last
  drawn = inside.any(axis=1)
  top = inside.argmax(axis=1)
  bottom = view.height - inside[:, ::-1].argmax(axis=1)
  left = np.where(inside, first, view.width).min(axis=1)
  right = np.where(inside, last, -1).max(axis=1) + 1
  w = forms[which, 2].astype(np.float32)
  by_column = w[:, :1] * view.columns.astype(np.float32)
  by_row = w[:, 1:2] * view.rows.astype(np.float32) + w[:, 2:]
  numbers = np.arange(view.width, dtype=np.int32)
  for k in np.flatnonzero(drawn):
    rows = slice(top[k], bottom[k])
    columns = slice(left[k], right[k])
    here = by_column[k, columns] + by_row[k, rows, None]
    nearest = inverse_depth[rows, columns]
    nearer = here > nearest
    nearer &= numbers[columns] >= first[k, rows, None]
    nearer &= numbers[columns] <= last[k, rows, None]
    np.copyto(nearest, here, where=nearer)
    np.copyto(surface[rows, columns], which[k], where=nearer)


def _windows(quadrics, view):
  """Returns rectangles on the screen that contain the quadrics.

  Args:
    quadrics: `primitives.Quadrics`.
    view: `view.View`.

  Returns:
    [K, 4] int, rows from and to, columns from and to; empty if it is unseen.
    [K] float64, an upper bound of 1 / depth on each shape.
  """
  signs = np.array(
    [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
  )
  axes = quadrics.to_unit * quadrics.radii[:, :, None] ** 2
  reach = sum(signs[None, :, i, None] * axes[:, None, i] for i in range(3))
  corners = (quadrics.centre - view.origin)[:, None] + reach
  x, y, depth = (
    np.sum(corners * view.rotation[row], axis=2) for row in range(3)
  )
  behind = depth.max(axis=1, initial=-np.inf) <= 0.01
  straddles = (depth.min(axis=1, initial=np.inf) <= 0.01) & ~behind
  depth = np.maximum(depth, 0.01)
  bounds = []
  for part, size in ((y, view.height), (x, view.width)):
    pixel = part / depth * view.focal_px + size / 2
    low = np.clip(np.floor(pixel.min(axis=1)), 0, size)
    high = np.clip(np.ceil(pixel.max(axis=1)), 0, size)
    bounds.append(np.where(straddles, 0, low))
    bounds.append(np.where(behind, 0, np.where(straddles, size, high)))
  return np.stack(bounds, axis=1).astype(int), 1 / depth.min(axis=1)


def _unit_rays(quadrics, k, view, columns, rows):
  """The pinhole [3] and the rays (three arrays) in the unit shape's frame."""
  start = quadrics.to_unit[k] @ (view.origin - quadrics.centre[k])
  turn = (quadrics.to_unit[k] @ view.rotation.T).astype(np.float32)
  rays = [
    turn[i, 0] * columns + (turn[i, 1] * rows + turn[i, 2]) for i in range(3)
  ]
  return start, rays


def _draw_quadric(quadrics, k, view, window, inverse_depth, surface, number):
  """Draws a quadric into the buffers; returns whether it is visible."""
  rows, columns = window
  start, (dx, dy, dz) = _unit_rays(
    quadrics,
    k,
    view,
    view.columns[columns].astype(np.float32),
    view.rows[rows].astype(np.float32)[:, None],
  )
  if quadrics.kind[k] == primitives.ELLIPSOID:
    rim = None
    if quadrics.leafy[k]:
      distance_m = np.linalg.norm(quadrics.centre[k] - view.origin)
      rim = _leaves(view.focal_px / distance_m, rows, columns)
    here = _ellipsoid_inverse_depth(start, dx, dy, dz, rim)
  else:
    here = _frustum_inverse_depth(start, dx, dy, dz, quadrics.slope[k])
  nearest = inverse_depth[window]
  nearer = here > nearest
  if not nearer.any():
    return False
  np.copyto(nearest, here, where=nearer)
  np.copyto(surface[window], number, where=nearer)
  return True


def _nearest_root(a, b, c):
  """Returns the largest 1 / z with a z^2 + 2 b z + c = 0, c > 0; or 0."""
  root = b * b - a * np.float32(c)
  hit = root >= 0
  near = (np.sqrt(np.maximum(root, 0)) - b) / np.float32(c)
  return np.where(hit & (near > 0), near, np.float32(0))


def _leaves(px_per_m, rows, columns):
  """Returns how far leaves stick out per pixel, 0..1, [H, W] float32."""
  bank = textures.bank()
  per_px = 1 / (_LEAVES_M * px_per_m)
  tile = bank.tile(bank.variants['foliage'][0], per_px)
  v, u = (
    (np.arange(part.start, part.stop) * (per_px * len(tile))).astype(int)
    % len(tile)
    for part in (rows, columns)
  )
  return tile[v[:, None], u] * np.float32(1 / 255)


def _ellipsoid_inverse_depth(start, dx, dy, dz, rim=None):
  ox, oy, oz = (np.float32(value) for value in start)
  c = float(start @ start) - 1.0
  if c <= 0:
    return np.zeros_like(dx)
  a = dx * dx + dy * dy + dz * dz
  b = ox * dx + oy * dy + oz * dz
  here = _nearest_root(a, b, c)
  if rim is not None:
    # (b^2 - a c) / a is 1 - p^2; p is the distance of the ray to the centre.
    here[b * b < a * (np.float32(c) + np.float32(_RAGGED) * (1 - rim))] = 0
  return here


def _frustum_inverse_depth(start, dx, dy, dz, slope):
  ox, oy, oz = (np.float32(value) for value in start)
  p, q = (np.float32(value) for value in slope)
  at_start = p + q * oz
  c = float(
    start[0] ** 2 + start[1] ** 2 - (slope[0] + slope[1] * start[2]) ** 2
  )
  here = np.zeros_like(dx)
  if c > 0:
    side = _nearest_root(
      dx * dx + dy * dy - q * q * dz * dz,
      ox * dx + oy * dy - q * at_start * dz,
      c,
    )
    on_side = np.abs(oz * side + dz) <= side
    here = np.where(on_side, side, here)
  for end in (1.0, -1.0):
    if start[2] * end > 1:
      cap = dz / np.float32(end - start[2])
      radius = p + q * np.float32(end)
      x, y = ox * cap + dx, oy * cap + dy
      on_cap = (cap > here) & (x * x + y * y <= radius * radius * cap * cap)
      here = np.where(on_cap, cap, here)
  return here


def quadric_hits(quadrics, k, view, rows, columns, inverse_depth):
  """Returns the points and normals of a quadric at given pixels.

  Args:
    quadrics: `primitives.Quadrics`.
    k: index of the quadric.
    view: `view.View`.
    rows: [N] int, pixel rows.
    columns: [N] int, pixel columns.
    inverse_depth: [N] float32, 1 / metres.

  Returns:
    unit: [3, N] float32, the hits in the frame of the unit shape.
    normal: [3, N] float32, unit normals in the world.
  """
  start, rays = _unit_rays(
    quadrics,
    k,
    view,
    view.columns.astype(np.float32)[columns],
    view.rows.astype(np.float32)[rows],
  )
  unit = np.stack([ray / inverse_depth for ray in rays])
  unit += start.astype(np.float32)[:, None]
  gradient = unit.copy()
  if quadrics.kind[k] == primitives.FRUSTUM:
    p, q = quadrics.slope[k]
    gradient[2] = -q * (p + q * unit[2])
    for end in (1.0, -1.0):
      if start[2] * end > 1:
        on_cap = unit[2] * end > _CAP
        gradient[:2, on_cap] = 0
        gradient[2, on_cap] = end
  turn = quadrics.to_unit[k].astype(np.float32)
  normal = np.stack(
    [
      turn[0, i] * gradient[0]
      + turn[1, i] * gradient[1]
      + turn[2, i] * gradient[2]
      for i in range(3)
    ]
  )
  normal /= np.sqrt(np.sum(normal * normal, axis=0)) + 1e-12
  return unit, normal
