# SPDX-License-Identifier: Apache-2.0
"""Tests that label maps agree with the geometry of their scenes."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.procedural_rooms import classes
from depth_mai.datasets.procedural_rooms import drawing
from depth_mai.datasets.procedural_rooms import render
from depth_mai.datasets.procedural_rooms import room
from depth_mai.datasets.procedural_rooms import scene
from depth_mai.datasets.procedural_rooms import street

_SMALL = scene.SceneOptions(height=60, width=80)
_MM = 1e-3


def _points(kind, seed):
  """Returns the world points [H, W, 3], depth and class names of a scene."""
  rng = np.random.default_rng(seed)
  world, pose = kind.build(rng)
  view = scene.choose_view(world, pose, rng, _SMALL)
  _, depth_m, labels = render.render(world, view)
  rays = np.stack(view.world_rays(), axis=-1)
  names = np.array([*classes.CLASSES])[labels]
  return view.origin + depth_m[..., None] * rays, depth_m, names


class ClassesTest(parameterized.TestCase):
  def test_drawings_exist_and_have_a_pen(self):
    listed = ' '.join(classes.CLASSES.values()).split()
    self.assertLen(set(listed), len(listed), 'a drawing has two classes')
    drawings = drawing.drawings()
    for name in listed:
      # A part has a pen from the start, and a piece when it is placed. Those
      # that are made from another (armchair = sofa(1)) have its class.
      one = drawings[name]
      self.assertTrue(one.kind == 'part' or one.after is not None, name)

  def test_numbers_fit_into_a_label_map(self):
    self.assertEqual([*classes.LABELS.values()], [*range(len(classes.CLASSES))])
    self.assertLess(len(classes.CLASSES), classes.UNLABELLED)

  @parameterized.parameters((room, 25), (street, 10))
  def test_every_surface_has_a_class(self, kind, scenes):
    for seed in range(scenes):
      world, _ = kind.build(np.random.default_rng(seed))
      for surfaces in (world.quads, world.quadrics):
        self.assertNotIn(classes.UNLABELLED, surfaces.label, seed)
        self.assertNotIn(classes.LABELS['sky'], surfaces.label, seed)

  def test_floors_are_the_plane_z_0(self):
    lowest = []
    for seed in range(12):
      points, depth_m, names = _points(room, seed)
      z = points[..., 2][names == 'floor']
      # A carpet is 12 mm thick; float32 rays round.
      self.assertTrue(np.all((z > -_MM) & (z < 0.012 + _MM)), seed)
      self.assertFalse(np.any(names == 'sky'))
      self.assertTrue(np.all(depth_m > 0))
      lowest.extend(names[np.abs(points[..., 2]) < 1e-5])
    # Only what stands on the floor is that low, too.
    self.assertGreater(len(lowest), 1000)
    self.assertGreater(lowest.count('floor') / len(lowest), 0.98)

  def test_ceilings_are_above_walls_doors_and_people(self):
    for seed in range(12):
      points, _, names = _points(room, seed)
      z = points[..., 2]
      top = z.max()
      for name, low, high in (
        ('ceiling', 0.85, top),
        ('wall', -0.01, top),
        ('door', -0.01, 2.2),
        ('person', -0.01, 2.0),
        ('sofa', -0.01, 1.1),
        ('bed', -0.01, 1.4),
      ):
        inside = z[names == name]
        if inside.size:
          self.assertGreater(inside.min(), low - _MM, (seed, name))
          self.assertLess(inside.max(), high + _MM, (seed, name))

  def test_streets_are_layered(self):
    for seed in range(8):
      points, depth_m, names = _points(street, seed)
      np.testing.assert_array_equal(names == 'sky', depth_m == 0)
      z = points[..., 2]
      far = np.maximum(depth_m, 1)  # Rounding grows with the distance.
      for name, low, high in (
        ('road', 0.0, 0.005),  # The markings are 5 mm above the tar.
        ('pavement', 0.0, 0.145),
        ('grass', 0.12, 0.12),
        ('vehicle', 0.0, 3.3),
        ('person', 0.0, 2.1),
      ):
        of_class = names == name
        slack = (_MM * far)[of_class]
        self.assertTrue(np.all(z[of_class] > low - slack), (seed, name))
        self.assertTrue(np.all(z[of_class] < high + slack), (seed, name))


if __name__ == '__main__':
  absltest.main()
