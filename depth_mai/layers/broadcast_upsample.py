# SPDX-License-Identifier: Apache-2.0
"""Nearest upsampling of a one-channel map without the nearest operator.

RESIZE_NEAREST_NEIGHBOR copies pixel by pixel, which for one channel costs more
than a small network, and XNNPACK leaves it out. Here an addition that the graph
needs anyway, of the smallest depth, repeats each pixel along its row: every
pixel is added to a constant of `factor` equal numbers. Concatenation then
repeats the rows, as whole blocks of memory. An axis whose factor is no integer
is gathered by a list of indices, outside of XNNPACK.
"""

import keras
import numpy as np

# XNNPACK takes concatenations of at most five tensors.
_LARGEST_JOIN = 5


def split_factor(factor: int) -> list[int]:
  """Returns numbers from 2 to 5 whose product is `factor`, smallest first.

  A prime number above 5 in `factor` stays as it is: the join that it stands
  for runs outside of XNNPACK.
  """
  parts = []
  while factor > 1:
    part = next(
      (n for n in range(_LARGEST_JOIN, 1, -1) if factor % n == 0), None
    ) or next(n for n in range(2, factor + 1) if factor % n == 0)
    parts.append(part)
    factor //= part
  return sorted(parts)


def nearest_indices(low: int, size: int) -> np.ndarray:
  """Returns which of `low` pixels is nearest to each of `size`, int32.

  Centres of pixels are at halves, as in TFLite's RESIZE_NEAREST_NEIGHBOR.
  """
  return (2 * np.arange(size) + 1) * low // (2 * size)


@keras.saving.register_keras_serializable(package='depth_mai')
class BroadcastUpsample(keras.layers.Layer):
  """Maps [B, h, w, 1] to [B, height, width, 1], plus an offset.

  Attributes:
    height: of the result, pixels.
    width: of the result, pixels.
    offset: added to every pixel, in the unit of the input.
  """

  def __init__(self, height: int, width: int, offset: float = 0.0, **kwargs):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.height = height
    self.width = width
    self.offset = offset

  def call(self, inputs):
    """Repeats the pixels of [B, h, w, 1]."""
    height, width = inputs.shape[1:3]
    x = keras.ops.reshape(inputs, (-1, height * width, 1))
    x = self._repeat_columns(x, height, width)
    x = self._repeat_rows(x, height)
    return keras.ops.reshape(x, (-1, self.height, self.width, 1))

  def _repeat_columns(self, x, height: int, width: int):
    """Maps [B, h * w, 1] to [B, h, 1, self.width], and adds the offset."""
    factor, rest = divmod(self.width, width)
    x = x + np.full(1 if rest else factor, self.offset, 'float32')
    if rest:
      x = keras.ops.reshape(x, (-1, height, width))
      x = keras.ops.take(x, nearest_indices(width, self.width), axis=2)
    return keras.ops.reshape(x, (-1, height, 1, self.width))

  def _repeat_rows(self, x, height: int):
    """Maps [B, h, 1, W] to as many rows as there shall be."""
    factor, rest = divmod(self.height, height)
    if rest:
      return keras.ops.take(x, nearest_indices(height, self.height), axis=1)
    row = self.width
    for part in split_factor(factor):
      x = keras.ops.reshape(x, (-1, height, 1, row))
      x = keras.ops.concatenate([x] * part, axis=2)
      row *= part
    return x

  def compute_output_shape(self, input_shape):
    """Returns [B, height, width, 1]."""
    return (input_shape[0], self.height, self.width, 1)

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'height': self.height,
      'width': self.width,
      'offset': self.offset,
    }
