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


def projective_parameters(matrix: tf.Tensor) -> tf.Tensor:
  """Converts a matrix to the form that TensorFlow's sampling operation takes.

  Args:
    matrix: [3, 3] float32 affine map between points (last row 0, 0, 1).

  Returns:
    [1, 8] float32 (a0, a1, a2, b0, b1, b2, 0, 0) between pixel *indices*:
    output index (u, v) reads input index (a0 u + a1 v + a2, b0 u + b1 v + b2).
  """
  linear = matrix[:2, :2]
  shift = matrix[:2, 2] + 0.5 * tf.reduce_sum(linear, axis=1) - 0.5
  affine = tf.reshape(tf.concat([linear, shift[:, None]], axis=1), (1, 6))
  return tf.concat([affine, tf.zeros((1, 2))], axis=1)


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
  v, u = pixel_centres(output_size)
  x = matrix[0, 0] * u + matrix[0, 1] * v + matrix[0, 2]
  y = matrix[1, 0] * u + matrix[1, 1] * v + matrix[1, 2]
  height, width = [tf.cast(s, tf.float32) for s in source_size]
  inside = (x >= 0) & (x <= width) & (y >= 0) & (y <= height)
  return inside[..., None]


def _sample(
  image: tf.Tensor,
  matrix: tf.Tensor,
  output_size: Sequence[int],
  interpolation: str,
  fill_mode: str,
) -> tf.Tensor:
  """Samples [H, W, C] at the points of `matrix`, as float32 [h, w, C]."""
  sampled = tf.raw_ops.ImageProjectiveTransformV3(
    images=tf.cast(image, tf.float32)[None],
    transforms=projective_parameters(matrix),
    output_shape=list(output_size),
    fill_value=0.0,
    interpolation=interpolation,
    fill_mode=fill_mode,
  )
  return tf.ensure_shape(sampled[0], [*output_size, image.shape[-1]])


def sample_rgb(
  rgb_uint8: tf.Tensor, matrix: tf.Tensor, output_size: Sequence[int]
) -> tf.Tensor:
  """Samples a colour image bilinearly; 0 (black) outside the source frame.

  Between the outermost pixel centres and the border of the frame the outermost
  pixels are repeated, as in `tf.image.resize`.

  Args:
    rgb_uint8: [H, W, 3], 0..255.
    matrix: [3, 3] float32, output point to source point.
    output_size: height and width of the result, pixels.

  Returns:
    [h, w, 3] float32, 0..255, not rounded.
  """
  sampled = _sample(rgb_uint8, matrix, output_size, 'BILINEAR', 'NEAREST')
  source_size = tf.unstack(tf.shape(rgb_uint8)[:2])
  inside = inside_source(matrix, output_size, source_size)
  return sampled * tf.cast(inside, tf.float32)


def sample_depth(
  depth_mm: tf.Tensor, matrix: tf.Tensor, output_size: Sequence[int]
) -> tf.Tensor:
  """Samples a depth map at the nearest pixel; 0 (unknown) outside the frame.

  Depth is never interpolated: a mean across an object's edge is the depth of
  neither side, and a mean with an unknown pixel is wrong.

  Args:
    depth_mm: [H, W, 1] uint16, millimetres, 0 = unknown.
    matrix: [3, 3] float32, output point to source point.
    output_size: height and width of the result, pixels.

  Returns:
    [h, w, 1] float32, metres, 0 = unknown.
  """
  sampled = _sample(depth_mm, matrix, output_size, 'NEAREST', 'CONSTANT')
  return sampled / challenge.MM_PER_M
