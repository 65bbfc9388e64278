# SPDX-License-Identifier: Apache-2.0
"""Geometric transforms of training images: one matrix, one resampling.

Rotating, flipping, cropping and resizing are each a 3x3 matrix. The matrices
of one image are multiplied, and the image is resampled once, directly from its
full resolution to the size of the network, without intermediate images or a
second interpolation.

A matrix maps a *point in the output* to a *point in the input*, as a column
(x, y, 1). Coordinates are continuous: pixel i of a row covers [i, i + 1), its
centre is i + 0.5, and an image W pixels wide covers [0, W]. This is the
half-pixel convention of `tf.image.resize`; `resize` alone gives the same result
as `tf.image.resize` without antialiasing.

All functions work on one image, are pure and take no random numbers.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from depth_mai import challenge


def _matrix(values: Sequence[Any]) -> tf.Tensor:
  """Packs nine numbers or scalar tensors, row by row, into [3, 3] float32."""
  return tf.reshape(
    tf.stack([tf.cast(value, tf.float32) for value in values]), (3, 3)
  )


def resize(output_size: Sequence[Any], input_size: Sequence[Any]) -> tf.Tensor:
  """Stretches an input to the size of the output.

  Args:
    output_size: height and width of the output, pixels; numbers or scalars.
    input_size: height and width of the input, pixels; numbers or scalars.

  Returns:
    [3, 3] float32, output point to input point.
  """
  ratio_y, ratio_x = [
    tf.cast(i, tf.float32) / tf.cast(o, tf.float32)
    for i, o in zip(input_size, output_size, strict=True)
  ]
  return _matrix([ratio_x, 0, 0, 0, ratio_y, 0, 0, 0, 1])


def horizontal_flip(width: Any, flipped: Any) -> tf.Tensor:
  """Mirrors left and right if `flipped` is true.

  Args:
    width: width of the image, pixels.
    flipped: boolean scalar.

  Returns:
    [3, 3] float32, output point to input point.
  """
  flipped = tf.cast(flipped, tf.float32)
  shift = flipped * tf.cast(width, tf.float32)
  return _matrix([1 - 2 * flipped, 0, shift, 0, 1, 0, 0, 0, 1])


def rotation(degrees: Any, size: Sequence[Any]) -> tf.Tensor:
  """Rotates an image about its centre; the frame keeps its size.

  Args:
    degrees: angle; positive is counter-clockwise, as displayed.
    size: height and width of the image, pixels.

  Returns:
    [3, 3] float32, output point to input point.
  """
  radians = tf.cast(degrees, tf.float32) * (3.141592653589793 / 180.0)
  cos, sin = tf.cos(radians), tf.sin(radians)
  centre_y, centre_x = [tf.cast(s, tf.float32) / 2 for s in size]
  shift_x = centre_x - cos * centre_x + sin * centre_y
  shift_y = centre_y - sin * centre_x - cos * centre_y
  return _matrix([cos, -sin, shift_x, sin, cos, shift_y, 0, 0, 1])


def crop(top: Any, left: Any) -> tf.Tensor:
  """Moves the origin to the top-left corner of a crop.

  Args:
    top: rows above the crop, pixels, may be fractional.
    left: columns left of the crop, pixels, may be fractional.

  Returns:
    [3, 3] float32, output point to input point.
  """
  return _matrix([1, 0, left, 0, 1, top, 0, 0, 1])


def compose(*steps: tf.Tensor) -> tf.Tensor:
  """Multiplies steps, given in the order in which they apply to the image.

  Args:
    *steps: [3, 3] float32 matrices from the functions above.

  Returns:
    [3, 3] float32, point in the last output to point in the first input.
  """
  matrix = steps[0]
  for step in steps[1:]:
    matrix = tf.linalg.matmul(matrix, step)
  return matrix


def pixel_centres(output_size: Sequence[int]) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the coordinates of an output's pixel centres.

  Args:
    output_size: height and width, pixels.

  Returns:
    y [H, 1] and x [1, W], float32.
  """
  height, width = output_size
  y = tf.range(height, dtype=tf.float32) + 0.5
  x = tf.range(width, dtype=tf.float32) + 0.5
  return y[:, None], x[None, :]


