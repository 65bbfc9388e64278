# SPDX-License-Identifier: Apache-2.0
"""The start of every system: RGB 0..255 of a fixed size to -1..1."""

import keras


def check_input_size(options, stride: int) -> None:
  """Checks that an encoder of total stride `stride` divides the input.

  Args:
    options: a system's options, with `input_size` (height, width), pixels.
    stride: what both sides must be multiples of, pixels.

  Raises:
    ValueError: if a side is not a positive multiple of `stride`.
  """
  size = options.input_size
  if any(side % stride or side < stride for side in size):
    raise ValueError(
      f'{type(options).__name__}.input_size={size} must be multiples of '
      f"{stride} pixels, so that the encoder's maps halve without a remainder."
    )


def rgb_input(input_size: tuple[int, int]):
  """Returns the input 'rgb' and what an encoder sees of it.

  Args:
    input_size: (height, width), pixels.

  Returns:
    keras.Input [B, h, w, 3], RGB 0..255, and the same scaled to -1..1 by
    (x - 127.5) / 127.5; both float32.
  """
  rgb = keras.Input((*input_size, 3), name='rgb', dtype='float32')
  scaled = keras.layers.Rescaling(
    1 / 127.5, -1.0, name='normalise', dtype='float32'
  )(rgb)
  return rgb, scaled
