# SPDX-License-Identifier: Apache-2.0
"""Shared by all losses: checks of the arguments, and means over valid pixels.

Sensors write 0, infinity or anything else where they measure nothing, and under
mixed precision the prediction comes in half precision. Every loss therefore
passes its arguments through `loss_arguments` (or `log_residual`) first, so that
no value at an invalid pixel can reach a logarithm or a gradient.

A *group* is the set of pixels that a statistic covers: all pixels of the batch,
or those of one image. Statistics keep their rank, [1, 1, 1, 1] or [B, 1, 1, 1],
so that they broadcast against the maps. A group without valid pixels has mean
and variance 0 with zero gradient, and means over groups leave it out.
"""

import collections

import tensorflow as tf

Moments = collections.namedtuple('Moments', ['mean', 'variance', 'count'])

# Written into both maps where the mask is off: residuals there are exactly
# zero, in metres and in logarithms.
_FILL_M = 1.0
_SMALLEST = 1.2e-38  # just above the smallest normal float32


def loss_arguments(
  pred_depth_m: tf.Tensor, depth_m: tf.Tensor, valid_mask: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
  """Casts, checks and cleans the arguments of a loss.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres, any float type.
    depth_m: target depth [B, H, W, 1], metres; any value, NaN included, where
      the mask is off.
    valid_mask: [B, H, W, 1], bool or a number that is above 0.5 where the
      target is known.

  Returns:
    (pred_depth_m, depth_m, valid): two float32 maps, both 1 m where the mask is
    off, and the bool mask. The prediction gets no gradient where the mask is
    off.

  Raises:
    ValueError: if the shapes are not the same [B, H, W, 1].
  """
  pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  depth_m = tf.cast(depth_m, tf.float32)
  valid = as_bool(valid_mask)
  check_maps(pred_depth_m=pred_depth_m, depth_m=depth_m, valid_mask=valid)
  fill = tf.constant(_FILL_M, tf.float32)
  return (
    tf.where(valid, pred_depth_m, fill),
    tf.where(valid, depth_m, fill),
    valid,
  )


def log_residual(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  eps_m: float,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns ln(max(pred, 0) + eps) - ln(max(depth, 0) + eps), and the mask.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres; values below 0 count as
      0 and get no gradient. At 0 the derivative is 1 / eps.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    eps_m: added to both depths before the logarithm, metres.

  Returns:
    (residual, valid): float32 [B, H, W, 1], exactly 0 where the mask is off,
    and bool [B, H, W, 1].

  Raises:
    ValueError: for shapes that differ, or eps_m that is not above 0.
  """
  if not eps_m > 0:
    raise ValueError(
      f'eps_m={eps_m} must be above 0, metres; change the eps_m of this loss '
      'in the gin file.'
    )
  pred_depth_m, depth_m, valid = loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  log_pred = tf.math.log(tf.maximum(pred_depth_m, 0.0) + eps_m)
  log_depth = tf.math.log(tf.maximum(depth_m, 0.0) + eps_m)
  return log_pred - log_depth, valid


def as_bool(valid_mask: tf.Tensor) -> tf.Tensor:
  """Returns a mask of any type as bool: True where it is above 0.5."""
  valid_mask = tf.convert_to_tensor(valid_mask)
  if valid_mask.dtype == tf.bool:
    return valid_mask
  return tf.cast(valid_mask, tf.float32) > 0.5


def check_maps(**maps: tf.Tensor) -> None:
  """Raises a ValueError unless all maps share one shape [B, H, W, 1].

  Sizes that are unknown while a graph is traced agree with any size.
  """
  shapes = {name: depth_map.shape for name, depth_map in maps.items()}
  common = tf.TensorShape([None, None, None, 1])
  for name, shape in shapes.items():
    if not common.is_compatible_with(shape):
      given = ', '.join(f'{n} {list(s)}' for n, s in shapes.items())
      raise ValueError(
        f'A loss was given maps of shapes {given}; all must have one shape '
        f'[B, H, W, 1], and {name} does not fit. '
        'depth_mai/losses/resolution.py resizes maps to one size.'
      )
    common = common.merge_with(shape)


def masked_mean(
  values: tf.Tensor, valid: tf.Tensor, per_image: bool = False
) -> tf.Tensor:
  """Mean over the valid pixels.

  Args:
    values: float32 [B, H, W, 1].
    valid: bool [B, H, W, 1].
    per_image: take the mean of every image, then the mean over the images that
      have a valid pixel, so that each image weighs the same. Otherwise each
      pixel weighs the same.

  Returns:
    A float32 scalar; 0 with zero gradient when no pixel is valid.
  """
  mean, count = _group_mean(values, valid, per_image)
  return mean_over_groups(mean, count)


def masked_moments(
  values: tf.Tensor, valid: tf.Tensor, per_image: bool = False
) -> Moments:
  """Mean, population variance and number of the valid pixels of each group.

  Args:
    values: float32 [B, H, W, 1].
    valid: bool [B, H, W, 1].
    per_image: one group for each image instead of one for the batch.

  Returns:
    Moments(mean, variance, count), float32 [B, 1, 1, 1] or [1, 1, 1, 1].
  """
  mean, count = _group_mean(values, valid, per_image)
  # Two passes: E[x^2] - E[x]^2 would cancel in float32. The derivative of the
  # variance with respect to this mean is zero, hence stop_gradient is exact.
  squared = tf.square(values - tf.stop_gradient(mean))
  variance, _ = _group_mean(squared, valid, per_image)
  return Moments(mean, variance, count)


def mean_over_groups(values: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
  """Mean of a statistic over the groups whose count is not zero: a scalar."""
  return _group_mean(values, count > 0, per_image=False)[0][0, 0, 0, 0]


def safe_sqrt(values: tf.Tensor) -> tf.Tensor:
  """Square root of values >= 0, with gradient 0 instead of infinity at 0.

  The argument is replaced both before and after the root: a single tf.where
  would multiply the infinite gradient by zero and give NaN under XLA. NaN stays
  NaN, so that a diverged training is noticed.
  """
  vanishes = values <= _SMALLEST
  root = tf.sqrt(tf.where(vanishes, tf.ones_like(values), values))
  return tf.where(vanishes, tf.zeros_like(values), root)


def _group_mean(
  values: tf.Tensor, valid: tf.Tensor, per_image: bool
) -> tuple[tf.Tensor, tf.Tensor]:
  axes = (1, 2, 3) if per_image else (0, 1, 2, 3)
  count = tf.reduce_sum(tf.cast(valid, tf.float32), axes, keepdims=True)
  cleaned = tf.where(valid, values, tf.zeros_like(values))
  total = tf.reduce_sum(cleaned, axes, keepdims=True)
  return total / tf.maximum(count, 1.0), count
