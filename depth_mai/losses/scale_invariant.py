# SPDX-License-Identifier: Apache-2.0
"""Losses on the mean and the variance of the logarithmic error.

With R = ln(pred) - ln(depth), a constant factor between prediction and target
changes the mean of R and not its variance. `scale_invariant` and `silog` reduce
the weight of the mean, by lambda; `si_rmse`, the challenge's metric, ignores
the mean.
"""

import tensorflow as tf

from depth_mai.losses import masked
from depth_mai.losses import registry


@registry.register(resolution='target')
def scale_invariant(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  variance_focus: float = 0.5,
  eps_m: float = 1e-3,
  per_image: bool = True,
) -> tf.Tensor:
  """Scale-invariant squared error in log depth; no root is taken.

  With R = ln(pred + eps) - ln(depth + eps) over the M valid pixels of an image,

      sum(R^2) / M - lambda * (sum(R) / M)^2
        = Var(R) + (1 - lambda) * mean(R)^2.

  Source: equation (4) of Eigen et al. (NIPS 2014), who state it for one image
  and train with lambda = 0.5; at 1 the absolute scale is free. `silog` is the
  root of the same sum. Unlike the root, its gradient vanishes with the error.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    variance_focus: lambda, in [0, 1]: 0 is the mean squared error, 1 does not
      penalise the scale at all.
    eps_m: added to both depths before the logarithm, metres.
    per_image: mean over images of the per-image loss; otherwise all valid
      pixels of the batch are pooled, and an error of the scale that differs
      between images counts as variance.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  _check_variance_focus('scale_invariant', variance_focus)
  residual, valid = masked.log_residual(
    pred_depth_m, depth_m, valid_mask, eps_m
  )
  mean, variance, count = masked.masked_moments(residual, valid, per_image)
  scale_error = (1 - variance_focus) * tf.square(mean)
  return masked.mean_over_groups(variance + scale_error, count)


@registry.register(resolution='target')
def silog(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  variance_focus: float = 0.85,
  eps_m: float = 1e-3,
  scale: float = 1.0,
  per_image: bool = False,
  unbiased: bool = False,
) -> tf.Tensor:
  """Scale-invariant logarithmic loss (SILog).

  With g = ln(pred + eps) - ln(depth + eps) over T valid pixels,

      scale * sqrt(Var(g) + (1 - lambda) * mean(g)^2)
        = scale * sqrt(sum(g^2) / T - lambda * (sum(g) / T)^2).

  Source: equation (1) of the paper (LiteDepth); BTS (Lee et al. 2019) is the
  same with scale 10 and without eps. The code of both pools the batch.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    variance_focus: lambda, in [0, 1]: at 0 the loss penalises an error of the
      scale fully, at 1 not at all.
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
  _check_variance_focus('silog', variance_focus)
  residual, valid = masked.log_residual(
    pred_depth_m, depth_m, valid_mask, eps_m
  )
  mean, variance, count = masked.masked_moments(residual, valid, per_image)
  if unbiased:
    variance *= count / tf.maximum(count - 1.0, 1.0)
  squared = variance + (1 - variance_focus) * tf.square(mean)
  return scale * masked.mean_over_groups(masked.safe_sqrt(squared), count)


@registry.register(resolution='target')
def si_rmse(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  floor_m: float = 1e-3,
  per_image: bool = True,
) -> tf.Tensor:
  """Scale-invariant root mean squared error, the challenge's own metric.

  With e = ln(max(pred, floor)) - ln(max(depth, floor)) over N valid pixels,

      sqrt(sum(e^2) / N - (sum(e) / N)^2),

  the standard deviation of e, unchanged when a prediction (above the floor) is
  multiplied by a constant. Alone it leaves the absolute scale free.

  The value is the metric's; the gradient differs below the floor. There the
  true derivative is zero, and a pixel that a ReLU head predicts as 0 would
  never recover. The floor passes the gradient straight through instead: such a
  pixel gets the derivative that it would have at the floor.

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
  registry.check_option(
    'si_rmse', 'floor_m', floor_m, floor_m > 0, 'above 0, metres'
  )
  pred_depth_m, depth_m, valid = masked.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  lift_m = tf.maximum(pred_depth_m, floor_m) - pred_depth_m
  pred_depth_m += tf.stop_gradient(lift_m)
  residual = tf.math.log(pred_depth_m) - tf.math.log(
    tf.maximum(depth_m, floor_m)
  )
  _, variance, count = masked.masked_moments(residual, valid, per_image)
  return masked.mean_over_groups(masked.safe_sqrt(variance), count)


def _check_variance_focus(loss: str, value: float) -> None:
  registry.check_option(
    loss, 'variance_focus', value, 0 <= value <= 1, 'in [0, 1]'
  )
