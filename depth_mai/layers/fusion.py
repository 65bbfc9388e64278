# SPDX-License-Identifier: Apache-2.0
"""Fusion blocks of the decoders, which combine them with encoder features.

Sources: the paper's sections on the systems. Tencent GY-Lab (4.4) and MiAIgo
(4.3) concatenate an encoder stage with the decoder's features; the layers
around the concatenation are chosen here. JMU-CVLab (4.6) upsamples and reduces
the channels by projecting to a lower space with separable and pointwise
convolutions; its skips are added here, as in FastDepth (Wofk et al., ICRA
2019). SmartLab's block is in residual_fusion.py.
"""

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def concat_fusion(
  x: keras.KerasTensor,
  skip: keras.KerasTensor,
  filters: int,
  *,
  name: str,
  norm: conv_norm.BatchNorm,
) -> keras.KerasTensor:
  """Fuses [B, h, w, C] with a skip [B, H, W, S] by concatenation.

  Args:
    x: decoder features, resized to the skip's size by bilinear interpolation.
    skip: encoder features.
    filters: output channels.
    name: prefix of the layers' names.
    norm: the BatchNorm setting.

  Returns:
    [B, H, W, filters]: the concatenation after a 1x1 and a 3x3 convolution,
    each with BatchNorm and ReLU.
  """
  x = resize.Resize(*skip.shape[1:3], name=f'{name}_resize')(x)
  x = keras.layers.Concatenate(name=f'{name}_concat')([x, skip])
  x = conv_norm.conv_norm(x, filters, 1, name=f'{name}_reduce', norm=norm)
  return conv_norm.conv_norm(x, filters, 3, name=f'{name}_mix', norm=norm)


def simple_fusion(
  x: keras.KerasTensor,
  skip: keras.KerasTensor,
  filters: int,
  *,
  name: str,
  norm: conv_norm.BatchNorm,
) -> keras.KerasTensor:
  """Fuses as concat_fusion, with a single 3x3 convolution (MiAIgo).

  Arguments and result are those of concat_fusion.
  """
  x = resize.Resize(*skip.shape[1:3], name=f'{name}_up')(x)
  x = keras.layers.Concatenate(name=f'{name}_concat')([x, skip])
  return conv_norm.conv_norm(x, filters, 3, name=f'{name}_conv', norm=norm)


def separable_norm(
  x: keras.KerasTensor, filters: int, *, name: str, norm: conv_norm.BatchNorm
) -> keras.KerasTensor:
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
  x: keras.KerasTensor,
  skip: keras.KerasTensor,
  filters: int,
  *,
  name: str,
  norm: conv_norm.BatchNorm,
) -> keras.KerasTensor:
  """Fuses [B, h, w, C] with a skip [B, H, W, S] by addition.

  Args:
    x: decoder features, projected to `filters` channels while the map is small
      and then resized to the skip's size by bilinear interpolation.
    skip: encoder features, projected to `filters` channels.
    filters: output channels.
    name: prefix of the layers' names.
    norm: the BatchNorm setting.

  Returns:
    [B, H, W, filters]: the sum after two separable convolutions.
  """
  x = conv_norm.conv_norm(x, filters, 1, name=f'{name}_project', norm=norm)
  x = resize.Resize(*skip.shape[1:3], name=f'{name}_resize')(x)
  skip = conv_norm.conv_norm(skip, filters, 1, name=f'{name}_skip', norm=norm)
  x = keras.layers.Add(name=f'{name}_add')([x, skip])
  x = separable_norm(x, filters, name=f'{name}_1', norm=norm)
  return separable_norm(x, filters, name=f'{name}_2', norm=norm)
