# SPDX-License-Identifier: Apache-2.0
"""Scale-invariant logarithmic loss (SILog)."""

import tensorflow as tf

from depth_mai.losses import log_residual
from depth_mai.losses import masked


def silog(
  pred_depth_m,
  depth_m,
  valid_mask,
  variance_focus: float = 0.85,
  eps_m: float = 1e-3,
  scale: float = 1.0,
  per_image: bool = False,
  unbiased: bool = False,
):
  """Scale-invariant logarithmic loss.

  With g = ln(pred + eps) - ln(depth + eps) over T valid pixels,

      scale * sqrt(Var(g) + (1 - lambda) * mean(g)^2)
        = scale * sqrt(sum(g^2) / T - lambda * (sum(g) / T)^2).

  Source: equation (1) of the Mobile AI & AIM 2022 depth report (LiteDepth);
  BTS (Lee et al. 2019) is the same with scale 10.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    variance_focus: lambda, in [0, 1]: 0 penalises the scale fully, 1 not at
      all.
    eps_m: added to both depths before the logarithm, metres.
    scale: factor of the result.
    per_image: compute the loss of every image and average them, instead of
      pooling all valid pixels of the batch.
    unbiased: divide the variance by T - 1, as LiteDepth's released code does.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  if not 0 <= variance_focus <= 1:
    raise ValueError(
      f'variance_focus={variance_focus} must lie in [0, 1]; change '
      'silog.variance_focus in the gin file.'
    )
  residual, valid = log_residual.log_residual(
    pred_depth_m, depth_m, valid_mask, eps_m
  )
  mean, variance, count = masked.masked_moments(residual, valid, per_image)
  if unbiased:
    variance *= count / tf.maximum(count - 1.0, 1.0)
  squared = variance + (1 - variance_focus) * tf.square(mean)
  return scale * masked.mean_over_groups(masked.safe_sqrt(squared), count)
