# SPDX-License-Identifier: Apache-2.0
"""The virtual normal loss: compares planes through random triplets of points.

A loss does not know the step that it is called at, and a training that was
killed and resumed must not depend on how often a generator was called before.
The triplets are therefore a pure function of a seed and of the bits of the
target: the same batch gives the same triplets, another batch gives others.
"""

from collections.abc import Sequence
import functools
import math

import tensorflow as tf

from depth_mai import challenge
from depth_mai.losses import masked
from depth_mai.losses import registry

FILTERS = ('prediction', 'truth')


@registry.register(resolution='prediction')
def virtual_normal(
  pred_depth_m: tf.Tensor,
  depth_m: tf.Tensor,
  valid_mask: tf.Tensor,
  sample_ratio: float = 0.15,
  focal_lengths_px: tuple[float, float] = (518.8579, 519.4696),
  picture_size: tuple[int, int] = challenge.IMAGE_SIZE,
  delta_z_m: float = 0.1,
  delta_cos: float = 0.867,
  delta_diff_m: float = 0.005,
  trimmed_share: float = 0.25,
  filter_on: str = 'prediction',
  seed: int = 0,
  compat: bool = False,
) -> tf.Tensor:
  """Mean |n_pred - n_depth|_1 of the unit normals of random triplets.

  Three random pixels, placed in space by their depths, span a plane with normal
  n = (P2 - P1) x (P3 - P1). A triplet is dropped if one of its pixels is
  invalid, or if its points, as predicted,

  - are near: one of them has a depth of at most delta_z_m;
  - are close together: some edge is shorter than delta_diff_m in x, some in y
    and some in z;
  - are nearly on a line: the absolute cosine between two edges is above
    delta_cos.

  Of the remaining triplets of the batch, the trimmed_share with the smallest
  errors is dropped too; the mean is over the rest. LiteDepth applies the loss
  at the resolution of the prediction (equation (3) of the paper). The maps are
  treated as whole pictures, because the position of a crop is not known here.

  That the predicted points decide is stated in section 4.2 of the paper: it
  helps a training to start. Yin et al. (ICCV 2019), whose loss this is, judge
  the points of the target (filter_on='truth'). Predicted points that are
  nearly on a line then count, and their normals turn with the slightest change
  of a depth.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    sample_ratio: number of triplets for each image, as a fraction of H * W.
    focal_lengths_px: (fx, fy) of a picture of picture_size, pixels.
    picture_size: (height, width) that the focal lengths are for, pixels.
    delta_z_m: depth that all three points must exceed, metres.
    delta_cos: largest absolute cosine between two edges, in (0.5, 1]; no
      triangle has all its angles above 60 degrees.
    delta_diff_m: shortest edge, metres, as above.
    trimmed_share: fraction of the triplets, those with the smallest errors,
      that is dropped, in [0, 1).
    filter_on: the points that the three conditions judge, 'prediction' or
      'truth'.
    seed: any integer; another one draws other triplets.
    compat: treat invalid pixels as LiteDepth's released code does: a triplet
      that touches one counts with error 0 instead of being dropped. Its invalid
      points are at infinity in the target; in the prediction they are where
      they were predicted.

  Returns:
    A float32 scalar; 0 with zero gradient when no triplet is left, NaN when a
    valid pixel's prediction is not finite.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  check = functools.partial(registry.check_option, 'virtual_normal')
  check('sample_ratio', sample_ratio, 0 < sample_ratio < math.inf, 'above 0')
  for name, pair in (
    ('focal_lengths_px', focal_lengths_px),
    ('picture_size', picture_size),
  ):
    check(name, pair, _is_positive_pair(pair), 'two numbers above 0')
  check('delta_z_m', delta_z_m, delta_z_m >= 0, 'at least 0, metres')
  check('delta_cos', delta_cos, 0.5 < delta_cos <= 1, 'in (0.5, 1]')
  check('delta_diff_m', delta_diff_m, delta_diff_m >= 0, 'at least 0, metres')
  check('trimmed_share', trimmed_share, 0 <= trimmed_share < 1, 'in [0, 1)')
  registry.check_choice('virtual_normal', 'filter_on', filter_on, FILTERS)
  raw_pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  pred_depth_m, depth_m, valid = masked.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  finite = tf.reduce_all(tf.math.is_finite(pred_depth_m))
  if compat:
    pred_depth_m = raw_pred_depth_m
  pixels = draw_triplets(depth_m, sample_ratio, seed)
  known = _all_valid(valid, pixels)
  pred_points_m, points_m = (
    to_points_m(z, pixels, focal_lengths_px, picture_size)
    for z in (pred_depth_m, depth_m)
  )
  error = tf.abs(_unit_normals(pred_points_m) - _unit_normals(points_m))
  error = tf.where(known, tf.reduce_sum(error, axis=-1), 0.0)
  judged_m = pred_points_m
  if filter_on == 'truth':
    judged_m = to_points_m(
      tf.where(valid, depth_m, math.inf), pixels, focal_lengths_px, picture_size
    )
  used = (
    _are_far(judged_m, delta_z_m)
    & ~_are_small(judged_m, delta_diff_m)
    & ~_are_lines(judged_m, delta_cos)
  )
  if not compat:
    used &= known
  loss = _trimmed_mean(error, used, trimmed_share)
  # The triplets may miss the pixel whose prediction is not finite.
  return tf.where(finite, loss, math.nan)


def draw_triplets(
  depth_m: tf.Tensor, sample_ratio: float, seed: int
) -> tf.Tensor:
  """Draws triplets of pixels, with replacement, the same for every image.

  Args:
    depth_m: target depth float32 [B, H, W, 1]. Its bits are part of the seed,
      so invalid pixels must hold a fixed value. Depths in another order give
      the same triplets.
    sample_ratio: number of triplets as a fraction of H * W, rounded down.
    seed: any integer.

  Returns:
    int32 [3, N], N = int(sample_ratio * H * W): for each corner of each
    triplet, y * W + x of its pixel.
  """
  shape = tf.shape(depth_m)
  pixels = shape[1] * shape[2]
  triplets = tf.cast(tf.cast(pixels, tf.float64) * sample_ratio, tf.int32)
  return tf.random.stateless_uniform(
    [3, triplets],
    seed=tf.stack([tf.constant(seed, tf.int64), _sum_of_bits(depth_m)]),
    maxval=pixels,
    dtype=tf.int32,
    alg='philox',  # the same numbers on every kind of device
  )


def _sum_of_bits(depth_m: tf.Tensor) -> tf.Tensor:
  """Returns an integer, which no order of summation can change."""
  bits = tf.bitcast(depth_m, tf.int32)
  return tf.reduce_sum(tf.cast(bits, tf.int64))


def to_points_m(
  depth_m: tf.Tensor,
  pixels: tf.Tensor,
  focal_lengths_px: tuple[float, float],
  picture_size: tuple[int, int],
) -> tf.Tensor:
  """Projects chosen pixels into the space in front of a pinhole camera.

      x = (u - W // 2) |z| / fx,  y = (v - H // 2) |z| / fy,  z = depth

  for the pixel (u, v) of a map of H x W pixels.

  Args:
    depth_m: float32 [B, H, W, 1], metres.
    pixels: int32 [C, N], v * W + u of each pixel.
    focal_lengths_px: (fx, fy) of a picture of picture_size, pixels; they shrink
      with the map.
    picture_size: (height, width) that the focal lengths are for, pixels.

  Returns:
    float32 [B, C, N, 3], (x, y, z) in metres.
  """
  shape = tf.shape(depth_m)
  height, width = shape[1], shape[2]
  z = tf.gather(tf.reshape(depth_m, [shape[0], -1]), pixels, axis=1)
  scale_x, scale_y = (
    picture / (focal * tf.cast(size, tf.float32))
    for picture, focal, size in zip(
      reversed(picture_size), focal_lengths_px, (width, height), strict=True
    )
  )
  x = tf.cast(pixels % width - width // 2, tf.float32) * scale_x
  y = tf.cast(pixels // width - height // 2, tf.float32) * scale_y
  distance = tf.abs(z)
  return tf.stack([x * distance, y * distance, z], axis=-1)


def _all_valid(valid: tf.Tensor, pixels: tf.Tensor) -> tf.Tensor:
  """Returns whether all corners are valid, bool [B, N]."""
  valid = tf.reshape(valid, [tf.shape(valid)[0], -1])
  return tf.reduce_all(tf.gather(valid, pixels, axis=1), axis=1)


def _are_far(points_m: tf.Tensor, delta_z_m: float) -> tf.Tensor:
  """Returns whether all corners of triplets [B, 3, N, 3] are far enough."""
  return tf.reduce_all(points_m[..., 2] > delta_z_m, axis=1)


def _are_small(points_m: tf.Tensor, delta_diff_m: float) -> tf.Tensor:
  """Returns whether some edge is short in x, some in y, some in z: [B, N]."""
  is_short = tf.abs(_edges_m(points_m)) < delta_diff_m
  return tf.reduce_all(tf.reduce_any(is_short, axis=1), axis=-1)


def _are_lines(points_m: tf.Tensor, delta_cos: float) -> tf.Tensor:
  """Returns whether any two edges of triplets are nearly parallel: [B, N]."""
  edges_m = _edges_m(points_m)
  lengths_m = tf.norm(edges_m, axis=-1)
  dot = tf.reduce_sum(edges_m * tf.roll(edges_m, 1, axis=1), axis=-1)
  # 1e-8 square metres, as in the published code: an edge may have no length.
  cosine = dot / (lengths_m * tf.roll(lengths_m, 1, axis=1) + 1e-8)
  return tf.reduce_any(tf.abs(cosine) > delta_cos, axis=1)


def _edges_m(points_m: tf.Tensor) -> tf.Tensor:
  """Returns the vectors from each corner to the next, [B, 3, N, 3]."""
  return tf.roll(points_m, -1, axis=1) - points_m


def _unit_normals(points_m: tf.Tensor) -> tf.Tensor:
  """Returns unit normals [B, N, 3] of triplets [B, 3, N, 3]; 0 for a line."""
  first, second, third = tf.unstack(points_m, axis=1)
  normal = tf.linalg.cross(second - first, third - first)
  length = masked.safe_sqrt(
    tf.reduce_sum(tf.square(normal), axis=-1, keepdims=True)
  )
  return normal / tf.where(length > 0, length, 0.01)


def _trimmed_mean(
  values: tf.Tensor, used: tf.Tensor, trimmed_share: float
) -> tf.Tensor:
  """Returns the mean of the used values without the smallest ones."""
  count = tf.reduce_sum(tf.cast(used, tf.int32))
  trimmed = tf.cast(tf.cast(count, tf.float64) * trimmed_share, tf.int32)
  ordered = tf.sort(tf.reshape(tf.where(used, values, math.inf), [-1]))
  rank = tf.range(tf.size(ordered))
  in_mean = (rank >= trimmed) & (rank < count)
  return masked.masked_mean(
    tf.reshape(ordered, [1, -1, 1, 1]), tf.reshape(in_mean, [1, -1, 1, 1])
  )


def _is_positive_pair(pair: Sequence[float]) -> bool:
  return len(pair) == 2 and all(0 < value < math.inf for value in pair)
