# SPDX-License-Identifier: Apache-2.0
"""Atrous spatial pyramid pooling: parallel convolutions of several rates.

Source: Chen et al., "Rethinking Atrous Convolution for Semantic Image
Segmentation" (DeepLabv3, 2017), section 3.3.
"""

from collections.abc import Sequence

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def aspp(
  x: keras.KerasTensor,
  *,
  branch_filters: int,
  filters: int,
  rates: Sequence[int],
  norm: conv_norm.BatchNorm,
  name: str,
) -> keras.KerasTensor:
  """Maps [B, H, W, C] to [B, H, W, filters] at the same size.

  The branches are a 1x1 convolution, a 3x3 convolution for each rate, and a 1x1
  convolution of the image's mean; a 1x1 convolution joins them. BatchNorm and
  ReLU follow each convolution.

  Args:
    x: input.
    branch_filters: channels of each branch.
    filters: output channels.
    rates: dilation rates of the 3x3 convolutions. At a rate as large as the
      map, only the kernel's centre is inside the map.
    norm: the BatchNorm setting.
    name: prefix of the layers' names.

  Returns:
    The joined branches.
  """
  height, width = x.shape[1:3]
  branches = [
    conv_norm.conv_norm(x, branch_filters, 1, name=f'{name}_point', norm=norm)
  ]
  for rate in rates:
    branches.append(
      conv_norm.conv_norm(
        x,
        branch_filters,
        3,
        name=f'{name}_rate_{rate}',
        norm=norm,
        dilation_rate=rate,
      )
    )
  mean = keras.layers.GlobalAveragePooling2D(
    keepdims=True, name=f'{name}_mean'
  )(x)
  mean = conv_norm.conv_norm(
    mean, branch_filters, 1, name=f'{name}_image', norm=norm
  )
  branches.append(resize.Resize(height, width, name=f'{name}_image_up')(mean))
  y = keras.layers.Concatenate(name=f'{name}_concat')(branches)
  return conv_norm.conv_norm(y, filters, 1, name=f'{name}_join', norm=norm)
