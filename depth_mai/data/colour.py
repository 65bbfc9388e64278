# SPDX-License-Identifier: Apache-2.0
"""Changes the colours of training images.

The functions are pure: their arguments are one image [H, W, 3], float32,
0..255, and factors drawn elsewhere. None of them clips; the caller clips once,
at the end.

Gamma, brightness and channel factors are LiteDepth's `ColorAug` (AIIA HIT's
entry); saturation, contrast and cutout are additions, off by default.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from depth_mai.data import geometry

# Becomes 0 in the networks' normalisation (x - 127.5) / 127.5.
PADDING = 127.5


def adjust_gamma(rgb: tf.Tensor, gamma: Any, white: float = 1.0) -> tf.Tensor:
  """Raises values to a power: white * (rgb / white) ** gamma.

  LiteDepth raises the 0..255 values themselves to the power gamma. This is
  `white=1` and mostly changes the brightness (255 ** 1.1 = 444). `white=255`
  keeps black and white and bends the curve between them.

  Args:
    rgb: [H, W, 3] float32, 0..255.
    gamma: positive scalar.
    white: the value that stays unchanged.

  Returns:
    [H, W, 3] float32.
  """
  # exp and log are five times as fast as tf.pow here. log(0) is -inf, and
  # exp(-inf) is 0 again.
  return white * tf.exp(gamma * tf.math.log(tf.maximum(rgb, 0.0) / white))


def adjust_saturation(rgb: tf.Tensor, factor: Any) -> tf.Tensor:
  """Moves the channels of each pixel away from or towards their mean.

  Args:
    rgb: [H, W, 3] float32.
    factor: scalar; 0 gives grey, 1 the same image.
  """
  grey = tf.reduce_mean(rgb, axis=-1, keepdims=True)
  return grey + (rgb - grey) * factor


def adjust_contrast(rgb: tf.Tensor, factor: Any, mask: tf.Tensor) -> tf.Tensor:
  """Moves all values away from or towards the mean of the image.

  Args:
    rgb: [H, W, 3] float32.
    factor: scalar; 0 gives one flat colour value, 1 the same image.
    mask: [H, W, 1] boolean, the pixels to average.
  """
  weight = tf.cast(mask, tf.float32)
  count = 3 * tf.maximum(tf.reduce_sum(weight), 1.0)
  mean = tf.reduce_sum(rgb * weight) / count
  return mean + (rgb - mean) * factor


def pad(rgb: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
  """Fills pixels outside the mask with 127.5, which is zero for the network.

  Args:
    rgb: [H, W, 3] float32.
    mask: [H, W, 1] boolean, true where the image stays.
  """
  return tf.where(mask, rgb, PADDING)


def cutout_mask(
  output_size: Sequence[int],
  centre_y: Any,
  centre_x: Any,
  height: Any,
  width: Any,
) -> tf.Tensor:
  """Returns the pixels outside a cutout rectangle.

  Args:
    output_size: height and width of the image, pixels.
    centre_y: centre of the rectangle, as a fraction of the image's height.
    centre_x: centre of the rectangle, as a fraction of the image's width.
    height: height of the rectangle, as a fraction of the image's. It may extend
      beyond the border. A height of 0 cuts nothing out.
    width: width of the rectangle, as a fraction of the image's.

  Returns:
    [H, W, 1] boolean, false inside the rectangle.
  """
  y, x = geometry.pixel_centres(output_size)
  rows = tf.abs(y / output_size[0] - centre_y) < height / 2
  columns = tf.abs(x / output_size[1] - centre_x) < width / 2
  return ~(rows & columns)[..., None]
