# SPDX-License-Identifier: Apache-2.0
"""The MobileNetV3 block: expansion, depthwise, squeeze-excite, projection.

Source: Howard et al., "Searching for MobileNetV3" (ICCV 2019).
"""

import keras

from depth_mai.layers import conv_norm


def round_channels(channels: float, divisor: int = 8) -> int:
  """Rounds to a multiple of `divisor`, never more than 10 % down."""
  rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
  return rounded if rounded >= 0.9 * channels else rounded + divisor


def squeeze_excite(
  x: keras.KerasTensor, name: str, ratio: float = 0.25, divisor: int = 8
) -> keras.KerasTensor:
  """Scales the channels of [B, H, W, C] by a gate computed from their means.

  The means keep their dimensions, as TFLite's delegates require.

  Args:
    x: [B, H, W, C].
    name: prefix of the layers' names.
    ratio: channels inside the gate, as a fraction of C.
    divisor: the channels inside the gate are rounded to a multiple of it.

  Returns:
    [B, H, W, C].
  """
  channels = x.shape[-1]
  gate = keras.layers.GlobalAveragePooling2D(
    keepdims=True, name=f'{name}_squeeze'
  )(x)
  gate = keras.layers.Conv2D(
    round_channels(channels * ratio, divisor),
    1,
    activation='relu',
    name=f'{name}_in',
  )(gate)
  gate = keras.layers.Conv2D(
    channels, 1, activation='hard_sigmoid', name=f'{name}_out'
  )(gate)
  return keras.layers.Multiply(name=f'{name}_scale')([x, gate])


def inverted_residual(
  x: keras.KerasTensor,
  *,
  kernel_size: int,
  expanded: int,
  filters: int,
  use_squeeze_excite: bool,
  activation: str,
  stride: int,
  norm: conv_norm.BatchNorm,
  name: str,
) -> keras.KerasTensor:
  """One block: [B, H, W, C] to [B, H/stride, W/stride, filters].

  Args:
    x: input.
    kernel_size: kernel size of the depthwise convolution.
    expanded: channels between expansion and projection; if equal to the
      input's, the block has no expansion convolution, like the first block.
    filters: output channels; the output is linear.
    use_squeeze_excite: whether a gate follows the depthwise convolution.
    activation: 'relu', 'relu6' or 'hard_swish'.
    stride: 1 or 2.
    norm: the BatchNorm setting.
    name: prefix of the layers' names.

  Returns:
    The block's output, with the input added when the shapes agree.
  """
  channels = x.shape[-1]
  y = x
  if expanded != channels:
    y = conv_norm.conv_norm(
      y, expanded, 1, name=f'{name}_expand', norm=norm, activation=activation
    )
  y = conv_norm.depthwise_norm(
    y,
    kernel_size,
    name=f'{name}_depthwise',
    norm=norm,
    stride=stride,
    activation=activation,
  )
  if use_squeeze_excite:
    y = squeeze_excite(y, f'{name}_se')
  y = conv_norm.conv_norm(
    y, filters, 1, name=f'{name}_project', norm=norm, activation=None
  )
  if stride == 1 and channels == filters:
    y = keras.layers.Add(name=f'{name}_add')([x, y])
  return y
