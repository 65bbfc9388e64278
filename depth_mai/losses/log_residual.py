# SPDX-License-Identifier: Apache-2.0
"""The logarithmic error that the losses in log depth are made of."""

import tensorflow as tf

from depth_mai.losses import arguments


def log_residual(pred_depth_m, depth_m, valid_mask, eps_m: float):
  """ln(max(pred, 0) + eps) - ln(max(depth, 0) + eps), and the mask as bool.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient. At 0 the derivative is 1 / eps.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    eps_m: added to both depths before the logarithm, metres.

  Returns:
    (residual, valid): float32 [B, H, W, 1], exactly 0 where the mask is off,
    and bool [B, H, W, 1].

  Raises:
    ValueError: for shapes that differ, or eps_m that is not above 0.
  """
  if not eps_m > 0:
    raise ValueError(
      f'eps_m={eps_m} must be above 0, metres; change the eps_m of this loss '
      'in the gin file.'
    )
  pred_depth_m, depth_m, valid = arguments.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  log_pred = tf.math.log(tf.maximum(pred_depth_m, 0.0) + eps_m)
  log_depth = tf.math.log(tf.maximum(depth_m, 0.0) + eps_m)
  return log_pred - log_depth, valid
