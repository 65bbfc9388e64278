# SPDX-License-Identifier: Apache-2.0
"""Virtual normal loss: the planes through random triplets of points."""

import math

import tensorflow as tf

from depth_mai.losses import arguments
from depth_mai.losses import masked
from depth_mai.losses import point_cloud
from depth_mai.losses import triplets


def virtual_normal(
  pred_depth_m,
  depth_m,
  valid_mask,
  sample_ratio: float = 0.15,
  focal_lengths_px: tuple[float, float] = (518.8579, 519.4696),
  picture_size: tuple[int, int] = (480, 640),
  delta_z_m: float = 0.1,
  delta_cos: float = 0.867,
  delta_diff_m: float = 0.005,
  trimmed_share: float = 0.25,
  seed: int = 0,
  compat: bool = False,
):
  """Mean |n_pred - n_depth|_1 of the unit normals of random triplets.

  Three random pixels, placed in space by their depths, span a plane with normal
  n = (P2 - P1) x (P3 - P1). A triplet is dropped

  - if a pixel of it is invalid, or its target not farther than delta_z_m;
  - if it is small in the target: some edge is shorter than delta_diff_m in x,
    some in y and some in z;
  - if it is nearly a line, in the target or in the prediction: the cosine
    between two of its edges is above delta_cos in size.

  Of the others of the whole batch the trimmed_share with the smallest errors is
  dropped too, and the mean is over what remains. The loss works at the
  resolution of the maps it is given; LiteDepth applies it at that of the
  prediction (equation (3) of the Mobile AI & AIM 2022 depth report). The maps
  are taken for whole pictures: where a crop lay is not known here.

  The filter is that of Yin et al. (ICCV 2019), who look at the target alone,
  with LiteDepth's figures. Lines in the prediction are dropped because the
  normal of one turns with the slightest change of a depth: the few that there
  are make the gradient of a flat prediction more than ten times larger.

  The triplets are a pure function of seed and of the valid target depths, see
  triplets.py.

  Args:
    pred_depth_m: predicted depth [B, H, W, 1], metres.
    depth_m: target depth [B, H, W, 1], metres.
    valid_mask: [B, H, W, 1], above 0.5 (or True) where the target is known.
    sample_ratio: number of triplets for each image, as a part of H * W.
    focal_lengths_px: (fx, fy) of a picture of picture_size, pixels.
    picture_size: (height, width) that the focal lengths are for, pixels.
    delta_z_m: depth that all three points must exceed, metres.
    delta_cos: largest size of the cosine between two edges, in (0.5, 1]; no
      triangle has all its angles above 60 degrees.
    delta_diff_m: smallest edge, metres, as above.
    trimmed_share: part of the triplets, those with the smallest errors, that
      does not count, in [0, 1).
    seed: any integer; another one draws other triplets.
    compat: do as LiteDepth's released code: only the predicted points are
      looked at, for all three conditions, and a triplet that touches an invalid
      pixel counts with error 0 instead of being dropped.

  Returns:
    A float32 scalar; 0 with zero gradient when no triplet is left, NaN when a
    valid pixel's prediction is not finite.

  Raises:
    ValueError: for shapes that differ, or options out of range.
  """
  _check_options(
    sample_ratio=sample_ratio,
    focal_lengths_px=focal_lengths_px,
    picture_size=picture_size,
    delta_z_m=delta_z_m,
    delta_cos=delta_cos,
    delta_diff_m=delta_diff_m,
    trimmed_share=trimmed_share,
  )
  raw_pred_depth_m = tf.cast(pred_depth_m, tf.float32)
  pred_depth_m, depth_m, valid = arguments.loss_arguments(
    pred_depth_m, depth_m, valid_mask
  )
  finite = tf.reduce_all(tf.math.is_finite(pred_depth_m))
  if compat:
    pred_depth_m = raw_pred_depth_m
  pixels = triplets.draw(depth_m, sample_ratio, seed)
  known = _all_valid(valid, pixels)
  pred_points_m, points_m = (
    point_cloud.points_m(z, pixels, focal_lengths_px, picture_size)
    for z in (pred_depth_m, depth_m)
  )
  error = tf.abs(_unit_normals(pred_points_m) - _unit_normals(points_m))
  error = tf.where(known, tf.reduce_sum(error, axis=-1), 0.0)
  judged_m = pred_points_m if compat else points_m
  kept = _are_far(judged_m, delta_z_m) & ~_are_small(judged_m, delta_diff_m)
  kept &= ~_are_lines(pred_points_m, delta_cos)
  if not compat:
    kept &= known & ~_are_lines(points_m, delta_cos)
  loss = _trimmed_mean(error, kept, trimmed_share)
  # The triplets may miss the pixel at which a training has diverged.
  return tf.where(finite, loss, math.nan)


