# SPDX-License-Identifier: Apache-2.0
"""Nearest upsampling of a one-channel map by ADD and CONCATENATION.

RESIZE_NEAREST_NEIGHBOR copies pixel by pixel, which for one channel costs more
than a small network, and XNNPACK does not run it. Here the addition of the
nearest depth, which the graph needs anyway, repeats each pixel along its row by
broadcasting against `factor` equal numbers. Concatenation then repeats whole
rows. An axis whose factor is not an integer is gathered by a list of indices,
outside XNNPACK.
"""

import keras
import numpy as np

from depth_mai.layers import resize

# XNNPACK runs concatenations of at most five tensors.
_LARGEST_JOIN = 5


def split_factor(factor: int) -> list[int]:
  """Returns numbers from 2 to 5 whose product is `factor`, smallest first.

  Prime factors above 5 are not split: the concatenation of so many tensors
  runs outside XNNPACK.
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
  """Returns the nearest of `low` pixels for each of `size` pixels, int32.

  Pixel centres are at halves, as in TFLite's RESIZE_NEAREST_NEIGHBOR.
  """
  return (2 * np.arange(size) + 1) * low // (2 * size)


@keras.saving.register_keras_serializable(package='depth_mai')
class BroadcastUpsample(resize.FixedSize):
  """Maps [B, h, w, 1] to [B, height, width, 1], plus an offset.

  Attributes:
    offset: added to every pixel, in the unit of the input.
  """

  def __init__(
    self, height: int, width: int, offset: float = 0.0, **kwargs: object
  ):
    """Creates the layer; see the attributes."""
    super().__init__(height, width, **kwargs)
    self.offset = offset

  def call(self, inputs):
    """Repeats the pixels of [B, h, w, 1]."""
    height, width = inputs.shape[1:3]
    x = keras.ops.reshape(inputs, (-1, height * width, 1))
    x = self._repeat_columns(x, height, width)
    x = self._repeat_rows(x, height)
    return keras.ops.reshape(x, (-1, self.height, self.width, 1))

  def _repeat_columns(
    self, x: keras.KerasTensor, height: int, width: int
  ) -> keras.KerasTensor:
    """Maps [B, h * w, 1] to [B, h, 1, self.width], and adds the offset."""
    factor, rest = divmod(self.width, width)
    x = x + np.full(1 if rest else factor, self.offset, 'float32')
    if rest:
      x = keras.ops.reshape(x, (-1, height, width))
      x = keras.ops.take(x, nearest_indices(width, self.width), axis=2)
    return keras.ops.reshape(x, (-1, height, 1, self.width))

  def _repeat_rows(
    self, x: keras.KerasTensor, height: int
  ) -> keras.KerasTensor:
    """Maps [B, h, 1, W] to [B, self.height, 1, W], or an equal reshape."""
    factor, rest = divmod(self.height, height)
    if rest:
      return keras.ops.take(x, nearest_indices(height, self.height), axis=1)
    row = self.width
    for part in split_factor(factor):
      x = keras.ops.reshape(x, (-1, height, 1, row))
      x = keras.ops.concatenate([x] * part, axis=2)
      row *= part
    return x

  def get_config(self):
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'offset': self.offset}
