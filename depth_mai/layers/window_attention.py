# SPDX-License-Identifier: Apache-2.0
"""Self-attention inside the windows of a map, as in the Swin Transformer.

Source: Liu et al., "Swin Transformer" (ICCV 2021) and the authors' code. Each
pair of places in a window has a learned bias that depends on their relative
position and on the head. In every second block the map is first rolled by half
a window; a mask then separates places that are no neighbours in the picture.
"""

import keras
import numpy as np

from depth_mai.layers import attention

# Added to scores between places that must not see each other; authors' code.
_SEPARATED = -100.0


def relative_positions(window: int) -> np.ndarray:
  """Returns the row of the bias table for each pair of places in a window.

  Args:
    window: side of a window.

  Returns:
    [window^2, window^2] int: for the query and the key, (their distance in
    rows + window - 1) (2 window - 1) + their distance in columns + window - 1.
  """
  rows, columns = np.divmod(np.arange(window * window), window)
  down = rows[:, None] - rows[None, :] + window - 1
  right = columns[:, None] - columns[None, :] + window - 1
  return down * (2 * window - 1) + right


def shift_mask(height: int, width: int, window: int, shift: int) -> np.ndarray:
  """Returns the mask of the windows of a map that was rolled.

  Args:
    height: rows of the map, a multiple of the window.
    width: columns of the map, a multiple of the window.
    window: side of a window.
    shift: by how much the map was rolled towards its top left, above 0.

  Returns:
    [windows, window^2, window^2] float32: 0 where query and key are from the
    same part of the map, -100 where they are not.
  """

  def parts(size):
    places = np.arange(size)
    return (places >= size - window).astype(int) + (places >= size - shift)

  part = 3 * parts(height)[:, None] + parts(width)[None, :]
  part = part.reshape(height // window, window, width // window, window)
  part = part.transpose(0, 2, 1, 3).reshape(-1, window * window)
  same = part[:, :, None] == part[:, None, :]
  return np.where(same, 0.0, _SEPARATED).astype(np.float32)


@keras.saving.register_keras_serializable(package='depth_mai')
class WindowAttention(keras.layers.Layer):
  """Maps queries, keys and values [B, H, W, 3C] to mixed values [B, H, W, C].

  H and W are multiples of the window.

  Attributes:
    heads: number of heads.
    window: side of a window.
    shift: by how much the map is rolled before and back after the attention; 0
      in every other block.
  """

  def __init__(self, heads: int, window: int, shift: int = 0, **kwargs: object):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.heads = heads
    self.window = window
    self.shift = shift

  def build(self, input_shape):
    """Creates the table of biases.

    Raises:
      ValueError: if H or W is no multiple of the window, the shift is no part
        of it, or the channels cannot be divided among the heads.
    """
    _, height, width, channels = input_shape
    if height % self.window or width % self.window:
      raise ValueError(
        f'{self.name}: a map of {height}x{width} cannot be cut into windows of '
        f'{self.window}x{self.window}. Pad it.'
      )
    if not 0 <= self.shift < self.window:
      raise ValueError(
        f'{self.name}: shift={self.shift} must be in 0..{self.window - 1}.'
      )
    attention.check_heads(self.name, channels // 3, self.heads)
    self.relative_position_bias = self.add_weight(
      shape=((2 * self.window - 1) ** 2, self.heads),
      initializer=keras.initializers.TruncatedNormal(stddev=0.02),
      name='relative_position_bias',
    )

  def call(self, inputs):
    """Attends inside each window."""
    ops, window = keras.ops, self.window
    height, width, channels = inputs.shape[1:]
    down, across = height // window, width // window
    x = inputs
    if self.shift:
      x = ops.roll(x, (-self.shift, -self.shift), axis=(1, 2))
    x = ops.reshape(x, (-1, down, window, across, window, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    x = ops.reshape(x, (-1, down * across, window * window, channels))
    x = attention.attend(x, self.heads, self._bias(height, width))
    channels //= 3
    x = ops.reshape(x, (-1, down, across, window, window, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    x = ops.reshape(x, (-1, height, width, channels))
    return ops.roll(x, (self.shift,) * 2, axis=(1, 2)) if self.shift else x

  def _bias(self, height: int, width: int) -> keras.KerasTensor:
    """Returns [windows or 1, heads, N, N]."""
    ops = keras.ops
    positions = relative_positions(self.window)
    # Along the last axis: along the first, the gradient would be sparse.
    bias = ops.take(
      ops.transpose(self.relative_position_bias), positions.reshape(-1), axis=1
    )
    bias = ops.reshape(bias, (1, self.heads, *positions.shape))
    if self.shift:
      mask = shift_mask(height, width, self.window, self.shift)
      bias = bias + ops.convert_to_tensor(mask[:, None], bias.dtype)
    return bias

  def compute_output_shape(self, input_shape):
    """Returns [B, H, W, C]."""
    return (*input_shape[:-1], input_shape[-1] // 3)

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'heads': self.heads,
      'window': self.window,
      'shift': self.shift,
    }
