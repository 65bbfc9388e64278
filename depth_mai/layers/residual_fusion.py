# SPDX-License-Identifier: Apache-2.0
"""The fusion block of MiDaS: residual units around a sum, then upsampling x2.

Source: Ranftl et al., "Towards Robust Monocular Depth Estimation" (TPAMI 2022)
and the authors' code (`ResidualConvUnit_custom`, `FeatureFusionBlock_custom`).
"""

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import resize


def residual_conv_unit(
  x: keras.KerasTensor, *, norm: conv_norm.BatchNorm | None, name: str
) -> keras.KerasTensor:
  """Adds conv(relu(conv(relu(x)))) to x, at [B, H, W, C].

  Args:
    x: input.
    norm: the BatchNorm setting; None for biases, MiDaS's default.
    name: prefix of the layers' names.

  Returns:
    The sum.
  """
  channels = x.shape[-1]
  y = conv_norm.activate(x, 'relu', f'{name}_act')
  y = conv_norm.conv_norm(y, channels, 3, norm=norm, name=f'{name}_1')
  y = conv_norm.conv_norm(
    y, channels, 3, norm=norm, name=f'{name}_2', activation=None
  )
  return keras.layers.Add(name=f'{name}_add')([x, y])


def residual_fusion(
  path: keras.KerasTensor,
  skip: keras.KerasTensor | None = None,
  *,
  norm: conv_norm.BatchNorm | None,
  name: str,
) -> keras.KerasTensor:
  """Fuses a decoder's map with a skip and doubles the size.

  In MiDaS the 1x1 convolution follows the resize. Here it comes before it and
  costs a quarter; the result is the same, because both are linear and the
  weights of an interpolation sum to one.

  Args:
    path: the decoder's map [B, h, w, C].
    skip: the encoder's map [B, h, w, C]; None at the coarsest level.
    norm: the BatchNorm setting of the residual units; None for biases.
    name: prefix of the layers' names.

  Returns:
    [B, 2h, 2w, C].
  """
  height, width, channels = path.shape[1:]
  if skip is not None:
    skip = residual_conv_unit(skip, norm=norm, name=f'{name}_skip')
    path = keras.layers.Add(name=f'{name}_add')([path, skip])
  path = residual_conv_unit(path, norm=norm, name=f'{name}_unit')
  path = keras.layers.Conv2D(channels, 1, name=f'{name}_out')(path)
  return resize.Resize(2 * height, 2 * width, name=f'{name}_up')(path)
