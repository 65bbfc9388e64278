# SPDX-License-Identifier: Apache-2.0
"""The SSIM loss: structural similarity of two depth maps."""

import functools
import math

import numpy as np
import tensorflow as tf

from depth_mai.losses import masked
from depth_mai.losses import registry

WINDOWS = ('gaussian', 'average')


@registry.register(resolution='prediction')
def ssim(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  window: str = 'gaussian',
  window_size: int = 11,
  sigma_px: float = 1.5,
  max_depth_m: float = 40.0,
  k1: float = 0.01,
  k2: float = 0.03,
  halved: bool = False,
  per_image: bool = False,
) -> tf.Tensor:
  """Mean of 1 - SSIM over the windows centred at valid pixels.

  With the means m, variances v and the covariance c of prediction p and target
  d in a window, C1 = (k1 * max)^2 and C2 = (k2 * max)^2,

      SSIM = (2 m_p m_d + C1) / (m_p^2 + m_d^2 + C1)
             * (2 c + C2) / (v_p + v_d + C2)

  (Wang et al., 2004; max, the dynamic range of the maps, is max_depth_m). The
  defaults are theirs and tf.image.ssim's: a Gaussian of 11 x 11. Each window
  averages over its valid pixels only, with weights normalised to sum 1. At the
  border a window likewise loses the part outside the map, so maps may be
  smaller than a window.

  LiteDepth's released code contains a variant with window='average',
  window_size=3, max_depth_m=1, halved=True; it treats invalid depths as 0 m and
  mirrors the maps at the border.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    window: 'gaussian' or 'average'.
    window_size: height and width of a window, odd, pixels.
    sigma_px: standard deviation of the Gaussian, pixels.
    max_depth_m: dynamic range, metres; small values make the loss sensitive to
      small differences.
    k1: factor in the constant that stabilises the comparison of the means.
    k2: factor in the constant that stabilises the comparison of variances.
    halved: return (1 - SSIM) / 2, in [0, 1], instead of 1 - SSIM in [0, 2].
    per_image: mean over images of the per-image means, instead of pooling all
      valid pixels of the batch.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  check = functools.partial(registry.check_option, 'ssim')
  registry.check_choice('ssim', 'window', window, WINDOWS)
  is_odd = window_size >= 3 and window_size % 2 == 1
  check('window_size', window_size, is_odd, 'odd and at least 3, pixels')
  for name, value in (
    ('sigma_px', sigma_px),
    ('max_depth_m', max_depth_m),
    ('k1', k1),
    ('k2', k2),
  ):
    check(name, value, 0 < value < math.inf, 'above 0 and finite')
  weights = _window_weights(window, window_size, sigma_px)
  pred_depth_m, depth_m, valid = masked.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  unlikeness = _unlikeness(
    pred_depth_m,
    depth_m,
    valid,
    weights,
    c1=(k1 * max_depth_m) ** 2,
    c2=(k2 * max_depth_m) ** 2,
  )
  loss = masked.masked_mean(unlikeness, valid, per_image)
  return loss / 2 if halved else loss


def _unlikeness(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid: tf.Tensor,
  weights: tf.Tensor,
  c1: float,
  c2: float,
) -> tf.Tensor:
  """Returns 1 - SSIM of the window around each pixel, float32 [B, H, W, 1].

  Written with the difference e = p - d, the factors of SSIM are 1 minus

      m_e^2 / (m_p^2 + m_d^2 + C1)  and  v_e / (v_p + v_d + C2).

  So nothing cancels where the maps agree, and a perfect prediction has a loss
  and a gradient of exactly 0.
  """
  # Centring first: variances of smaller numbers cancel less.
  centre_m = masked.masked_moments(depth_m, valid, per_image=True).mean
  error_m = pred_depth_m - depth_m
  maps = [error_m, pred_depth_m - centre_m, depth_m - centre_m]
  maps += [tf.square(centred_m) for centred_m in maps]
  means = _window_means(tf.concat(maps, axis=-1), valid, weights)
  mean_error, mean_pred, mean_depth, *squares = tf.split(means, 6, axis=-1)
  error_variance, pred_variance, depth_variance = (
    # Rounding can make a variance negative.
    tf.maximum(square - tf.square(mean), 0.0)
    for square, mean in zip(
      squares, (mean_error, mean_pred, mean_depth), strict=True
    )
  )
  of_means = tf.square(mean_error) / (
    tf.square(mean_pred + centre_m) + tf.square(mean_depth + centre_m) + c1
  )
  of_variances = error_variance / (pred_variance + depth_variance + c2)
  return of_means + of_variances - of_means * of_variances


def _window_means(
  maps: tf.Tensor, valid: tf.Tensor, weights: tf.Tensor
) -> tf.Tensor:
  """Returns means over the valid pixels of each window, [B, H, W, C]."""
  coverage = tf.cast(valid, tf.float32)
  total = _blur(tf.where(valid, maps, 0.0), weights)
  coverage = _blur(coverage, weights)
  # The window around an invalid pixel may contain no valid one.
  return total / tf.where(valid, coverage, 1.0)


def _blur(maps: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
  """Returns weighted sums along both axes; pixels outside the maps are 0."""
  for shape in ((-1, 1, 1, 1), (1, -1, 1, 1)):
    kernel = tf.tile(tf.reshape(weights, shape), [1, 1, maps.shape[-1], 1])
    maps = tf.nn.depthwise_conv2d(maps, kernel, [1, 1, 1, 1], 'SAME')
  return maps


def _window_weights(window: str, size: int, sigma_px: float) -> np.ndarray:
  """Returns weights along one axis, float32 [size], with sum 1."""
  if window == 'average':
    weights = np.ones(size)
  else:
    distance_px = np.arange(size) - size // 2
    weights = np.exp(-0.5 * (distance_px / sigma_px) ** 2)
  return (weights / weights.sum()).astype(np.float32)
