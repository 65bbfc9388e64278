# SPDX-License-Identifier: Apache-2.0
"""The decoder of LiteDepth: 1x1 convolutions on concatenations, then one 3x3.

Source: AIIA HIT's code (`densedepth_light_head`). The same decoder sits on the
small encoder of their network and on the large one of its teacher.
"""

from collections.abc import Sequence

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def light_decoder(
  taps: Sequence[keras.KerasTensor],
  filters: tuple[int, int, int, int],
  *,
  norm: conv_norm.BatchNorm | None,
) -> keras.KerasTensor:
  """Decodes four maps of an encoder into features of the finest one's size.

  Args:
    taps: the encoder's maps [B, h, w, C], finest first, each at least as large
      as the next.
    filters: channels of the convolutions `dec_1` to `dec_4`.
    norm: the BatchNorm setting; None for biases, as the authors have it.

  Returns:
    [B, h, w, filters[3]], after a ReLU. Distillation reads the convolutions
    themselves, before their ReLU.
  """

  def conv(x, kernel_size, number):
    # Keras initialises kernels Xavier-uniformly, as the authors do.
    return conv_norm.conv_norm(
      x, filters[number - 1], kernel_size, name=f'dec_{number}', norm=norm
    )

  def fuse(x, skip, number):
    x = resize.Resize(*skip.shape[1:3], name=f'dec_{number}_resize')(x)
    return keras.layers.Concatenate(name=f'dec_{number}_concat')([x, skip])

  quarter, eighth, sixteenth, deepest = taps
  x = conv(deepest, 1, 1)
  x = conv(fuse(x, sixteenth, 2), 1, 2)
  x = conv(fuse(x, eighth, 3), 1, 3)
  return conv(fuse(x, quarter, 4), 3, 4)
