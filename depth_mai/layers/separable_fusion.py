# SPDX-License-Identifier: Apache-2.0
"""Feature fusion by addition, with separable convolutions.

Source: the report's section on JMU-CVLab: blocks that upsample and reduce the
channels by projecting to a lower space with separable and pointwise
convolutions. Skips are added, as in FastDepth (Wofk et al., ICRA 2019).
"""

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def separable_norm(x, filters: int, *, name: str, norm: conv_norm.BatchNorm):
  """3x3 depthwise and 1x1 convolution, each with BatchNorm and ReLU.

  Args:
    x: [B, H, W, C].
    filters: output channels.
    name: prefix of the layers' names.
    norm: the BatchNorm setting.

  Returns:
    [B, H, W, filters].
  """
  x = conv_norm.depthwise_norm(x, 3, name=f'{name}_depthwise', norm=norm)
  return conv_norm.conv_norm(x, filters, 1, name=f'{name}_pointwise', norm=norm)


def separable_fusion(
  x, skip, filters: int, *, name: str, norm: conv_norm.BatchNorm
):
  """Fuses [B, h, w, C] into [B, H, W, S], giving [B, H, W, filters].

  Args:
    x: decoder features, projected to `filters` channels while they are small
      and then brought to the skip's size by bilinear interpolation.
    skip: encoder features, projected to `filters` channels.
    filters: output channels.
    name: prefix of the layers' names.
    norm: the BatchNorm setting.

  Returns:
    The sum of both after two separable convolutions.
  """
  x = conv_norm.conv_norm(x, filters, 1, name=f'{name}_project', norm=norm)
  x = resize.Resize(*skip.shape[1:3], name=f'{name}_resize')(x)
  skip = conv_norm.conv_norm(skip, filters, 1, name=f'{name}_skip', norm=norm)
  x = keras.layers.Add(name=f'{name}_add')([x, skip])
  x = separable_norm(x, filters, name=f'{name}_1', norm=norm)
  return separable_norm(x, filters, name=f'{name}_2', norm=norm)
