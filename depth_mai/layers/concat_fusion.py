# SPDX-License-Identifier: Apache-2.0
"""Feature fusion by concatenation: decoder features meet an encoder's.

Source: the report's section on Tencent GY-Lab, whose FFM concatenates an
encoder stage with the decoder features; what follows the concatenation is our
reading.
"""

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def concat_fusion(
  x, skip, filters: int, *, name: str, norm: conv_norm.BatchNorm
):
  """Fuses [B, h, w, C] into [B, H, W, S], giving [B, H, W, filters].

  Args:
    x: decoder features, brought to the skip's size by bilinear interpolation.
    skip: encoder features.
    filters: output channels.
    name: prefix of the layers' names.
    norm: the BatchNorm setting.

  Returns:
    The concatenation after a 1x1 and a 3x3 convolution, each with BatchNorm
    and ReLU.
  """
  x = resize.Resize(*skip.shape[1:3], name=f'{name}_resize')(x)
  x = keras.layers.Concatenate(name=f'{name}_concat')([x, skip])
  x = conv_norm.conv_norm(x, filters, 1, name=f'{name}_reduce', norm=norm)
  return conv_norm.conv_norm(x, filters, 3, name=f'{name}_mix', norm=norm)
