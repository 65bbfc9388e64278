# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.evidence."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.rgbd_folder import evidence
from depth_mai.datasets.rgbd_folder import numbers


def _scene(size=(48, 64), near_m=0.8, far_m=4.0, known=0.9, seed=0):
  """Returns metres, in whole millimetres, NaN where unknown."""
  rng = np.random.default_rng(seed)
  depth_m = rng.integers(near_m * 1000, far_m * 1000, size) / 1000
  depth_m[rng.random(size) > known] = np.nan
  return depth_m


def _codes(depth_m, per_metre):
  return np.rint(np.nan_to_num(depth_m) * per_metre).astype(np.uint16)


def _rotated(depth_m):
  """Returns SUN RGB-D's codes, bit by bit."""
  depth_mm = _codes(depth_m, 1000).astype(int)
  return (depth_mm % 8192 * 8 + depth_mm // 8192).astype(np.uint16)


def _verdict(*maps, paths=()):
  measured = [
    numbers.measure(values, numbers.known_mask(values)) for values in maps
  ]
  return evidence.conclude(measured, paths)


class EvidenceTest(parameterized.TestCase):
  def assert_units(self, verdict, *units):
    self.assertEqual([c.unit for c in verdict.candidates], list(units))

  @parameterized.parameters(('mm', 1000), ('cm', 100), ('tum', 5000))
  def test_unit_of_integers(self, unit, per_metre):
    self.assert_units(_verdict(_codes(_scene(), per_metre)), unit)

  @parameterized.parameters(('m', 1), ('mm', 1000), ('cm', 100))
  def test_unit_of_floats(self, unit, per_metre):
    values = (_scene() * per_metre).astype(np.float32)
    self.assert_units(_verdict(values), unit)

  def test_metres_of_streets_are_not_taken_for_centimetres(self):
    depth_m = np.linspace(5, 90, 3000, dtype=np.float32).reshape(50, 60)
    self.assert_units(_verdict(depth_m), 'm', 'cm')

  def test_sparse_wide_integers_are_kitti(self):
    depth_m = _scene((60, 200), near_m=4, far_m=40, known=0.2)
    self.assert_units(_verdict(_codes(depth_m, 256)), 'kitti')

  def test_rotated_bits(self):
    codes = _rotated(_scene(near_m=0.9, far_m=4.2))
    # As millimetres, the median would be 20 m, which is plausible as well.
    self.assert_units(_verdict(codes), 'sunrgbd', 'mm')
    for path in ('kv1/a/depth_bfx/1.png', 'kv2/1.png', 'a/xtion/b/1.png'):
      self.assert_units(_verdict(codes, paths=[path]), 'sunrgbd')

  def test_rotated_bits_beyond_8_metres(self):
    codes = _rotated(_scene(near_m=2, far_m=10))
    self.assertGreater((codes % 8 == 1).mean(), 0.1)
    self.assert_units(_verdict(codes, paths=['kv2/1.png']), 'sunrgbd')
    self.assertEqual(_verdict(codes).candidates[0].unit, 'sunrgbd')

  def test_steps_of_5_in_a_near_scene(self):
    codes = _codes(_scene(near_m=0.5, far_m=1.6), 5000)
    self.assert_units(_verdict(codes), 'tum', 'mm')
    # As tens of millimetres the scene would be 0.2 to 0.8 m away.
    half = _codes(_scene(near_m=0.9, far_m=4.2), 200) * 5
    self.assert_units(_verdict(half), 'tum', 'mm')

  def test_name_of_a_sensor_alone_proves_nothing(self):
    codes = _codes(_scene(), 1000)
    self.assert_units(_verdict(codes, paths=['realsense/depth/1.png']), 'mm')

  # The same numbers are plausible in several units: all of them are named.
  @parameterized.parameters(
    (2, 50, 1000, 'mm'),
    (0.9, 4.2, 4000, 'matterport'),
    (0.9, 4.2, 5000, 'tum'),
    (5, 80, 256, 'kitti'),
    (3, 300, 100, 'cm'),
  )
  def test_two_units_fit(self, near_m, far_m, per_metre, true_unit):
    depth_m = np.linspace(near_m, far_m, 3000).reshape(50, 60)
    verdict = _verdict(_codes(depth_m, per_metre))
    units = [candidate.unit for candidate in verdict.candidates]
    self.assertIn(true_unit, units)
    self.assertGreater(len(units), 1)
    self.assertIn('mm', units)

  @parameterized.parameters(
    ('2011_09_26_drive_0001_sync/proj_depth/a/1.png', 256, 5, 80, 'kitti'),
    ('rgbd_dataset_freiburg1_desk/depth/1.1.png', 5000, 0.5, 2, 'tum'),
    ('Scene01/clone/frames/depth/Camera_0/depth_00001.png', 100, 3, 80, 'cm'),
    ('a/undistorted_depth_images/1.png', 4000, 0.9, 4, 'matterport'),
    ('b_depth_zbuffer/1.png', 512, 0.9, 9, 'taskonomy'),
    ('chess/seq-01/frame-000001.depth.png', 1000, 2, 20, 'mm'),
  )
  def test_names_of_well_known_sets(self, path, per_metre, near, far, unit):
    depth_m = np.linspace(near, far, 3000).reshape(50, 60)
    codes = _codes(depth_m, per_metre)
    self.assert_units(_verdict(codes, paths=[path]), unit)

  def test_whole_metres_of_kitti(self):
    depth_m = np.rint(np.linspace(5, 80, 3000)).reshape(50, 60)
    path = '2011_09_26_drive_0001_sync/proj_depth/a/1.png'
    self.assert_units(_verdict(_codes(depth_m, 256), paths=[path]), 'kitti')
    self.assertIn('whole metres', _verdict(_codes(depth_m, 256)).why_none)

  def test_sky_of_floats(self):
    depth_m = _scene(near_m=5, far_m=90).astype(np.float32)
    depth_m[:20] = 10000
    path = 'P001/depth_left/000000_left_depth.npy'
    self.assert_units(_verdict(depth_m, paths=[path]), 'm')

  @parameterized.parameters(
    ('multiples of 257', lambda m: (m * 20).astype(np.uint16) * 257),
    ('multiples of 256', lambda m: (m * 20).astype(np.uint16) * 256),
    ('larger than 79', lambda m: (m * 20).astype(np.uint16)),
    ('larger than 79', lambda m: np.rint(m * 20 - 0.5).astype(np.float32)),
    ('largest number of each map is 1', lambda m: (m / m.max()).astype('f4')),
    (
      'uses all of 16 bits',
      lambda m: np.rint((m - m.min()) / np.ptp(m) * 65534).astype(np.uint16),
    ),
    (
      'raw disparities of a Kinect',
      lambda m: np.where(m > 3.5, 2047, 1092.5 - 351.3 / m).astype(np.uint16),
    ),
    ('range of no unit', lambda m: m * 1e6),
    ('range of no unit', lambda m: m / 100),
  )
  def test_no_unit(self, words, encode):
    maps = [encode(_scene(known=1, seed=seed)) for seed in (0, 1)]
    verdict = _verdict(*maps)
    self.assertEmpty(verdict.candidates)
    self.assertIn(words, verdict.why_none)

  def test_nothing_known(self):
    verdict = _verdict(np.zeros((2, 3), np.uint16))
    self.assertEqual(verdict.why_none, 'no depth is known')

  @parameterized.parameters(
    ('disparity/train/aachen/a_disparity.png', 'disparity'),
    ('training/disp_occ_0/000000_10.png', 'disp'),
    ('a/inverse_depth/1.png', 'inverse_depth'),
    ('a/invdepth_1.npy', 'invdepth'),
    ('rel_depth/1.png', 'rel_depth'),
    ('display/depth/1.png', None),
    ('dispatch/1.png', None),
    ('depth/1.png', None),
  )
  def test_words_for_no_depth(self, path, word):
    self.assertEqual(evidence.no_depth_word(path), word)


if __name__ == '__main__':
  absltest.main()
