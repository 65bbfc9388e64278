# SPDX-License-Identifier: Apache-2.0
"""Crops training images: chooses a window of the frame and its scale.

There are three kinds, all pure functions of random numbers drawn elsewhere:

* R2 crop (LiteDepth, AIIA HIT's entry, `RandomCropV2` and `ResizeImg`): one of
  three window sizes, all resized by the *same two factors*, so that objects
  have the same scale as at test time. A small window gives a small image, which
  is padded at the bottom and on the right to the network's size.
* Zoom crop: a window of any size, stretched to the whole network input.
* No crop: the whole frame.

Windows are in pixels of the frame. `span` is the size, in pixels of the frame,
that the whole output covers: the frame for the R2 crop (constant factors), the
window for the others (the window fills the output).
"""

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import tensorflow as tf

from depth_mai import challenge
from depth_mai.data import geometry

# Challenge frame and the three R2 windows, height x width in pixels.
R2_FRAME = challenge.IMAGE_SIZE
R2_SIZES = ((240, 384), (360, 512), R2_FRAME)


class Window(NamedTuple):
  """A rectangle in the frame: four float32 scalars, pixels."""

  top: tf.Tensor
  left: tf.Tensor
  height: tf.Tensor
  width: tf.Tensor


def full_window(frame_size: Sequence[Any]) -> Window:
  """Returns the window of the whole frame.

  Args:
    frame_size: height and width of the frame, pixels; numbers or scalars.
  """
  height, width = [tf.cast(s, tf.float32) for s in frame_size]
  return Window(tf.zeros(()), tf.zeros(()), height, width)


def _whole_offset(draw: tf.Tensor, margin: tf.Tensor) -> tf.Tensor:
  """Turns a draw in [0, 1) into a whole number in 0..margin."""
  return tf.minimum(tf.floor(draw * (margin + 1)), margin)


def r2_window(
  size_draw: tf.Tensor,
  top_draw: tf.Tensor,
  left_draw: tf.Tensor,
  sizes: Sequence[Sequence[int]] = R2_SIZES,
  frame_size: Sequence[int] = R2_FRAME,
) -> Window:
  """Returns a window of a random size and a random whole position.

  Args:
    size_draw: scalar in [0, 1) that chooses the size.
    top_draw: scalar in [0, 1) that places the window vertically.
    left_draw: scalar in [0, 1) that places it horizontally.
    sizes: the sizes, equally likely; (height, width) in pixels of the frame.
    frame_size: height and width of the frame, pixels.

  Returns:
    The window.
  """
  table = tf.constant(sizes, tf.float32)
  last = len(sizes) - 1
  index = tf.minimum(tf.cast(size_draw * len(sizes), tf.int32), last)
  height, width = tf.unstack(tf.gather(table, index))
  top = _whole_offset(top_draw, frame_size[0] - height)
  left = _whole_offset(left_draw, frame_size[1] - width)
  return Window(top, left, height, width)


def zoom_window(
  frame_size: Sequence[Any],
  zoom: tf.Tensor,
  stretch_y: tf.Tensor,
  stretch_x: tf.Tensor,
  top_draw: tf.Tensor,
  left_draw: tf.Tensor,
) -> Window:
  """Returns a window of `zoom` times the frame, slightly stretched.

  Args:
    frame_size: height and width of the frame, pixels; numbers or scalars.
    zoom: side of the window as a fraction of the frame's, 0..1.
    stretch_y: factor on the window's height, about 1.
    stretch_x: factor on its width, about 1. Neither side exceeds the frame.
    top_draw: scalar in [0, 1) that places the window vertically.
    left_draw: scalar in [0, 1) that places it horizontally.

  Returns:
    The window.
  """
  frame_height, frame_width = [tf.cast(s, tf.float32) for s in frame_size]
  height = frame_height * tf.minimum(zoom * stretch_y, 1.0)
  width = frame_width * tf.minimum(zoom * stretch_x, 1.0)
  top = top_draw * (frame_height - height)
  left = left_draw * (frame_width - width)
  return Window(top, left, height, width)


def view(
  window: Window, span: Sequence[Any], output_size: Sequence[int]
) -> tuple[tf.Tensor, tf.Tensor]:
  """Returns the transform from an output to a window, and the valid pixels.

  Args:
    window: the window; its top-left corner becomes the output's.
    span: height and width, in pixels of the frame, of the whole output.
    output_size: height and width of the output, pixels.

  Returns:
    [3, 3] float32, output point to frame point (see geometry.py); and [H, W, 1]
    boolean, true where the centre of a pixel is in the window, false in the
    padding.
  """
  to_window = geometry.resize(output_size, span)
  to_frame = geometry.compose(geometry.crop(window.top, window.left), to_window)
  window_size = window.height, window.width
  return to_frame, geometry.inside_source(to_window, output_size, window_size)
