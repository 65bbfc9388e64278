# SPDX-License-Identifier: Apache-2.0
"""The challenge's own metric, scale-invariant RMSE, as a loss."""

import tensorflow as tf

from depth_mai.losses import arguments
from depth_mai.losses import masked


def si_rmse(
  pred_depth_m,
  depth_m,
  valid_mask,
  floor_m: float = 1e-3,
  per_image: bool = True,
):
  """Scale-invariant root mean squared error, as the organisers define it.

  With e = ln(max(pred, floor)) - ln(max(depth, floor)) over N valid pixels,

      sqrt(sum(e^2) / N - (sum(e) / N)^2),

  the standard deviation of e, unchanged when a prediction (above the floor) is
  multiplied by a constant. Alone it leaves the absolute scale free.

  The value is the metric's; the gradient is not quite. Below the floor the true
  derivative is zero, and a pixel that a ReLU head predicts as 0 would stay
  there for ever. The floor is passed straight through instead: such a pixel
  gets the derivative that it would have at the floor.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    floor_m: smallest depth, metres; the organisers' is 1 mm.
    per_image: mean over images of the per-image error, as the challenge ranks;
      otherwise all valid pixels of the batch are pooled.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or a floor that is not above 0.
  """
  if not floor_m > 0:
    raise ValueError(
      f'floor_m={floor_m} must be above 0, metres; change si_rmse.floor_m in '
      'the gin file.'
    )
  pred_depth_m, depth_m, valid = arguments.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  lift_m = tf.maximum(pred_depth_m, floor_m) - pred_depth_m
  pred_depth_m += tf.stop_gradient(lift_m)
  residual = tf.math.log(pred_depth_m) - tf.math.log(
    tf.maximum(depth_m, floor_m)
  )
  _, variance, count = masked.masked_moments(residual, valid, per_image)
  return masked.mean_over_groups(masked.safe_sqrt(variance), count)
