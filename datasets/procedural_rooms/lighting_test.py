# SPDX-License-Identifier: Apache-2.0
"""Tests of shadows, lamps and corners in scenes with known results."""

from absl.testing import absltest
import numpy as np

from depth_mai.datasets.procedural_rooms import lighting
from depth_mai.datasets.procedural_rooms import materials as materials_lib
from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import world as world_lib


def _table_world():
  """A 1 m square table top, 1 m above a floor, under a lamp at 2 m."""
  materials = materials_lib.Materials(np.random.default_rng(0))
  white = materials.paint((0.8, 0.8, 0.8))
  glow = materials.light()
  geometry = primitives.Geometry()
  pen = primitives.Pen(geometry)
  pen.quad((-5, -5, 0), (10, 0, 0), (0, 10, 0), white)
  pen.box((-0.5, 0.5), (-0.5, 0.5), (0.98, 1.0), white)
  pen.sphere((0, 0, 2), 0.1, glow)
  lamp = world_lib.Light(
    np.array([0.0, 0.0, 2.0]), np.ones(3), 3.0, np.array([1e-6, 0, -1.0]), 3.0
  )
  return world_lib.World(
    geometry.quads(),
    geometry.quadrics(),
    materials.tables(),
    (lamp,),
    np.ones((2, 3)),
    None,
  )


def _floor(x):
  """Points and normals on the floor along y = 0."""
  x = np.float32(x)[None]
  zero = np.zeros_like(x)
  return [x, zero, zero], [zero, zero, np.ones_like(x)]


class LightingTest(absltest.TestCase):
  def test_shadow_of_a_table(self):
    world = _table_world()
    points, normals = _floor([-2.5, -1.6, 0.0, 0.7, 1.6, 2.5])
    lit = lighting.shadow(world, world.lights[0], points, normals)
    # The lamp at 2 m casts the shadow of the edge at (0.5, 1) to x = 1.
    np.testing.assert_array_equal(lit, [[1, 1, 0, 0, 1, 1]])

  def test_lamp_casts_no_shadow_on_itself(self):
    world = _table_world()
    zero, high = np.zeros((1, 1), np.float32), np.full((1, 1), 1.0, np.float32)
    lit = lighting.shadow(
      world, world.lights[0], [zero, zero, high], [zero, zero, high]
    )
    self.assertEqual(lit[0, 0], 1)

  def test_sun_shadow_is_as_wide_as_the_table(self):
    world = _table_world()
    sun = world_lib.sun((1e-6, 0, 1), np.ones(3), (0, 0, 0), 4.0)
    points, normals = _floor([-0.7, -0.3, 0.3, 0.7])
    lit = lighting.shadow(world, sun, points, normals)
    np.testing.assert_array_equal(lit, [[1, 0, 0, 1]])

  def test_lambert_is_cosine_and_distance(self):
    light = _table_world().lights[0]
    points, normals = _floor([0.0, 2.0])
    expected = [1 / (1 + 4 / 9), np.sqrt(0.5) / (1 + 8 / 9)]
    np.testing.assert_allclose(
      lighting.lambert(light, points, normals)[0], expected, rtol=1e-5
    )

  def test_planes_are_bright_and_corners_dark(self):
    x = np.linspace(0.2, 0.6, 200, dtype=np.float32)
    plane = np.repeat(x[None], 100, axis=0)
    light = lighting.corner_light(plane)
    # Only where the border does not cut off the window.
    np.testing.assert_allclose(light[:, 20:-20], 1, atol=2e-3)
    corner = np.maximum(x, x[::-1])[None].repeat(100, axis=0)
    self.assertLess(lighting.corner_light(corner)[50, 100], 0.98)
    edge = np.minimum(x, x[::-1])[None].repeat(100, axis=0)
    self.assertGreater(lighting.corner_light(edge)[50, 100], 0.999)

  def test_box_mean_equals_loops(self):
    values = np.random.default_rng(0).random((7, 9)).astype(np.float32)
    expected = np.empty_like(values)
    for i in range(7):
      for j in range(9):
        window = values[max(i - 2, 0) : i + 3, max(j - 2, 0) : j + 3]
        expected[i, j] = window.mean()
    np.testing.assert_allclose(
      lighting.box_mean(values, 2), expected, rtol=1e-5
    )


if __name__ == '__main__':
  absltest.main()
