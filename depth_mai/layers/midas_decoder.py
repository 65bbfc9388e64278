# SPDX-License-Identifier: Apache-2.0
"""The decoder of MiDaS: four levels of fusion blocks, then two convolutions.

Source: Ranftl et al., "Towards Robust Monocular Depth Estimation" (TPAMI 2022)
and the authors' code (`MidasNet_small`), without its last upsampling.
"""

from collections.abc import Sequence

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import residual_fusion


def midas_decoder(
  taps: Sequence[keras.KerasTensor],
  channels: int,
  *,
  norm: conv_norm.BatchNorm | None,
) -> keras.KerasTensor:
  """Decodes four maps of an encoder into features of twice the finest size.

  Args:
    taps: the encoder's maps [B, h, w, C], finest first, each twice as large as
      the next.
    channels: channels of all four fusion blocks, an even number.
    norm: the BatchNorm setting of the 3x3 convolutions; None for biases.

  Returns:
    [B, 2h, 2w, 32], after a ReLU. The fusion blocks end in the layers
    `ffm_4_up` to `ffm_1_up`.
  """

  def conv3x3(x, filters, name, activation=None):
    return conv_norm.conv_norm(
      x, filters, 3, name=name, norm=norm, activation=activation
    )

  path = residual_fusion.fuse_levels(
    taps, lambda tap, name: conv3x3(tap, channels, name), norm=norm
  )
  x = conv3x3(path, channels // 2, 'head_1')
  return conv3x3(x, 32, 'head_2', 'relu')
