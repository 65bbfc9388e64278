# SPDX-License-Identifier: Apache-2.0
"""Tests holes and range noise against their definitions."""

from absl.testing import absltest
import numpy as np

from depth_mai.datasets.procedural_rooms import sensor


class SensorTest(absltest.TestCase):
  def test_noise_grows_with_the_square_of_the_distance(self):
    depth_m = np.repeat(
      np.float32([1, 2, 4, 8])[:, None], 90000, axis=1
    ).reshape(4, 300, 300)
    for plane in depth_m:
      noisy = sensor.add_range_noise(plane, 0.002, np.random.default_rng(5))
      error = (noisy - plane).astype(np.float64)
      expected = 0.002 * float(plane[0, 0]) ** 2
      self.assertAlmostEqual(error.std() / expected, 1, delta=0.03)
      self.assertAlmostEqual(error.mean() / expected, 0, delta=0.03)

  def test_unknown_stays_unknown(self):
    noisy = sensor.add_range_noise(
      np.zeros((8, 8), np.float32), 0.01, np.random.default_rng(0)
    )
    np.testing.assert_array_equal(noisy, 0)

  def test_occlusion_equals_a_naive_search(self):
    rng = np.random.default_rng(2)
    depth_m = rng.choice(np.float32([0, 1, 2, 5]), (6, 40))
    strength = 12.0
    expected = np.zeros(depth_m.shape, bool)
    for row in range(6):
      at = [
        x - (strength / depth_m[row, x] if depth_m[row, x] else 0)
        for x in range(40)
      ]
      for x in range(40):
        expected[row, x] = any(at[j] < at[x] - 0.5 for j in range(x + 1, 40))
    hidden = sensor.occluded(depth_m, strength)
    np.testing.assert_array_equal(hidden, expected)
    self.assertTrue(hidden.any())

  def test_shadow_lies_left_of_a_near_edge(self):
    depth_m = np.full((4, 100), 4.0, np.float32)
    depth_m[:, 50:70] = 1.0
    # Columns x < 50 with x - 10 > 50 - 40 are hidden; x = 20 is a tie.
    np.testing.assert_array_equal(
      np.flatnonzero(sensor.occluded(depth_m, 40.0)[0]), np.arange(21, 50)
    )

  def test_even_and_overexposed_surfaces_have_holes(self):
    rng = np.random.default_rng(3)
    rgb_uint8 = rng.integers(0, 200, (120, 160, 3)).astype(np.uint8)
    rgb_uint8[40:80, 40:80] = 255
    holes = sensor.holes(
      rgb_uint8, np.full((120, 160), 2.0, np.float32), 150.0, rng
    )
    self.assertTrue(holes[50:70, 50:70].all())
    self.assertFalse(holes[:30].any())

  def test_far_is_missing_more_often(self):
    depth_m = np.ones((200, 1), np.float32) * np.linspace(
      1, 50, 300, dtype=np.float32
    )
    rng = np.random.default_rng(4)
    rgb_uint8 = rng.integers(0, 200, (200, 300, 3)).astype(np.uint8)
    holes = sensor.holes(rgb_uint8, depth_m[:, ::-1], 300.0, rng)
    far, near = holes[:, :75].mean(), holes[:, 225:].mean()
    self.assertGreater(far, near + 0.2)


if __name__ == '__main__':
  absltest.main()
