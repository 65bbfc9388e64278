# SPDX-License-Identifier: Apache-2.0
"""Defines the shapes of a scene, and the pen that draws them.

There are two kinds of shapes: quads (parallelograms and trapezia; six of them
make a box) and quadrics (ellipsoids, cylinders and truncated cones). A `Pen`
draws in its own frame: x to the right, y from the back of a thing to its front,
z up, metres.
"""

import copy
import dataclasses
import math

import numpy as np

from depth_mai.datasets.procedural_rooms import classes

ELLIPSOID = 0
FRUSTUM = 1

# Axis of symmetry -> the frame's axes that become x, y and z of the unit shape.
_AXES = {'x': (1, 2, 0), 'y': (2, 0, 1), 'z': (0, 1, 2)}


@dataclasses.dataclass(frozen=True)
class Quads:
  """Plane pieces: the points origin + s u + t v with 0 <= t <= 1.

  s runs from taper[0] * t to 1 - taper[1] * t, so that a quad may also be a
  trapezium or a triangle.

  Attributes:
    origin: [Q, 3], metres.
    u: [Q, 3], metres.
    v: [Q, 3], metres.
    taper: [Q, 2].
    normal: [Q, 3], unit length; outward where one_sided.
    one_sided: [Q] bool, true for the faces of a box, invisible from inside.
    material: [Q] int.
    fit: [Q] bool, true to stretch the texture once over the quad.
    label: [Q] int, number of the class, see classes.py.
  """

  origin: np.ndarray
  u: np.ndarray
  v: np.ndarray
  taper: np.ndarray
  normal: np.ndarray
  one_sided: np.ndarray
  material: np.ndarray
  fit: np.ndarray
  label: np.ndarray


@dataclasses.dataclass(frozen=True)
class Quadrics:
  """Round shapes: to_unit maps the offset from the centre to a unit shape.

  Attributes:
    centre: [K, 3], metres.
    to_unit: [K, 3, 3]; the unit shape is the unit sphere, or the points with
      |z| <= 1 and x^2 + y^2 <= (slope[0] + slope[1] z)^2.
    kind: [K] int, ELLIPSOID or FRUSTUM.
    slope: [K, 2].
    radii: [K, 3], half sizes along the unit shape's axes, metres.
    material: [K] int.
    leafy: [K] bool, true for ellipsoids with a ragged outline.
    label: [K] int, number of the class.
  """

  centre: np.ndarray
  to_unit: np.ndarray
  kind: np.ndarray
  slope: np.ndarray
  radii: np.ndarray
  material: np.ndarray
  leafy: np.ndarray
  label: np.ndarray


class Geometry:
  """Collects the shapes of a scene, which pens write to it."""

  def __init__(self):
    self.frames = []
    self.boxes = []
    self.plain_quads = []
    self.rounds = []

  def quads(self):
    """Returns all plane pieces and faces of boxes as `Quads` in the world."""
    parts = [p for p in (self._plain(), self._faces()) if p is not None]
    if not parts:
      raise ValueError(
        'The scene has no plane surface; draw at least one quad or box before '
        'rendering.'
      )
    origin, u, v, taper, one_sided, material, fit, label, inside = (
      np.concatenate(column) for column in zip(*parts, strict=True)
    )
    normal = np.cross(u, v)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    outward = np.sum((origin - inside) * normal, axis=1)
    normal = np.where(((outward < 0) & one_sided)[:, None], -normal, normal)
    return Quads(origin, u, v, taper, normal, one_sided, material, fit, label)

  def quadrics(self):
    """Returns all round shapes as `Quadrics` in the world."""
    rows = np.array(self.rounds, np.float64).reshape(-1, 14)
    frame, material = rows[:, 0].astype(int), rows[:, 11].astype(int)
    origins, rotations = self._poses()
    centre = _turn(rotations[frame], rows[:, 1:4]) + origins[frame]
    radii = rows[:, 4:7]
    axis = rows[:, 10].astype(int)
    order = np.array(list(_AXES.values()))[axis]
    # Row i of to_unit is the frame's axis order[i], divided by its radius.
    axes = np.swapaxes(rotations[frame], 1, 2)
    axes = np.take_along_axis(axes, order[:, :, None], axis=1)
    return Quadrics(
      centre,
      axes / radii[:, :, None],
      rows[:, 7].astype(int),
      rows[:, 8:10],
      radii,
      material,
      rows[:, 12] > 0,
      rows[:, 13].astype(int),
    )

  def _poses(self):
    origins = np.array([f[0] for f in self.frames]).reshape(-1, 3)
    rotations = np.array([f[1] for f in self.frames]).reshape(-1, 3, 3)
    return origins, rotations

  def _plain(self):
    if not self.plain_quads:
      return None
    rows = np.array(self.plain_quads, np.float64)
    frame = rows[:, 0].astype(int)
    origins, rotations = self._poses()
    origin = _turn(rotations[frame], rows[:, 1:4]) + origins[frame]
    u = _turn(rotations[frame], rows[:, 4:7])
    v = _turn(rotations[frame], rows[:, 7:10])
    one_sided = np.zeros(len(rows), bool)
    return (
      origin,
      u,
      v,
      rows[:, 10:12],
      one_sided,
      rows[:, 12].astype(int),
      rows[:, 13] > 0,
      rows[:, 14].astype(int),
      origin,
    )

  def _faces(self):
    if not self.boxes:
      return None
    rows = np.array(self.boxes, np.float64)
    frame = rows[:, 0].astype(int)
    x0, y0, z0, dx, dy, dz, left, right, back, front = rows[:, 1:11].T
    zero = np.zeros_like(x0)

    def vector(x, y, z):
      return np.stack([x, y, z], axis=1)

    along_x, along_y = vector(dx, zero, zero), vector(zero, dy, zero)
    side_taper = np.stack([back / dy, front / dy], axis=1)
    face_taper = np.stack([left / dx, right / dx], axis=1)
    no_taper = np.zeros_like(face_taper)
    corner = vector(x0, y0, z0)
    faces = (
      (corner, along_x, along_y, no_taper),
      (
        vector(x0 + left, y0 + back, z0 + dz),
        vector(dx - left - right, zero, zero),
        vector(zero, dy - back - front, zero),
        no_taper,
      ),
      (corner, along_x, vector(zero, back, dz), face_taper),
      (corner + along_y, along_x, vector(zero, -front, dz), face_taper),
      (corner, along_y, vector(left, zero, dz), side_taper),
      (corner + along_x, along_y, vector(-right, zero, dz), side_taper),
    )
    origins, rotations = self._poses()
    turn, shift = rotations[frame], origins[frame]
    origin = np.concatenate([_turn(turn, f[0]) + shift for f in faces])
    u = np.concatenate([_turn(turn, f[1]) for f in faces])
    v = np.concatenate([_turn(turn, f[2]) for f in faces])
    taper = np.concatenate([f[3] for f in faces])
    middle = corner + vector(dx, dy, dz) / 2
    inside = np.tile(_turn(turn, middle) + shift, (6, 1))
    material = np.tile(rows[:, 11].astype(int), 6)
    fit = np.tile(rows[:, 12] > 0, 6)
    label = np.tile(rows[:, 13].astype(int), 6)
    one_sided = np.ones(len(u), bool)
    return origin, u, v, taper, one_sided, material, fit, label, inside


