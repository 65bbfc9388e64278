# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/report/point_cloud.py, against geometry in the plane."""

import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.report import point_cloud


def _read_ply(path):
  """Returns (xyz, rgb) of a binary file, read as its header describes it."""
  header, _, body = pathlib.Path(path).read_bytes().partition(b'end_header\n')
  lines = header.decode('ascii').splitlines()
  types = {'float': '<f4', 'uchar': 'u1'}
  fields = [
    (line.split()[2], types[line.split()[1]])
    for line in lines
    if line.startswith('property ')
  ]
  (count,) = [
    int(x.split()[2]) for x in lines if x.startswith('element vertex')
  ]
  assert lines[:2] == ['ply', 'format binary_little_endian 1.0'], lines
  data = np.frombuffer(body, fields)
  assert len(data) == count
  return (
    np.stack([data[name] for name in 'xyz'], -1),
    np.stack([data[name] for name in ('red', 'green', 'blue')], -1),
  )


class PointsTest(parameterized.TestCase):
  @parameterized.parameters((3, 5, 90.0), (6, 4, 60.0), (1, 2, 120.0))
  def test_points_project_back_to_their_pixels(self, height, width, fov):
    rng = np.random.default_rng(height)
    depth_m = rng.uniform(0.5, 9.0, (height, width))
    x, y, z = np.moveaxis(point_cloud.points(depth_m, fov), -1, 0)
    np.testing.assert_allclose(z, depth_m, rtol=1e-6)
    # A camera matrix with the focal length that the field of view defines.
    focal_px = max(height, width) / 2 / np.tan(np.deg2rad(fov / 2))
    camera = np.array(
      [[focal_px, 0, width / 2], [0, focal_px, height / 2], [0, 0, 1]]
    )
    for row in range(height):
      for column in range(width):
        point = np.array([x[row, column], y[row, column], z[row, column]])
        u, v, w = camera @ point
        # Pixel (0, 0) covers 0 to 1: its middle is at 0.5.
        np.testing.assert_allclose(
          (u / w, v / w), (column + 0.5, row + 0.5), rtol=1e-5
        )

  def test_the_field_of_view_reaches_from_edge_to_edge(self):
    # At 90 degrees, a wall at 2 m is 4 m wide; the outermost of 400 pixels are
    # half a pixel, 5 mm, inside.
    for shape in ((3, 400), (400, 3)):
      cloud = point_cloud.points(np.full(shape, 2.0), 90.0)
      reach = np.abs(cloud[..., :2]).max()
      self.assertAlmostEqual(reach, 2 - 0.005, places=6)

  def test_a_slanted_wall_is_a_plane(self):
    # n . p = 3 for every pixel's ray; its depth follows from the ray alone.
    normal, focal_px = np.array([0.3, -0.2, 0.9]), 32 / np.tan(np.pi / 6)
    v, u = np.indices((48, 64)) - np.array([23.5, 31.5])[:, None, None]
    depth_m = 3 / (normal[0] * u + normal[1] * v + normal[2] * focal_px)
    cloud = point_cloud.points(depth_m * focal_px, 60.0)
    np.testing.assert_allclose(cloud @ normal, 3.0, rtol=1e-5)

  def test_unknown_depth(self):
    depth_m = np.array([[1.0, 0.0, -2.0, np.nan, np.inf]])[..., None]
    cloud = point_cloud.points(depth_m)
    self.assertEqual(cloud.dtype, np.float32)
    self.assertEqual(
      np.isfinite(cloud).all(-1).tolist(), [[True] + 4 * [False]]
    )

  def test_the_usual_field_of_view(self):
    focal_px = 320 / np.tan(np.deg2rad(point_cloud.FOV / 2))
    self.assertAlmostEqual(focal_px, 518.8579, delta=1.0)

  def test_errors(self):
    for fov in (0, 180, -5, float('nan')):
      with self.assertRaisesRegex(ValueError, f'--fov={fov}, .*below 180'):
        point_cloud.points(np.ones((2, 2)), fov)
    for depth_m in (np.ones(3), np.ones((2, 2, 3)), np.ones((0, 2))):
      with self.assertRaisesRegex(ValueError, r'\[H, W\]'):
        point_cloud.points(depth_m)


class WriteTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'a.ply'

  def test_known_points_with_their_colours(self):
    points_m = np.array(
      [[[1, 2, 3], [np.nan, 0, 1]], [[-4, -5, 6], [7, 8, 9]]], np.float32
    )
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    point_cloud.write_ply(self.path, points_m, rgb)
    xyz, colours = _read_ply(self.path)
    # Up is up, and the camera looks along -z.
    np.testing.assert_array_equal(xyz, [[1, -2, -3], [-4, 5, -6], [7, -8, -9]])
    np.testing.assert_array_equal(colours, rgb.reshape(4, 3)[[0, 2, 3]])

  def test_shapes_that_do_not_fit(self):
    for points_m, rgb in (
      (np.ones((2, 2, 3)), np.ones((2, 3, 3), np.uint8)),
      (np.ones((2, 2, 3)), np.ones((2, 2, 3))),
      (np.ones((2, 2)), np.ones((2, 2), np.uint8)),
    ):
      with self.assertRaisesRegex(ValueError, 'of the same shape'):
        point_cloud.write_ply(self.path, points_m, rgb)
    self.assertFalse(self.path.exists())

  def test_a_large_picture_is_thinned(self):
    rgb = np.zeros((1000, 1500, 3), np.uint8)
    rgb[..., 0] = np.arange(1500) % 251
    depth_m = np.full((1000, 1500), 2.0, np.float32)
    point_cloud.write_picture(self.path, rgb, depth_m, 60.0)
    xyz, colours = _read_ply(self.path)
    self.assertLen(xyz, 500 * 750)
    np.testing.assert_array_equal(colours[:750, 0], np.arange(0, 1500, 2) % 251)
    focal_px = 750 / np.tan(np.pi / 6)
    np.testing.assert_allclose(
      xyz[:750, 0], (np.arange(0, 1500, 2) - 749.5) * 2 / focal_px, rtol=1e-5
    )


if __name__ == '__main__':
  absltest.main()
