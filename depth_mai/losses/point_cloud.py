# SPDX-License-Identifier: Apache-2.0
"""Pixels with depth as points in front of a pinhole camera."""

import tensorflow as tf


def points_m(depth_m, pixels, focal_lengths_px, picture_size):
  """Places chosen pixels in space.

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
