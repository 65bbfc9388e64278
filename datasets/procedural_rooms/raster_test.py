# SPDX-License-Identifier: Apache-2.0
"""Tests depth against analytic geometry and an independent ray caster."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import raster
from depth_mai.datasets.procedural_rooms import view as view_lib

_WIDTH, _HEIGHT = 80, 60


def _view(origin=(0.0, 0.0, 0.0), yaw=0.0, pitch=0.0, roll=0.0, focal_px=70.0):
  rotation = view_lib.look(yaw, pitch, roll)
  return view_lib.View(np.array(origin), rotation, focal_px, _WIDTH, _HEIGHT)


def _depth(geometry, view):
  """[H, W] metres, 0 for nothing. A far speck is added: scenes need a plane."""
  speck = primitives.Pen(geometry)
  speck.quad((0, 0, -1e4), (1e-3, 0, 0), (0, 1e-3, 0), 0)
  seen = raster.visible(geometry.quads(), geometry.quadrics(), view)
  inverse = seen.inverse_depth.astype(np.float64)
  return np.where(inverse > 0, 1 / np.maximum(inverse, 1e-12), 0)


def _rays(view):
  """World rays [H, W, 3] with one metre of depth, float64."""
  x = (np.arange(_WIDTH) + 0.5 - _WIDTH / 2) / view.focal_px
  y = (np.arange(_HEIGHT) + 0.5 - _HEIGHT / 2) / view.focal_px
  x, y = np.meshgrid(x, y)
  return np.stack([x, y, np.ones_like(x)], axis=-1) @ view.rotation


class PlaneTest(parameterized.TestCase):
  def test_wall_ahead_has_one_depth(self):
    geometry = primitives.Geometry()
    primitives.Pen(geometry).quad((3, -9, -9), (0, 18, 0), (0, 0, 18), 0)
    np.testing.assert_allclose(_depth(geometry, _view()), 3.0, rtol=1e-6)

  @parameterized.parameters(-0.2, -0.5, -0.9)
  def test_floor_follows_the_pitch(self, pitch):
    geometry = primitives.Geometry()
    pen = primitives.Pen(geometry)
    pen.quad((-1e4, -1e4, 0), (2e4, 0, 0), (0, 2e4, 0), 0)
    depth = _depth(geometry, _view((0, 0, 1.5), 0.7, pitch))
    # A ray y below the axis drops by sin(-pitch) + y cos(pitch) per metre.
    y = (np.arange(_HEIGHT) + 0.5 - _HEIGHT / 2) / 70.0
    drop = math.sin(-pitch) + y * math.cos(pitch)
    expected = np.where(drop > 1e-3, 1.5 / np.maximum(drop, 1e-3), 0)
    near = expected < 500
    np.testing.assert_allclose(
      depth[near], np.repeat(expected[near][:, None], _WIDTH, 1), rtol=1e-4
    )

  def test_tapered_quad_is_a_triangle(self):
    geometry = primitives.Geometry()
    pen = primitives.Pen(geometry)
    pen.quad((2, 1, -0.7), (0, -2, 0), (0, 0, 1.4), 0, taper=(0.5, 0.5))
    covered = (_depth(geometry, _view()) > 0).mean()
    # Area 2 x 1.4 / 2 at 2 m, in pixels of (2 / 70) m.
    expected = 1.4 / (2 / 70) ** 2 / (_WIDTH * _HEIGHT)
    self.assertAlmostEqual(covered, expected, delta=0.005)

  def test_a_box_is_invisible_from_inside(self):
    geometry = primitives.Geometry()
    primitives.Pen(geometry).box((-1, 1), (-1, 1), (-1, 1), 0)
    self.assertEqual(_depth(geometry, _view()).max(), 0)

  def test_joined_quads_leave_no_crack(self):
    geometry = primitives.Geometry()
    pen = primitives.Pen(geometry).at(0, 0, 0, 0.3)
    for i in range(-20, 20):
      pen.quad((2, i * 0.371, -9), (0, 0.371, 0), (0, 0, 18), 0)
    self.assertGreater(_depth(geometry, _view(roll=0.1)).min(), 0)


class RoundTest(parameterized.TestCase):
  def test_sphere_equals_the_analytic_depth(self):
    centre, radius = np.array([4.0, 0.5, -0.3]), 0.8
    geometry = primitives.Geometry()
    primitives.Pen(geometry).sphere(centre, radius, 0)
    view = _view((0.2, -0.1, 0.4), 0.1, -0.15, 0.2)
    rays = _rays(view)
    offset = view.origin - centre
    a = np.sum(rays**2, axis=-1)
    b = rays @ offset
    under_root = b**2 - a * (offset @ offset - radius**2)
    hit = under_root > 0
    expected = (-b - np.sqrt(np.maximum(under_root, 0))) / a
    depth = _depth(geometry, view)
    clear = np.abs(under_root) > 1e-3  # Not on the outline.
    np.testing.assert_array_equal(depth[clear] > 0, hit[clear])
    both = hit & clear
    np.testing.assert_allclose(depth[both], expected[both], rtol=1e-4)

  @parameterized.parameters('x', 'y', 'z')
  def test_cylinder_and_cone_equal_ray_marching(self, axis):
    geometry = primitives.Geometry()
    pen = primitives.Pen(geometry).at(3.0, 0.2, -0.6, 0.5)
    pen.cylinder((-0.1, 0.1, 0.2), 0.6, 0.9, 0, top=0.25, axis=axis)
    view = _view((0, 0, 0.5), 0.0, -0.2)
    # March along each ray, in the pen's frame, until it is inside.
    turn = np.array([
      [math.cos(0.5), math.sin(0.5), 0],
      [-math.sin(0.5), math.cos(0.5), 0],
      [0, 0, 1],
    ])  # fmt: skip
    steps = np.arange(1.5, 5, 0.004)
    rays = _rays(view)[::4, ::4]
    points = view.origin + steps[:, None, None, None] * rays
    local = (points - [3.0, 0.2, -0.6]) @ turn.T - [-0.1, 0.1, 0.2]
    k = 'xyz'.index(axis)
    along = local[..., k]
    across = np.sqrt(np.sum(local**2, axis=-1) - along**2)
    limit = 0.6 + (0.25 - 0.6) * along / 0.9
    inside = (along >= 0) & (along <= 0.9) & (across <= limit)
    expected = np.where(inside.any(0), steps[inside.argmax(0)], 0)
    depth = _depth(geometry, view)[::4, ::4]
    self.assertGreater((expected > 0).mean(), 0.05)
    self.assertLess(np.mean((depth > 0) != (expected > 0)), 0.02)
    both = (depth > 0) & (expected > 0)
    # A grazing ray enters somewhere within a step.
    self.assertLess(np.percentile(np.abs(depth - expected)[both], 95), 0.0045)


class SceneTest(absltest.TestCase):
  def test_turned_boxes_equal_the_slab_method(self):
    rng = np.random.default_rng(1)
    geometry = primitives.Geometry()
    root = primitives.Pen(geometry)
    view = _view((0, 0, 1.4), 0.0, -0.25, 0.05)
    rays = _rays(view)
    expected = np.full((_HEIGHT, _WIDTH), np.inf)
    for _ in range(12):
      place = rng.uniform((2, -2, 0), (6, 2, 1.5))
      yaw, size = rng.uniform(0, 6.3), rng.uniform(0.2, 1.0, 3)
      pen = root.at(*place, yaw)
      pen.box((0, size[0]), (0, size[1]), (0, size[2]), 0)
      c, s = math.cos(yaw), math.sin(yaw)
      to_box = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
      start, ray = to_box @ (view.origin - place), rays @ to_box.T
      first, second = -start / ray, (size - start) / ray
      enter = np.minimum(first, second).max(axis=-1)
      leave = np.maximum(first, second).min(axis=-1)
      hit = (enter < leave) & (enter > 0)
      expected = np.where(hit, np.minimum(expected, enter), expected)
    expected = np.where(np.isfinite(expected), expected, 0)
    depth = _depth(geometry, view)
    wrong = np.abs(depth - expected) > 1e-4 * np.maximum(expected, 1)
    # Rays through an edge may hit either side.
    self.assertLess(wrong.mean(), 0.002)
    self.assertGreater((expected > 0).mean(), 0.2)


if __name__ == '__main__':
  absltest.main()
