# SPDX-License-Identifier: Apache-2.0
"""Scale-invariant error of Eigen et al. (NIPS 2014), squared as they use it."""

import tensorflow as tf

from depth_mai.losses import log_residual
from depth_mai.losses import masked


def scale_invariant(
  pred_depth_m,
  depth_m,
  valid_mask,
  variance_focus: float = 0.5,
  eps_m: float = 1e-3,
  per_image: bool = False,
):
  """Scale-invariant squared error in log depth; no root is taken.

  With R = ln(pred + eps) - ln(depth + eps) over M valid pixels,

      sum(R^2) / M - lambda * (sum(R) / M)^2
        = Var(R) + (1 - lambda) * mean(R)^2.

  Source: equation (4) of Eigen et al., who train with lambda = 0.5; at 1 the
  absolute scale is free. SILog (silog.py) is the root of the same sum. Unlike
  the root, its gradient vanishes with the error.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    variance_focus: lambda, in [0, 1]: 0 is the mean squared error, 1 does not
      penalise the scale at all.
    eps_m: added to both depths before the logarithm, metres.
    per_image: compute the loss of every image and average them, instead of
      pooling all valid pixels of the batch.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  if not 0 <= variance_focus <= 1:
    raise ValueError(
      f'variance_focus={variance_focus} must lie in [0, 1]; change '
      'scale_invariant.variance_focus in the gin file.'
    )
  residual, valid = log_residual.log_residual(
    pred_depth_m, depth_m, valid_mask, eps_m
  )
  mean, variance, count = masked.masked_moments(residual, valid, per_image)
  scale_error = (1 - variance_focus) * tf.square(mean)
  return masked.mean_over_groups(variance + scale_error, count)