def source_points(
  matrix: tf.Tensor, output_size: Sequence[int]
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the source points of an output's pixel centres.

  Args:
    matrix: [3, 3] float32, output point to source point (last row 0, 0, 1).
    output_size: height and width of the output, pixels.

  Returns:
    y and x, [H, W] float32, source pixels.
  """
  v, u = pixel_centres(output_size)
  x = matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]
  y = matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]
  return y, x


def inside_source(
  matrix: tf.Tensor, output_size: Sequence[int], source_size: Sequence[Any]
) -> tf.Tensor:
  """Returns which output pixels have their centre inside the source image.

  Args:
    matrix: [3, 3] float32, output point to source point.
    output_size: height and width of the output, pixels.
    source_size: height and width of the source, pixels; numbers or scalars.

  Returns:
    [H, W, 1] boolean.
  """
  return _inside(*source_points(matrix, output_size), source_size)


def _inside(
  y: tf.Tensor, x: tf.Tensor, source_size: Sequence[Any]
) -> tf.Tensor:
  """Returns [H, W, 1] boolean, true for points in the source or on its edge."""
  height, width = [tf.cast(s, tf.float32) for s in source_size]
  inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
  return inside[..., None]


def _rows(
  image: tf.Tensor, source_size: Sequence[Any] | None
) -> tuple[tf.Tensor, Sequence[Any]]:
  """Returns an image as pixels [N, C], and its height and width."""
  if source_size is not None:
    return image, source_size
  size = tf.unstack(tf.shape(image)[:2])
  return tf.reshape(image, (-1, image.shape[-1])), size


def sample_rgb(
  rgb_uint8: tf.Tensor,
  matrix: tf.Tensor,
  output_size: Sequence[int],
  source_size: Sequence[Any] | None = None,
) -> tf.Tensor:
  """Samples a colour image bilinearly; 0 (black) outside the source frame.

  Between the outermost pixel centres and the border of the frame the outermost
  pixels are repeated, as in `tf.image.resize`. Only the four pixels around each
  point are read, so the size of the source hardly matters.

  Args:
    rgb_uint8: [H, W, 3], 0..255; with `source_size`, its rows one after the
      other, [N, 3] with N >= H * W.
    matrix: [3, 3] float32, output point to source point.
    output_size: height and width of the result, pixels.
    source_size: height and width of the source, scalars.

  Returns:
    [h, w, 3] float32, 0..255, not rounded.
  """
  pixels, (height, width) = _rows(tf.convert_to_tensor(rgb_uint8), source_size)
  y, x = source_points(matrix, output_size)
  upper, left = tf.floor(y - 0.5), tf.floor(x - 0.5)
  share_y, share_x = (
    ((y - 0.5) - upper)[..., None],
    ((x - 0.5) - left)[..., None],
  )
  row, column = tf.cast(upper, tf.int32), tf.cast(left, tf.int32)

  def pixel(row, column):
    row = tf.clip_by_value(row, 0, height - 1)
    column = tf.clip_by_value(column, 0, width - 1)
    return tf.cast(tf.gather(pixels, row * width + column), tf.float32)

  def across(row):
    return (1 - share_x) * pixel(row, column) + share_x * pixel(row, column + 1)

  sampled = (1 - share_y) * across(row) + share_y * across(row + 1)
  return sampled * tf.cast(_inside(y, x, (height, width)), tf.float32)


def sample_depth(
  depth_mm: tf.Tensor,
  matrix: tf.Tensor,
  output_size: Sequence[int],
  source_size: Sequence[Any] | None = None,
) -> tf.Tensor:
  """Samples a depth map at the nearest pixel; 0 (unknown) outside the frame.

  Depth is never interpolated: a mean across an object's edge is the depth of
  neither side, and a mean with an unknown pixel is wrong.

  Args:
    depth_mm: [H, W, 1] uint16, millimetres, 0 = unknown; with `source_size`,
      its rows one after the other, [N, 1] with N >= H * W.
    matrix: [3, 3] float32, output point to source point.
    output_size: height and width of the result, pixels.
    source_size: height and width of the source, scalars.

  Returns:
    [h, w, 1] float32, metres, 0 = unknown.
  """
  pixels, (height, width) = _rows(tf.convert_to_tensor(depth_mm), source_size)
  y, x = source_points(matrix, output_size)
  row, column = tf.cast(tf.floor(y), tf.int32), tf.cast(tf.floor(x), tf.int32)
  known = (row >= 0) & (row < height) & (column >= 0) & (column < width)
  place = tf.where(known, row * width + column, 0)
  sampled = tf.cast(tf.gather(pixels, place), tf.float32)
  return sampled * tf.cast(known[..., None], tf.float32) / challenge.MM_PER_M
