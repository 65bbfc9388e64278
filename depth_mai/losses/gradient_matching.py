# SPDX-License-Identifier: Apache-2.0
"""Multi-scale gradient matching of MiDaS, in logarithms."""

import tensorflow as tf

from depth_mai.losses import log_residual
from depth_mai.losses import masked


def gradient_matching(
  pred_depth_m,
  depth_m,
  valid_mask,
  scales: int = 4,
  eps_m: float = 1e-3,
  per_image: bool = False,
):
  """Sum over scales of the mean absolute differences of the log error.

  With R = ln(pred + eps) - ln(depth + eps), R_k every 2^k-th pixel of R in both
  directions, and M_k the number of valid pixels of R_k,

      sum over k < scales of sum(|dx R_k| + |dy R_k|) / M_k,

  where dx and dy are forward differences of neighbours that are both valid. A
  scale on which the map is one pixel has no differences and adds 0.

  Source: the regularisation term of MiDaS (Ranftl et al., TPAMI 2020) as its
  code has it, after Li and Snavely (CVPR 2018): 4 scales, by subsampling and
  not by averaging. There R is the error of aligned disparities; the error of
  logarithms needs no alignment, as a constant factor drops out.

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
  if scales < 1:
    raise ValueError(
      f'scales={scales} must be at least 1; change gradient_matching.scales in '
      'the gin file.'
    )
  residual, valid = log_residual.log_residual(
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


def _steps_down(residual, valid):
  """|R below - R| at each pixel, and 0 where it or the next is not valid."""
  pairs = tf.logical_and(valid[:, 1:], valid[:, :-1])
  steps = tf.abs(residual[:, 1:] - residual[:, :-1])
  # The last row has no next: masked_mean is to divide by pixels, not by pairs.
  return tf.pad(tf.where(pairs, steps, 0.0), [[0, 0], [0, 1], [0, 0], [0, 0]])
