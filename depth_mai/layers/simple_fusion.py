# SPDX-License-Identifier: Apache-2.0
"""Simple Fusion Module of MiAIgo's decoder.

Source: report section 4.3, which says that it concatenates the outputs of the
encoder's stages with the decoder's maps. What stands around the concatenation
is a choice of this project.
"""

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def simple_fusion(
  x, skip, filters: int, *, norm: conv_norm.BatchNorm, name: str
):
  """Brings a coarse map to the skip's size and joins the two.

  Args:
    x: the decoder's map [B, h, w, C].
    skip: the encoder's map [B, H, W, D].
    filters: output channels.
    norm: the BatchNorm setting.
    name: prefix of the layers' names.

  Returns:
    [B, H, W, filters]: bilinear resize, concatenation, 3x3 convolution,
    BatchNorm, ReLU.
  """
  height, width = skip.shape[1:3]
  x = resize.Resize(height, width, name=f'{name}_up')(x)
  x = keras.layers.Concatenate(name=f'{name}_concat')([x, skip])
  return conv_norm.conv_norm(x, filters, 3, name=f'{name}_conv', norm=norm)
