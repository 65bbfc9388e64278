# SPDX-License-Identifier: Apache-2.0
"""Regression losses: absolute and squared errors, in metres or logarithms."""

import tensorflow as tf

from depth_mai.losses import masked
from depth_mai.losses import registry


@registry.register(resolution='target')
def l1(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  per_image: bool = False,
) -> tf.Tensor:
  """Mean |pred - depth| over the valid pixels, metres.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    per_image: mean over images of the per-image means, instead of pooling all
      valid pixels of the batch.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ.
  """
  error, valid = _error_m(pred_depth_m, depth_m, valid_mask)
  return masked.masked_mean(tf.abs(error), valid, per_image)


@registry.register(resolution='target')
def l2(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  per_image: bool = False,
) -> tf.Tensor:
  """Mean (pred - depth)^2 over the valid pixels, square metres.

  No root is taken. Arguments, result and errors as for l1.
  """
  error, valid = _error_m(pred_depth_m, depth_m, valid_mask)
  return masked.masked_mean(tf.square(error), valid, per_image)


@registry.register(resolution='target')
def log_l1(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  eps_m: float = 1e-3,
  per_image: bool = False,
) -> tf.Tensor:
  """Mean |ln(pred + eps) - ln(depth + eps)| over the valid pixels.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    eps_m: added to both depths before the logarithm, metres.
    per_image: mean over images of the per-image means, instead of pooling all
      valid pixels of the batch.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or eps_m that is not above 0.
  """
  error, valid = masked.log_residual(pred_depth_m, depth_m, valid_mask, eps_m)
  return masked.masked_mean(tf.abs(error), valid, per_image)


@registry.register(resolution='target')
def log_l2(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  eps_m: float = 1e-3,
  per_image: bool = False,
) -> tf.Tensor:
  """Mean (ln(pred + eps) - ln(depth + eps))^2 over the valid pixels.

  No root is taken. Arguments, result and errors as for log_l1.
  """
  error, valid = masked.log_residual(pred_depth_m, depth_m, valid_mask, eps_m)
  return masked.masked_mean(tf.square(error), valid, per_image)


def _error_m(
  pred_depth_m: tf.Tensor, depth_m: tf.Tensor, valid_mask: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
  pred_depth_m, depth_m, valid = masked.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  return pred_depth_m - depth_m, valid
