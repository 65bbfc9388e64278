# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.losses.triplets."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.losses import triplets


def _depth_m(seed, shape=(2, 12, 16, 1)):
  return np.random.default_rng(seed).uniform(0.4, 20, shape).astype(np.float32)


class TripletsTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ((2, 12, 16, 1), 0.15), ((1, 4, 5, 1), 0.15), ((3, 6, 8, 1), 2.0)
  )
  def test_as_many_as_asked_for(self, shape, sample_ratio):
    drawn = triplets.draw(tf.constant(_depth_m(0, shape)), sample_ratio, 0)
    count = int(shape[1] * shape[2] * sample_ratio)
    self.assertEqual(drawn.dtype, tf.int32)
    self.assertAllEqual(drawn.shape, [3, count])

  def test_reaches_every_pixel_equally_often(self):
    # 192 pixels, each drawn 1000 times on average, standard deviation 32.
    drawn = triplets.draw(tf.constant(_depth_m(0)), 1000.0, 0).numpy()
    for corner in drawn:
      times = np.bincount(corner, minlength=12 * 16)
      self.assertLen(times, 12 * 16)
      self.assertBetween(times.min(), 840, 1000)
      self.assertBetween(times.max(), 1000, 1160)

  def test_corners_are_drawn_apart(self):
    drawn = triplets.draw(tf.constant(_depth_m(0)), 1000.0, 0).numpy()
    for i, j in ((0, 1), (1, 2), (2, 0)):
      # Two corners share a pixel once in 192 times.
      self.assertBetween((drawn[i] == drawn[j]).mean() * 192, 0.8, 1.2)
      self.assertLess(abs(np.corrcoef(drawn[i], drawn[j])[0, 1]), 0.01)

  def test_same_batch_same_triplets_whatever_was_drawn_before(self):
    depth_m = tf.constant(_depth_m(0))
    expected = triplets.draw(depth_m, 0.15, 0)
    tf.random.set_seed(7)
    tf.random.uniform([5])
    triplets.draw(tf.constant(_depth_m(1)), 0.15, 0)
    self.assertAllEqual(triplets.draw(depth_m, 0.15, 0), expected)

  def test_graph_of_unknown_size_draws_the_same(self):
    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 1])])
    def draw(depth_m):
      return triplets.draw(depth_m, 0.15, 3)

    for shape in ((2, 12, 16, 1), (4, 9, 7, 1)):
      depth_m = tf.constant(_depth_m(0, shape))
      self.assertAllEqual(draw(depth_m), triplets.draw(depth_m, 0.15, 3))

  def test_another_batch_or_seed_draws_others(self):
    depth_m = _depth_m(0)
    beside = depth_m.copy()
    beside[1, 3, 4, 0] = np.nextafter(beside[1, 3, 4, 0], np.float32(100))
    drawn = [
      triplets.draw(tf.constant(depth), 0.15, seed).numpy()
      for depth, seed in (
        (depth_m, 0),
        (beside, 0),
        (_depth_m(1), 0),
        (depth_m, 1),
        (depth_m, -1),
        (depth_m, 2**40),
      )
    ]
    for i in range(len(drawn)):
      for j in range(i):
        # By chance one index in 192 is the same.
        self.assertLess((drawn[i] == drawn[j]).mean(), 0.1)


if __name__ == '__main__':
  tf.test.main()