class Pen:
  """Draws shapes into a `Geometry`, in the pen's own frame."""

  def __init__(
    self,
    geometry,
    origin=(0.0, 0.0, 0.0),
    rotation=None,
    label=classes.UNLABELLED,
  ):
    """Starts a pen.

    Args:
      geometry: the `Geometry` to write to.
      origin: [3], the frame's origin in the world, metres.
      rotation: [3, 3], its columns are the frame's axes; None for the world's.
      label: number of the class of what it draws.
    """
    self._geometry = geometry
    self._origin = np.asarray(origin, np.float64)
    self._rotation = np.eye(3) if rotation is None else rotation
    self._label = label
    self._frame = len(geometry.frames)
    geometry.frames.append((self._origin, self._rotation))

  def at(self, x, y, z=0.0, yaw=0.0, lean=0.0):
    """Returns a pen whose frame has its origin at (x, y, z) of this one.

    Args:
      x: metres to the right.
      y: metres to the front.
      z: metres up.
      yaw: turn about z, radians, counter-clockwise seen from above.
      lean: turn about the new x axis, radians; positive leans backwards.

    Returns:
      a `Pen`.
    """
    c, s = math.cos(yaw), math.sin(yaw)
    turn = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    if lean:
      c, s = math.cos(lean), math.sin(lean)
      turn = turn @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    origin = self.point(x, y, z)
    return Pen(self._geometry, origin, self._rotation @ turn, self._label)

  def labelled(self, name):
    """Returns this pen for things of another class, a key of classes.py."""
    pen = copy.copy(self)
    pen._label = classes.LABELS[name]
    return pen

  def point(self, x, y, z):
    """Returns the world position [3] of a point of this frame, metres."""
    return self._origin + self._rotation @ np.array([x, y, z])

  def box(self, x, y, z, material, inset=(0.0, 0.0, 0.0, 0.0), fit=False):
    """Draws a box; with `inset`, its top is smaller than its bottom.

    Args:
      x: (from, to), metres.
      y: (from, to), metres.
      z: (from, to), metres.
      material: index from `Materials.add`.
      inset: how far the top is drawn in at the left, right, back and front.
      fit: stretches the texture once over each face.
    """
    self._geometry.boxes.append(
      (self._frame, x[0], y[0], z[0])
      + (x[1] - x[0], y[1] - y[0], z[1] - z[0])
      + (*inset, material, fit, self._label)
    )

  def quad(self, origin, u, v, material, taper=(0.0, 0.0), fit=False):
    """Draws a plane piece, visible from both sides; see `Quads`."""
    self._geometry.plain_quads.append(
      (self._frame, *origin, *u, *v, *taper, material, fit, self._label)
    )

  def ellipsoid(self, centre, radii, material, leafy=False):
    """Draws an ellipsoid: centre [3] and half axes [3], metres."""
    self._geometry.rounds.append(
      (self._frame, *centre, *radii, ELLIPSOID)
      + (1.0, 0.0, 2, material, leafy, self._label)
    )

  def sphere(self, centre, radius, material):
    """Draws a sphere: centre [3] and radius, metres."""
    self.ellipsoid(centre, (radius, radius, radius), material)

  def cylinder(self, base, radius, length, material, top=None, axis='z'):
    """Draws a cylinder or, with another radius at its top, a truncated cone.

    Args:
      base: [3], centre of the lower end, metres.
      radius: radius at the base, metres.
      length: metres along the axis.
      material: index from `Materials.add`.
      top: radius at the far end, metres; None for the same.
      axis: 'x', 'y' or 'z'.
    """
    order = _AXES[axis]
    centre = np.array(base, np.float64)
    centre[order[2]] += length / 2
    ratio = 1.0 if top is None else top / radius
    self._geometry.rounds.append(
      (self._frame, *centre, radius, radius, length / 2, FRUSTUM)
      + ((1 + ratio) / 2, (ratio - 1) / 2, 'xyz'.index(axis))
      + (material, False, self._label)
    )


def _turn(rotations, vectors):
  """Applies rotations [N, 3, 3] to vectors [N, 3]."""
  return np.sum(rotations * vectors[:, None, :], axis=2)
