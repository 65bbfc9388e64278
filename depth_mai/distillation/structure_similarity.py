# SPDX-License-Identifier: Apache-2.0
"""Structure-aware distillation of AIIA HIT, over pixels of known depth."""

import tensorflow as tf

from depth_mai.distillation import registry
from depth_mai.distillation import similarity
from depth_mai.losses import masked


@registry.register()
def structure_similarity(
  student: tf.Tensor, teacher: tf.Tensor, valid_mask: tf.Tensor
) -> tf.Tensor:
  """Mean squared difference of cosine similarities between known pixels.

  For each image, over all pairs of its pixels of known depth; then the mean
  over the images. Source: equation (6) of the paper; the form is that of the
  authors' code. Chosen: images without a known pixel are left out (the code
  returns NaN).

  Args:
    student: [B, h, w, C], features before the activation.
    teacher: [B, h, w, D], likewise.
    valid_mask: [B, h, w, 1], above 0.5 (or True) where the depth is known.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.
  """
  valid = masked.as_bool(valid_mask)
  student, teacher = (
    similarity.unit_vectors(tf.where(valid, maps, tf.zeros_like(maps)))
    for maps in (student, tf.stop_gradient(teacher))
  )
  count = tf.reduce_sum(tf.cast(valid, tf.float32), axis=(1, 2, 3))
  values = similarity.mean_squared_difference(student, teacher, count)
  return masked.mean_over_groups(
    tf.reshape(values, (-1, 1, 1, 1)), tf.reshape(count, (-1, 1, 1, 1))
  )
