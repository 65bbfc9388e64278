# SPDX-License-Identifier: Apache-2.0
"""Response distillation of ICL: the two depth maps, in log depth."""

import tensorflow as tf

from depth_mai.distillation import registry
from depth_mai.losses import masked
from depth_mai.losses import registry as losses_registry
from depth_mai.losses import scale_invariant

FORMS = ('si_rmse', 'l1')


@registry.register()
def log_response(
  student: tf.Tensor,
  teacher: tf.Tensor,
  valid_mask: tf.Tensor,
  form: str = 'si_rmse',
  known_only: bool = True,
  floor_m: float = 1e-3,
) -> tf.Tensor:
  """Difference between the logarithms of the student's and the teacher's depth.

  Source: section 4.7 of the paper states a distillation from a depth network.
  Chosen: this form of it. si-RMSE leaves the scale free, as ICL's other losses
  do.

  Args:
    student: depth [B, h, w, 1], metres.
    teacher: depth [B, h, w, 1], metres.
    valid_mask: [B, h, w, 1], above 0.5 (or True) where the true depth is known.
    form: 'si_rmse', the standard deviation of the difference within each
      image, or 'l1', its mean absolute value.
    known_only: whether only pixels of known depth count, and so none of the
      padding that the R2 crop adds.
    floor_m: smaller depths count as this one, metres.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel counts.

  Raises:
    ValueError: for maps that are no depth, another form, or a floor that is not
      above 0.
  """
  losses_registry.check_choice('log_response', 'form', form, FORMS)
  losses_registry.check_option(
    'log_response', 'floor_m', floor_m, floor_m > 0, 'above 0, metres'
  )
  if student.shape[-1] != 1 or teacher.shape[-1] != 1:
    raise ValueError(
      f'log_response compares depth, but was given maps of {student.shape[-1]} '
      f"and {teacher.shape[-1]} channels. Name the layer 'depth_m' of both "
      'networks in Distillation.terms in the gin file.'
    )
  teacher = tf.stop_gradient(teacher)
  counted = masked.as_bool(valid_mask)
  if not known_only:
    counted = tf.ones_like(counted)
  if form == 'si_rmse':
    return scale_invariant.si_rmse(student, teacher, counted, floor_m)
  student, teacher, counted = masked.loss_arguments(student, teacher, counted)
  difference = tf.math.log(tf.maximum(student, floor_m)) - tf.math.log(
    tf.maximum(teacher, floor_m)
  )
  return masked.masked_mean(tf.abs(difference), counted)
