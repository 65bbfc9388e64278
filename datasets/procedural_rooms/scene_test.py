# SPDX-License-Identifier: Apache-2.0
"""Tests of whole pairs and of their seeds."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.procedural_rooms import photo
from depth_mai.datasets.procedural_rooms import scene

_SMALL = scene.SceneOptions(height=60, width=80)
_ROOMS = dataclasses.replace(_SMALL, street_fraction=0.0)
_STREETS = dataclasses.replace(_SMALL, street_fraction=1.0)


class PairTest(parameterized.TestCase):
  def test_full_size_pair(self):
    rgb_uint8, depth_mm = scene.make_pair(3)
    self.assertEqual((rgb_uint8.shape, rgb_uint8.dtype), ((480, 640, 3), 'u1'))
    self.assertEqual((depth_mm.shape, depth_mm.dtype), ((480, 640), 'u2'))

  def test_same_seed_gives_the_same_pair(self):
    # folder_test.py compares processes with each other.
    first = [scene.make_pair(11, _ROOMS), scene.make_pair(12, _STREETS)]
    second = [scene.make_pair(12, _STREETS), scene.make_pair(11, _ROOMS)][::-1]
    for one, other in zip(first, second, strict=True):
      np.testing.assert_array_equal(one[0], other[0])
      np.testing.assert_array_equal(one[1], other[1])
    self.assertFalse(np.array_equal(first[0][1], first[1][1]))

  @parameterized.parameters(
    (0, _ROOMS, 2054.0, 0.0),
    (1, _ROOMS, 2753.5, 0.0),
    (0, _STREETS, 9837.0, 0.2381),
  )
  def test_scenes_of_a_seed_do_not_change(self, seed, options, median, sky):
    # A version and a seed identify a data set. If you change scenes on purpose,
    # raise the builder's VERSION.
    _, depth_mm = scene.make_pair(seed, options)
    known = depth_mm[depth_mm > 0]
    self.assertAlmostEqual(float(np.median(known)), median, delta=2)
    self.assertAlmostEqual(float((depth_mm == 0).mean()), sky, delta=0.002)

  def test_rooms_are_closed_and_in_range(self):
    medians = []
    for seed in range(20):
      rgb_uint8, depth_mm = scene.make_pair(seed, _ROOMS)
      known = depth_mm[depth_mm > 0]
      self.assertGreater(len(known) / depth_mm.size, 0.97, seed)
      self.assertBetween(int(known.min()), 400, 25000)
      self.assertLess(known.max(), 30000)
      self.assertGreater(rgb_uint8.std(), 10)
      medians.append(np.median(known))
    self.assertBetween(float(np.median(medians)), 1500, 4000)

  def test_streets_have_sky_and_range(self):
    medians, sky = [], []
    for seed in range(6):
      _, depth_mm = scene.make_pair(seed, _STREETS)
      known = depth_mm[depth_mm > 0]
      self.assertGreaterEqual(known.min(), 400)
      self.assertLessEqual(known.max(), 50000)
      medians.append(np.median(known))
      sky.append((depth_mm == 0).mean())
    self.assertGreater(max(sky), 0.02)
    self.assertBetween(float(np.median(medians)), 3000, 15000)

  def test_labels_belong_to_the_same_picture(self):
    for options in (_ROOMS, _STREETS):
      with_holes = dataclasses.replace(options, holes=True, range_noise=0.01)
      rgb_uint8, _, labels = scene.make_labelled_pair(5, with_holes)
      np.testing.assert_array_equal(rgb_uint8, scene.make_pair(5, options)[0])
      self.assertEqual((labels.shape, labels.dtype), ((60, 80), 'u1'))
      np.testing.assert_array_equal(
        labels, scene.make_labelled_pair(5, options)[2]
      )

  def test_holes_only_remove_depth(self):
    for options in (_ROOMS, _STREETS):
      rgb_uint8, depth_mm = scene.make_pair(5, options)
      with_holes = dataclasses.replace(options, holes=True)
      same_rgb, holey_mm = scene.make_pair(5, with_holes)
      np.testing.assert_array_equal(rgb_uint8, same_rgb)
      left = holey_mm > 0
      np.testing.assert_array_equal(holey_mm[left], depth_mm[left])
      self.assertLess(left.mean(), (depth_mm > 0).mean())
      self.assertGreater(left.mean(), 0.4)

  def test_range_noise_does_not_change_the_picture(self):
    rgb_uint8, depth_mm = scene.make_pair(6, _ROOMS)
    noisy = dataclasses.replace(_ROOMS, range_noise=0.004)
    same_rgb, noisy_mm = scene.make_pair(6, noisy)
    np.testing.assert_array_equal(rgb_uint8, same_rgb)
    np.testing.assert_array_equal(noisy_mm > 0, depth_mm > 0)
    depth_m = depth_mm / 1000
    scaled = (noisy_mm / 1000 - depth_m)[depth_mm > 500] / (
      0.004 * depth_m[depth_mm > 500] ** 2
    )
    self.assertAlmostEqual(scaled.std(), 1, delta=0.15)

  def test_depth_does_not_depend_on_the_size(self):
    large = dataclasses.replace(_ROOMS, height=180, width=240)
    _, small_mm = scene.make_pair(9, _ROOMS)
    _, large_mm = scene.make_pair(9, large)
    # Pixel (i, j) and pixel (3 i + 1, 3 j + 1) have the same ray.
    same = np.abs(small_mm.astype(int) - large_mm[1::3, 1::3]) <= 2
    self.assertGreater(same.mean(), 0.98)


class SeedTest(parameterized.TestCase):
  def test_no_two_pairs_share_a_seed(self):
    seeds = [
      scene.pair_seed(seed, split, index)
      for seed in (0, 1, 2**32 - 1)
      for split in scene.SPLITS
      for index in (0, 1, 2, 10**8 - 1)
    ]
    self.assertLen(set(seeds), len(seeds))

  @parameterized.parameters(
    (0, 'val', 0, "'val'"), (-1, 'train', 0, '-1'), (0, 'train', 10**8, '10')
  )
  def test_impossible_seeds_are_refused(self, seed, split, index, message):
    with self.assertRaisesRegex(ValueError, message):
      scene.pair_seed(seed, split, index)

  @parameterized.parameters(
    ({'street_fraction': 1.5}, 'street_fraction.*1.5'),
    ({'fov_degrees': (90, 60)}, 'fov_degrees'),
    ({'max_depth_m': 80.0}, '65.535'),
    ({'range_noise': -0.1}, 'range_noise'),
    ({'width': 8}, 'width'),
  )
  def test_impossible_options_are_refused(self, options, message):
    with self.assertRaisesRegex(ValueError, message):
      scene.SceneOptions(**options)


class PhotoTest(absltest.TestCase):
  def test_exposure_adapts_to_the_light(self):
    # Ten times the light makes the same picture, except for rounding.
    light = [np.random.default_rng(i).random((48, 64)) for i in range(3)]
    light = [part.astype(np.float32) + 0.2 for part in light]
    dim = photo.photograph(light, np.random.default_rng(1)).astype(int)
    bright = photo.photograph(
      [10 * part for part in light], np.random.default_rng(1)
    )
    self.assertLess(np.abs(dim - bright).mean(), 1.5)
    self.assertBetween(dim.mean(), 40, 220)


if __name__ == '__main__':
  absltest.main()
