# SPDX-License-Identifier: Apache-2.0
"""The fusion block of MiDaS: residual units around a sum, then upsampling x2.

Source: Ranftl et al., "Towards Robust Monocular Depth Estimation" (TPAMI 2022)
and the authors' code (`ResidualConvUnit_custom`, `FeatureFusionBlock_custom`).
"""

from collections.abc import Callable
from collections.abc import Sequence

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
  resizing: type[resize.FixedSize] = resize.Resize,
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
    resizing: layer that doubles the size.

  Returns:
    [B, 2h, 2w, C].
  """
  height, width, channels = path.shape[1:]
  if skip is not None:
    skip = residual_conv_unit(skip, norm=norm, name=f'{name}_skip')
    path = keras.layers.Add(name=f'{name}_add')([path, skip])
  path = residual_conv_unit(path, norm=norm, name=f'{name}_unit')
  path = keras.layers.Conv2D(channels, 1, name=f'{name}_out')(path)
  return resizing(2 * height, 2 * width, name=f'{name}_up')(path)


def fuse_levels(
  taps: Sequence[keras.KerasTensor],
  lateral: Callable[[keras.KerasTensor, str], keras.KerasTensor],
  *,
  norm: conv_norm.BatchNorm | None,
  resizing: type[resize.FixedSize] = resize.Resize,
) -> keras.KerasTensor:
  """Fuses the levels of a pyramid from the coarsest to the finest.

  Args:
    taps: maps [B, h, w, ...], finest first, each twice as large as the next.
    lateral: called as lateral(tap, name); maps a tap to C channels by a layer
      of this name, `lateral_n` for level n, from 1 for the finest.
    norm: the BatchNorm setting of the residual units; None for biases.
    resizing: layer that doubles the size.

  Returns:
    [B, 2h, 2w, C]. The block of level n is `ffm_n` and ends in `ffm_n_up`.
  """
  path = None
  for level in range(len(taps), 0, -1):
    skip = lateral(taps[level - 1], f'lateral_{level}')
    path, skip = (skip, None) if path is None else (path, skip)
    path = residual_fusion(
      path, skip, norm=norm, name=f'ffm_{level}', resizing=resizing
    )
  return path
