# SPDX-License-Identifier: Apache-2.0
"""Pairwise distillation of SmartLab: similarities between all pixels."""

import tensorflow as tf

from depth_mai.distillation import registry
from depth_mai.distillation import similarity
from depth_mai.losses import registry as losses_registry


@registry.register()
def pairwise_similarity(
  student: tf.Tensor,
  teacher: tf.Tensor,
  valid_mask: tf.Tensor,
  patch: tuple[int, int] = (1, 1),
) -> tf.Tensor:
  """Mean squared difference of the cosine similarities of all pairs of pixels.

  Source: equations (7) and (8) of the paper, after Liu et al. (CVPR 2019), from
  whose code come the mean over all pairs (equation 7 divides by the number of
  pixels), the norms that count as constants for the gradient, and the patches.

  Args:
    student: [B, h, w, C].
    teacher: [B, h, w, D].
    valid_mask: [B, h, w, 1]; not used.
    patch: height and width of the patches, in pixels of the map, that are
      reduced to their maxima first; (1, 1) for none.

  Returns:
    A float32 scalar.

  Raises:
    ValueError: for a patch without pixels.
  """
  del valid_mask
  losses_registry.check_option(
    'pairwise_similarity', 'patch', patch, min(patch) >= 1, 'two sides of 1 up'
  )
  student, teacher = (
    similarity.unit_vectors(_pool(maps, patch), detach_norm=True)
    for maps in (student, tf.stop_gradient(teacher))
  )
  count = tf.fill(tf.shape(student)[:1], tf.shape(student)[1])
  return tf.reduce_mean(
    similarity.mean_squared_difference(student, teacher, count)
  )


def _pool(maps: tf.Tensor, patch: tuple[int, int]) -> tf.Tensor:
  """Returns the maxima of patches; the last ones may be smaller."""
  height, width = patch
  if height == width == 1:
    return maps
  maps = tf.convert_to_tensor(maps)
  size = tf.shape(maps)
  missing = [[0, 0], [0, -size[1] % height], [0, -size[2] % width], [0, 0]]
  padded = tf.pad(maps, missing, constant_values=maps.dtype.min)
  return tf.nn.max_pool2d(padded, patch, patch, 'VALID')
