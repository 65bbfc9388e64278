# SPDX-License-Identifier: Apache-2.0
"""Random triplets of pixels that a batch always draws again.

A loss is not told the step it is called at, and a training that was killed and
resumed must not depend on how often a generator was asked before. The numbers
are therefore a pure function of a seed and of the target's own bits: the same
batch gives the same triplets, another batch gives others.
"""

import tensorflow as tf


def draw(depth_m, sample_ratio: float, seed: int):
  """Draws triplets of pixels, with replacement, the same for every image.

  Args:
    depth_m: target depth float32 [B, H, W, 1]; its bits are part of the seed,
      hence they must not depend on anything random at invalid pixels. Depths in
      another order give the same triplets.
    sample_ratio: number of triplets as a part of H * W, rounded down.
    seed: any integer.

  Returns:
    int32 [3, N], N = int(sample_ratio * H * W): for each corner of each
    triplet, y * W + x of its pixel.
  """
  shape = tf.shape(depth_m)
  pixels = shape[1] * shape[2]
  triplets = tf.cast(tf.cast(pixels, tf.float64) * sample_ratio, tf.int32)
  return tf.random.stateless_uniform(
    [3, triplets],
    seed=tf.stack([tf.constant(seed, tf.int64), _sum_of_bits(depth_m)]),
    maxval=pixels,
    dtype=tf.int32,
    alg='philox',  # the same numbers on every kind of device
  )


def _sum_of_bits(depth_m):
  """An integer, so that no order of summation can change it."""
  bits = tf.bitcast(depth_m, tf.int32)
  return tf.reduce_sum(tf.cast(bits, tf.int64))
