# SPDX-License-Identifier: Apache-2.0
"""The general robust loss of Barron (CVPR 2019), with a fixed shape."""

import functools
import math

import tensorflow as tf

from depth_mai.losses import masked
from depth_mai.losses import registry


@registry.register(resolution='target')
def robust(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  alpha: float = 1.0,
  scale_m: float = 2.0,
  per_image: bool = False,
) -> tf.Tensor:
  """Mean of Barron's rho over the valid pixels' errors in metres.

  With u = (error / scale)^2 and b = |alpha - 2|,

      rho = b / alpha * ((u / b + 1)^(alpha / 2) - 1),

  and its limits u / 2 at alpha = 2 (squared error), ln(u / 2 + 1) at 0 (Cauchy)
  and 1 - exp(-u / 2) at -infinity (Welsch). The default, alpha = 1 and 2 m, is
  equation (4) of the paper (LiteDepth): sqrt(u + 1) - 1, quadratic for errors
  well below 2 m and linear above.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    alpha: shape, at most 2; float('-inf') is allowed.
    scale_m: c, the error in metres at which rho stops being quadratic.
    per_image: mean over images of the per-image means, instead of pooling all
      valid pixels of the batch.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  check = functools.partial(registry.check_option, 'robust')
  check('alpha', alpha, alpha <= 2, 'at most 2')
  check(
    'scale_m', scale_m, 0 < scale_m < math.inf, 'above 0 and finite, metres'
  )
  pred_depth_m, depth_m, valid = masked.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  u = tf.square((depth_m - pred_depth_m) / scale_m)
  return masked.masked_mean(_rho(u, alpha), valid, per_image)


def _rho(u: tf.Tensor, alpha: float) -> tf.Tensor:
  """Barron's rho of a squared scaled error, without cancellation near 0."""
  if alpha == 2:
    return u / 2
  if alpha == 1:
    return u / (tf.sqrt(u + 1) + 1)
  if alpha == 0:
    return tf.math.log1p(u / 2)
  if alpha == -math.inf:
    return -tf.math.expm1(-u / 2)
  b = abs(alpha - 2)
  return b / alpha * tf.math.expm1(alpha / 2 * tf.math.log1p(u / b))
