# SPDX-License-Identifier: Apache-2.0
"""Difference of the spatial gradients of two depth maps."""

import tensorflow as tf

from depth_mai.losses import arguments
from depth_mai.losses import masked


def gradient(pred_depth_m, depth_m, valid_mask, compat: bool = False):
  """Mean absolute difference of the forward differences, in metres.

      mean |dx pred - dx depth| + mean |dy pred - dy depth|

  Each mean is over the pairs of neighbours that are both valid. The loss works
  at the resolution of the maps it is given; LiteDepth applies it at that of the
  prediction (equation (2) of the Mobile AI & AIM 2022 depth report).

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    compat: do as LiteDepth's released code: the means are over all pairs, and
      where a pair is not valid the target's difference counts as 0, which pulls
      the prediction flat there.

  Returns:
    A float32 scalar; 0 with zero gradient when no pair is valid (with compat,
    the mean size of the prediction's differences).

  Raises:
    ValueError: for shapes that differ.
  """
  raw_pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  pred_depth_m, depth_m, valid = arguments.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  loss = 0.0
  for axis in (1, 2):
    pairs = tf.logical_and(*_neighbours(valid, axis))
    depth_step_m = _forward_difference(depth_m, axis)
    if compat:
      pred_step_m = _forward_difference(raw_pred_depth_m, axis)
      depth_step_m = tf.where(pairs, depth_step_m, 0.0)
      pairs = tf.ones_like(pairs)
    else:
      pred_step_m = _forward_difference(pred_depth_m, axis)
    loss += masked.masked_mean(tf.abs(pred_step_m - depth_step_m), pairs)
  return loss


def _neighbours(maps, axis: int):
  """(each pixel, the next one) along axis 1 (downwards) or 2 (rightwards)."""
  if axis == 1:
    return maps[:, :-1], maps[:, 1:]
  return maps[:, :, :-1], maps[:, :, 1:]


def _forward_difference(depth_m, axis: int):
  here, there = _neighbours(depth_m, axis)
  return there - here
