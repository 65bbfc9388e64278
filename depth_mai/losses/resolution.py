# SPDX-License-Identifier: Apache-2.0
"""Resizes a low-resolution prediction or its target, so that their sizes agree.

Either the prediction is upsampled to the target's size, as it is at inference,
or the target and its mask are downsampled to the prediction's. All resizing
uses half-pixel centres, as the deployed model does.
"""

import tensorflow as tf

from depth_mai.losses import masked
from depth_mai.losses import registry

UPSAMPLINGS = ('bilinear', 'nearest')
DOWNSAMPLINGS = ('average', 'nearest')


def upsample_prediction(
  pred_depth_m: tf.Tensor,
  height: int | tf.Tensor,
  width: int | tf.Tensor,
  method: str = 'bilinear',
) -> tf.Tensor:
  """Resizes a prediction to the target's size; differentiable.

  Args:
    pred_depth_m: predicted depth [B, h, w, 1], metres, any float type.
    height: height of the result, pixels.
    width: width of the result, pixels.
    method: 'bilinear' (half-pixel centres, no antialiasing) or 'nearest'.

  Returns:
    float32 [B, height, width, 1], metres.

  Raises:
    ValueError: for an unknown method.
  """
  registry.check_choice('WeightedLoss', 'upsampling', method, UPSAMPLINGS)
  pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  if _has_size(pred_depth_m, height, width):
    return pred_depth_m
  if method == 'nearest':
    # Unlike tf.image.resize, it has a deterministic gradient on a GPU. The
    # columns, which are copied pixel by pixel, come first: rows are fewer.
    return _sample(_sample(pred_depth_m, 2, width), 1, height)
  return tf.image.resize(pred_depth_m, (height, width), method)


def downsample_target(
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  height: int | tf.Tensor,
  width: int | tf.Tensor,
  method: str = 'average',
  min_valid_fraction: float = 0.5,
) -> tuple[tf.Tensor, tf.Tensor]:
  """Resizes a target and its mask to the prediction's size.

  Args:
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    height: height of the result, pixels.
    width: width of the result, pixels.
    method: 'average', the mean of the valid pixels under each new pixel
      weighted by the area they share with it (the factor need not be an
      integer), or 'nearest', the pixel under its centre.
    min_valid_fraction: for 'average', the fraction of a new pixel's area, in
      (0, 1], that must be valid for the new pixel to be valid.

  Returns:
    (depth_m, valid_mask): float32 [B, height, width, 1] each; the depth is 0
    metres where the mask is 0.

  Raises:
    ValueError: for an unknown method, a fraction out of range, or a depth and a
      mask of different shapes.
  """
  registry.check_choice('WeightedLoss', 'downsampling', method, DOWNSAMPLINGS)
  if not 0 < min_valid_fraction <= 1:
    raise ValueError(
      f'min_valid_fraction={min_valid_fraction} must be in (0, 1].'
    )
  depth_m = tf.cast(depth_m, tf.float32)
  valid = masked.as_bool(valid_mask)
  masked.check_maps(depth_m=depth_m, valid_mask=valid)
  depth_m = tf.where(valid, depth_m, 0.0)
  coverage = tf.cast(valid, tf.float32)
  if _has_size(depth_m, height, width):
    return depth_m, coverage
  if method == 'nearest':
    return (
      _sample(_sample(depth_m, 1, height), 2, width),
      _sample(_sample(coverage, 1, height), 2, width),
    )
  total_m = _area_mean(_area_mean(depth_m, 1, height), 2, width)
  coverage = _area_mean(_area_mean(coverage, 1, height), 2, width)
  valid = coverage > min_valid_fraction - 1e-5  # 1e-5: rounding of the sums
  mean_m = total_m / tf.where(valid, coverage, 1.0)
  return tf.where(valid, mean_m, 0.0), tf.cast(valid, tf.float32)


def _sample(maps: tf.Tensor, axis: int, size: int | tf.Tensor) -> tf.Tensor:
  """Returns the `size` pixels of an axis that are under the new centres."""
  old_size = tf.shape(maps)[axis]
  index = (2 * tf.range(size) + 1) * old_size // (2 * size)
  return tf.gather(maps, index, axis=axis)


def _area_mean(maps: tf.Tensor, axis: int, size: int | tf.Tensor) -> tf.Tensor:
  """Returns means over `size` equal, possibly fractional, parts of an axis.

  Uses a gather and a sum rather than a matrix product, which a GPU would
  compute in TensorFloat-32. The unit of length is 1 / size of an old pixel, so
  that all lengths are integers: an old pixel is `size` long, a new one
  `old_size`.
  """
  old_size = tf.shape(maps)[axis]
  start = tf.range(size)[:, tf.newaxis] * old_size
  old = start // size + tf.range(old_size // size + 2)
  shared = tf.minimum(start + old_size, (old + 1) * size) - tf.maximum(
    start, old * size
  )
  weights = tf.cast(tf.maximum(shared, 0), tf.float32) / tf.cast(
    old_size, tf.float32
  )
  # Indices past the end have weight 0, so any pixel will do.
  pixels = tf.gather(maps, tf.minimum(old, old_size - 1), axis=axis)
  rank_after = maps.shape.rank - 1 - axis
  weights = tf.reshape(
    weights, tf.concat([tf.shape(weights), [1] * rank_after], axis=0)
  )
  return tf.reduce_sum(pixels * weights, axis=axis + 1)


def _has_size(
  maps: tf.Tensor, height: int | tf.Tensor, width: int | tf.Tensor
) -> bool:
  """Returns whether the static size of maps is known to be height x width."""
  return (
    isinstance(height, int)
    and isinstance(width, int)
    and maps.shape[1:3].as_list() == [height, width]
  )