def _all_valid(valid, pixels):
  """Whether all corners are valid: bool [B, N]."""
  valid = tf.reshape(valid, [tf.shape(valid)[0], -1])
  return tf.reduce_all(tf.gather(valid, pixels, axis=1), axis=1)


def _are_far(points_m, delta_z_m: float):
  """Whether all corners of triplets [B, 3, N, 3] are far enough: [B, N]."""
  return tf.reduce_all(points_m[..., 2] > delta_z_m, axis=1)


def _are_small(points_m, delta_diff_m: float):
  """Whether triplets have an edge short in x, one in y and one in z: [B, N]."""
  is_short = tf.abs(_edges_m(points_m)) < delta_diff_m
  return tf.reduce_all(tf.reduce_any(is_short, axis=1), axis=-1)


def _are_lines(points_m, delta_cos: float):
  """Whether some two edges of triplets are nearly parallel: [B, N]."""
  edges_m = _edges_m(points_m)
  lengths_m = tf.norm(edges_m, axis=-1)
  dot = tf.reduce_sum(edges_m * tf.roll(edges_m, 1, axis=1), axis=-1)
  # 1e-8 square metres, as in the published code: an edge may have no length.
  cosine = dot / (lengths_m * tf.roll(lengths_m, 1, axis=1) + 1e-8)
  return tf.reduce_any(tf.abs(cosine) > delta_cos, axis=1)


def _edges_m(points_m):
  """From each corner to the next, the last one to the first: [B, 3, N, 3]."""
  return tf.roll(points_m, -1, axis=1) - points_m


def _unit_normals(points_m):
  """Unit normals [B, N, 3] of triplets [B, 3, N, 3]; 0 if all in one line."""
  first, second, third = tf.unstack(points_m, axis=1)
  normal = tf.linalg.cross(second - first, third - first)
  length = masked.safe_sqrt(
    tf.reduce_sum(tf.square(normal), axis=-1, keepdims=True)
  )
  return normal / tf.where(length > 0, length, 0.01)


def _trimmed_mean(values, kept, trimmed_share: float):
  """Mean of the kept values, without the smallest trimmed_share of them."""
  count = tf.reduce_sum(tf.cast(kept, tf.int32))
  trimmed = tf.cast(tf.cast(count, tf.float64) * trimmed_share, tf.int32)
  ordered = tf.sort(tf.reshape(tf.where(kept, values, math.inf), [-1]))
  rank = tf.range(tf.size(ordered))
  in_mean = (rank >= trimmed) & (rank < count)
  return masked.masked_mean(
    tf.reshape(ordered, [1, -1, 1, 1]), tf.reshape(in_mean, [1, -1, 1, 1])
  )


def _check_options(
  *,
  sample_ratio,
  focal_lengths_px,
  picture_size,
  delta_z_m,
  delta_cos,
  delta_diff_m,
  trimmed_share,
):
  for name, value, is_allowed, allowed in (
    ('sample_ratio', sample_ratio, 0 < sample_ratio < math.inf, 'above 0'),
    (
      'focal_lengths_px',
      focal_lengths_px,
      _is_positive_pair(focal_lengths_px),
      'two numbers above 0',
    ),
    (
      'picture_size',
      picture_size,
      _is_positive_pair(picture_size),
      'two numbers above 0',
    ),
    ('delta_z_m', delta_z_m, delta_z_m >= 0, 'at least 0, metres'),
    ('delta_cos', delta_cos, 0.5 < delta_cos <= 1, 'in (0.5, 1]'),
    ('delta_diff_m', delta_diff_m, delta_diff_m >= 0, 'at least 0, metres'),
    ('trimmed_share', trimmed_share, 0 <= trimmed_share < 1, 'in [0, 1)'),
  ):
    if not is_allowed:
      raise ValueError(
        f'{name}={value} must be {allowed}; change virtual_normal.{name} in '
        'the gin file.'
      )


def _is_positive_pair(pair) -> bool:
  return len(pair) == 2 and all(0 < value < math.inf for value in pair)
