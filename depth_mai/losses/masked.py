# SPDX-License-Identifier: Apache-2.0
"""Means and variances over the valid pixels of a batch, safe when none is.

A *group* is what a statistic is taken over: all the pixels of the batch, or
those of one image. Statistics keep their rank, [1, 1, 1, 1] or [B, 1, 1, 1], so
that they broadcast against the maps. A group without valid pixels has mean and
variance 0 with zero gradient, and is left out of means over groups.
"""

import collections

import tensorflow as tf

Moments = collections.namedtuple('Moments', ['mean', 'variance', 'count'])

_SMALLEST = 1.2e-38  # just above the smallest normal float32


def masked_mean(values, valid, per_image: bool = False):
  """Mean over the valid pixels.

  Args:
    values: float32 [B, H, W, 1].
    valid: bool [B, H, W, 1].
    per_image: take the mean of every image, then the mean over the images that
      have a valid pixel, so that each image weighs the same. Otherwise each
      pixel weighs the same.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.
  """
  mean, count = _group_mean(values, valid, per_image)
  return mean_over_groups(mean, count)


def masked_moments(values, valid, per_image: bool = False) -> Moments:
  """Mean, population variance and number of the valid pixels of each group.

  Args:
    values: float32 [B, H, W, 1].
    valid: bool [B, H, W, 1].
    per_image: one group for each image instead of one for the batch.

  Returns:
    Moments(mean, variance, count), float32 [B, 1, 1, 1] or [1, 1, 1, 1].
  """
  mean, count = _group_mean(values, valid, per_image)
  # Two passes: E[x^2] - E[x]^2 would cancel in float32. The derivative of the
  # variance with respect to this mean is zero, hence stop_gradient is exact.
  squared = tf.square(values - tf.stop_gradient(mean))
  variance, _ = _group_mean(squared, valid, per_image)
  return Moments(mean, variance, count)


def mean_over_groups(values, count):
  """Mean of a statistic over the groups whose count is not zero: a scalar."""
  return _group_mean(values, count > 0, per_image=False)[0][0, 0, 0, 0]


def safe_sqrt(values):
  """Square root of values >= 0, with gradient 0 instead of infinity at 0.

  The argument is replaced before the root is taken as well as after: a single
  tf.where would multiply the infinite gradient by zero and give NaN under XLA.
  NaN stays NaN, so that a training that has diverged is seen.
  """
  vanishes = values <= _SMALLEST
  root = tf.sqrt(tf.where(vanishes, tf.ones_like(values), values))
  return tf.where(vanishes, tf.zeros_like(values), root)


def _group_mean(values, valid, per_image: bool):
  axes = (1, 2, 3) if per_image else (0, 1, 2, 3)
  count = tf.reduce_sum(tf.cast(valid, tf.float32), axes, keepdims=True)
  kept = tf.where(valid, values, tf.zeros_like(values))
  total = tf.reduce_sum(kept, axes, keepdims=True)
  return total / tf.maximum(count, 1.0), count
