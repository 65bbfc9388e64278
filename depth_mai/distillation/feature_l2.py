# SPDX-License-Identifier: Apache-2.0
"""Feature distillation of Tencent GY-Lab: squared difference of two maps."""

import tensorflow as tf

from depth_mai.distillation import registry


@registry.register(same_channels=True)
def feature_l2(
  student: tf.Tensor, teacher: tf.Tensor, valid_mask: tf.Tensor
) -> tf.Tensor:
  """Mean squared difference between the features of student and teacher.

  Source: section 4.4 of the paper: the L2 norm between the features of the last
  convolutions, before the last activation. Stated: the layers and the norm.
  Chosen: the mean over pixels, known or not, and over channels.

  Args:
    student: [B, h, w, C], projected to the teacher's channels where theirs
      differ.
    teacher: [B, h, w, C].
    valid_mask: [B, h, w, 1]; not used.

  Returns:
    A float32 scalar.
  """
  del valid_mask
  teacher = tf.stop_gradient(teacher)
  return tf.reduce_mean(tf.square(student - teacher))
