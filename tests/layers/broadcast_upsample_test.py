# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/broadcast_upsample.py."""

import math

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import broadcast_upsample


class BroadcastUpsampleTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (3, 4, 0.0), (6, 12, 0.0), (30, 40, 0.0), (12, 4, 0.0), (21, 8, 0.25)
  )
  def test_repeats_each_pixel(self, height, width, offset):
    depth = np.random.default_rng(0).uniform(size=(2, 3, 4, 1))
    depth = depth.astype(np.float32)
    layer = broadcast_upsample.BroadcastUpsample(height, width, offset)
    expected = depth.repeat(height // 3, axis=1).repeat(width // 4, axis=2)
    self.assertAllEqual(expected + np.float32(offset), layer(depth))

  @parameterized.parameters(((64, 80), (480, 640)), ((6, 8), (7, 9)))
  def test_factors_that_are_no_integers(self, low_size, size):
    depth = np.random.default_rng(0).uniform(size=(1, *low_size, 1))
    depth = depth.astype(np.float32)
    layer = broadcast_upsample.BroadcastUpsample(*size)
    plain = tf.image.resize(depth, size, 'nearest')
    self.assertAllEqual(plain, layer(depth))

  def test_between_two_centres_the_later_pixel_counts(self):
    self.assertAllEqual(broadcast_upsample.nearest_indices(2, 3), [0, 1, 1])
    self.assertAllEqual(broadcast_upsample.nearest_indices(3, 2), [0, 2])

  def test_shape_of_an_open_batch(self):
    depth = keras.Input((3, 4, 1))
    layer = broadcast_upsample.BroadcastUpsample(30, 20)
    self.assertEqual(layer(depth).shape, (None, 30, 20, 1))

  def test_config_round_trip(self):
    layer = broadcast_upsample.BroadcastUpsample(30, 20, 0.5)
    twin = keras.layers.deserialize(keras.layers.serialize(layer))
    self.assertEqual((twin.height, twin.width, twin.offset), (30, 20, 0.5))

  def test_concatenations_that_xnnpack_runs(self):
    for factor in range(1, 61):
      parts = broadcast_upsample.split_factor(factor)
      self.assertEqual(math.prod(parts), factor)
      small = [part for part in parts if part <= 5]
      # A prime factor above five cannot be split.
      for part in set(parts) - set(small):
        self.assertTrue(all(part % n for n in range(2, part)), parts)
    self.assertEqual(broadcast_upsample.split_factor(10), [2, 5])
    self.assertEqual(broadcast_upsample.split_factor(8), [2, 4])


if __name__ == '__main__':
  tf.test.main()
