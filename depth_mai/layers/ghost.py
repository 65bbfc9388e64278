# SPDX-License-Identifier: Apache-2.0
"""Ghost module and ghost bottleneck.

Source: Han et al., "GhostNet: More Features from Cheap Operations" (CVPR 2020)
and the authors' PyTorch code. A convolution computes half of the channels; a
3x3 depthwise convolution derives the other half, the ghosts, from them.
"""

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import inverted_residual


def ghost_module(
  x: keras.KerasTensor,
  filters: int,
  *,
  norm: conv_norm.BatchNorm,
  name: str,
  activation: str | None = 'relu',
) -> keras.KerasTensor:
  """Replaces a 1x1 convolution: [B, H, W, C] to [B, H, W, filters].

  Args:
    x: input.
    filters: output channels, an even number (ratio 2 of the paper).
    norm: the BatchNorm setting.
    name: prefix of the layers' names.
    activation: activation of both halves; None for a linear module.

  Returns:
    The convolved half and its ghosts, concatenated in this order.

  Raises:
    ValueError: if `filters` is odd.
  """
  if filters % 2:
    raise ValueError(
      f'{name}: filters={filters} of a ghost module must be even, as half of '
      'the channels are ghosts.'
    )
  primary = conv_norm.conv_norm(
    x,
    filters // 2,
    1,
    name=f'{name}_primary',
    norm=norm,
    activation=activation,
  )
  cheap = conv_norm.depthwise_norm(
    primary, 3, name=f'{name}_cheap', norm=norm, activation=activation
  )
  return keras.layers.Concatenate(name=f'{name}_concat')([primary, cheap])


def ghost_bottleneck(
  x: keras.KerasTensor,
  *,
  kernel_size: int,
  expanded: int,
  filters: int,
  use_squeeze_excite: bool,
  stride: int,
  norm: conv_norm.BatchNorm,
  name: str,
) -> keras.KerasTensor:
  """One block: [B, H, W, C] to [B, H/stride, W/stride, filters].

  Args:
    x: input.
    kernel_size: kernel size of the depthwise convolutions, which only a block
      with stride 2 or another number of output channels has.
    expanded: channels between the two ghost modules, an even number.
    filters: output channels, an even number; the output is linear.
    use_squeeze_excite: whether to insert a gate between the modules.
    stride: 1 or 2.
    norm: the BatchNorm setting.
    name: prefix of the layers' names.

  Returns:
    The sum of the block and its shortcut.
  """
  y = ghost_module(x, expanded, norm=norm, name=f'{name}_expand')
  if stride > 1:
    y = conv_norm.depthwise_norm(
      y,
      kernel_size,
      name=f'{name}_depthwise',
      norm=norm,
      stride=stride,
      activation=None,
    )
  if use_squeeze_excite:
    # The authors' code rounds the gate's channels to multiples of 4.
    y = inverted_residual.squeeze_excite(y, f'{name}_se', divisor=4)
  y = ghost_module(
    y, filters, norm=norm, name=f'{name}_project', activation=None
  )
  if stride > 1 or x.shape[-1] != filters:
    x = conv_norm.depthwise_norm(
      x,
      kernel_size,
      name=f'{name}_shortcut_depthwise',
      norm=norm,
      stride=stride,
      activation=None,
    )
    x = conv_norm.conv_norm(
      x, filters, 1, name=f'{name}_shortcut', norm=norm, activation=None
    )
  return keras.layers.Add(name=f'{name}_add')([x, y])
