# SPDX-License-Identifier: Apache-2.0
"""Losses on the spatial gradients of two depth maps: LiteDepth's and MiDaS'."""

import tensorflow as tf

from depth_mai.losses import masked
from depth_mai.losses import registry


@registry.register(resolution='prediction')
def gradient(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  compat: bool = False,
) -> tf.Tensor:
  """Mean absolute difference of the forward differences, in metres.

      mean |dx pred - dx depth| + mean |dy pred - dy depth|

  Each mean is over the pairs of neighbours that are both valid. LiteDepth
  applies the loss at the resolution of the prediction (equation (2) of the
  paper).

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    compat: compute what LiteDepth's released code does: the means are over all
      pairs, and where a pair is not valid the target's difference counts as 0,
      which flattens the prediction there.

  Returns:
    A float32 scalar; 0 with zero gradient when no pair is valid (with compat,
    the mean size of the prediction's differences).

  Raises:
    ValueError: for shapes that differ.
  """
  raw_pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  pred_depth_m, depth_m, valid = masked.loss_arguments(
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


@registry.register(resolution='prediction')
def gradient_matching(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  scales: int = 4,
  eps_m: float = 1e-3,
  per_image: bool = False,
) -> tf.Tensor:
  """Multi-scale gradient matching of the logarithmic error.

  With R = ln(pred + eps) - ln(depth + eps), R_k every 2^k-th pixel of R in both
  directions, and M_k the number of valid pixels of R_k,

      sum over k < scales of sum(|dx R_k| + |dy R_k|) / M_k,

  where dx and dy are forward differences of neighbours that are both valid. A
  scale on which the map is one pixel has no differences and adds 0.

  Source: the regularisation term of MiDaS (Ranftl et al., TPAMI 2020) as in its
  code, after Li and Snavely (CVPR 2018): 4 scales, by subsampling rather than
  averaging. There R is the error of aligned disparities; the error of
  logarithms needs no alignment, as a constant factor cancels.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    scales: K, the number of scales.
    eps_m: added to both depths before the logarithm, metres.
    per_image: mean over images of the per-image sums, instead of pooling all
      valid pixels of the batch.

  Returns:
    A float32 scalar; 0 with zero gradient when no pair is valid.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  registry.check_option(
    'gradient_matching', 'scales', scales, scales >= 1, 'at least 1'
  )
  residual, valid = masked.log_residual(
    pred_depth_m, depth_m, valid_mask, eps_m
  )
  loss = tf.zeros([], tf.float32)
  for scale in range(scales):
    stride = 2**scale
    coarse = [maps[:, ::stride, ::stride] for maps in (residual, valid)]
    turned = [tf.transpose(maps, [0, 2, 1, 3]) for maps in coarse]
    for coarse_residual, coarse_valid in (coarse, turned):
      steps = _steps_down(coarse_residual, coarse_valid)
      loss += masked.masked_mean(steps, coarse_valid, per_image)
  return loss


def _neighbours(maps: tf.Tensor, axis: int) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns (each pixel, its next) along axis 1 (down) or axis 2 (right)."""
  if axis == 1:
    return maps[:, :-1], maps[:, 1:]
  return maps[:, :, :-1], maps[:, :, 1:]


def _forward_difference(depth_m: tf.Tensor, axis: int) -> tf.Tensor:
  here, there = _neighbours(depth_m, axis)
  return there - here


def _steps_down(residual: tf.Tensor, valid: tf.Tensor) -> tf.Tensor:
  """Returns |R below - R| at each pixel, 0 where it or the next is invalid."""
  pairs = tf.logical_and(valid[:, 1:], valid[:, :-1])
  steps = tf.abs(residual[:, 1:] - residual[:, :-1])
  # Pads the last row, which has no next: masked_mean divides by pixels, not by
  # pairs.
  return tf.pad(tf.where(pairs, steps, 0.0), [[0, 0], [0, 1], [0, 0], [0, 0]])
