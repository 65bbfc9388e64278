# SPDX-License-Identifier: Apache-2.0
"""Compares the cosine similarities between the pixels of two maps.

A map of N pixels has N x N similarities, S S' for the N x C matrix S of its
unit vectors. For two maps

    |S S' - T T'|^2 = |S' S|^2 - 2 |S' T|^2 + |T' T|^2   (squared entries),

where the matrices on the right are C x C, C x D and D x D: the exact sum over
all pairs takes no more memory than the maps. The three parts nearly cancel, so
they are computed in float64.
"""

import tensorflow as tf

# Shorter vectors have no direction: their similarities and gradients are 0.
_SHORTEST = 1e-8


def unit_vectors(maps: tf.Tensor, detach_norm: bool = False) -> tf.Tensor:
  """Divides the features of each pixel by their Euclidean norm.

  Args:
    maps: [B, h, w, C], any float type.
    detach_norm: whether the norm counts as a constant for the gradient.

  Returns:
    float64 [B, h * w, C].
  """
  shape = tf.shape(maps)
  vectors = tf.cast(
    tf.reshape(maps, (shape[0], shape[1] * shape[2], maps.shape[-1])),
    tf.float64,
  )
  squared = tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True)
  has_direction = squared > _SHORTEST**2
  inverse_norm = tf.math.rsqrt(
    tf.where(has_direction, squared, tf.ones_like(squared))
  )
  if detach_norm:
    inverse_norm = tf.stop_gradient(inverse_norm)
  return tf.where(has_direction, vectors * inverse_norm, 0.0)


def mean_squared_difference(
  student: tf.Tensor, teacher: tf.Tensor, count: tf.Tensor
) -> tf.Tensor:
  """Mean over all pairs of pixels of (s_i . s_j - t_i . t_j)^2, for each image.

  Args:
    student: float64 [B, N, C], unit vectors; 0 at pixels that do not count.
    teacher: float64 [B, N, D], likewise.
    count: [B], number of pixels that count.

  Returns:
    float32 [B]; 0 where the count is 0.
  """
  parts = [
    tf.reduce_sum(
      tf.square(tf.linalg.matmul(one, other, transpose_a=True)), axis=(1, 2)
    )
    for one, other in (
      (student, student),
      (student, teacher),
      (teacher, teacher),
    )
  ]
  pairs = tf.square(tf.maximum(tf.cast(count, tf.float64), 1.0))
  total = parts[0] - 2.0 * parts[1] + parts[2]
  return tf.cast(total / pairs, tf.float32)
