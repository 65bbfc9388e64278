# SPDX-License-Identifier: Apache-2.0
"""Convolutions with batch normalisation and an activation."""

import dataclasses

import keras


@dataclasses.dataclass(frozen=True)
class BatchNorm:
  """The setting of every BatchNorm in a network.

  Attributes:
    momentum: momentum of the moving statistics. Stock MobileNetV3 uses 0.999,
      which needs thousands of steps to forget the initial statistics: short
      trainings are then evaluated with stale ones (see docs/results.md).
    epsilon: added to the variance; 1e-3 as in the published weights.
  """

  momentum: float = 0.9
  epsilon: float = 1e-3

  def __call__(self, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Normalises [B, H, W, C]."""
    return keras.layers.BatchNormalization(
      momentum=self.momentum, epsilon=self.epsilon, name=name
    )(x)


def activate(
  x: keras.KerasTensor, activation: str | None, name: str
) -> keras.KerasTensor:
  """Applies 'relu', 'relu6', 'hard_swish', 'hard_sigmoid' or (None) nothing."""
  if activation is None:
    return x
  if activation == 'relu':
    return keras.layers.ReLU(name=name)(x)
  if activation == 'relu6':
    return keras.layers.ReLU(6.0, name=name)(x)
  return keras.layers.Activation(activation, name=name)(x)


def conv_norm(
  x: keras.KerasTensor,
  filters: int,
  kernel_size: int,
  *,
  name: str,
  norm: BatchNorm | None,
  stride: int = 1,
  dilation_rate: int = 1,
  activation: str | None = 'relu',
) -> keras.KerasTensor:
  """Applies a convolution, BatchNorm and an activation.

  Args:
    x: [B, H, W, C].
    filters: output channels.
    kernel_size: height and width of the kernel.
    name: name of the convolution and prefix of the other layers' names.
    norm: the BatchNorm setting; None for a bias instead of BatchNorm.
    stride: stride of the convolution.
    dilation_rate: dilation of its kernel.
    activation: see `activate`.

  Returns:
    [B, H/stride, W/stride, filters].
  """
  x = keras.layers.Conv2D(
    filters,
    kernel_size,
    strides=stride,
    dilation_rate=dilation_rate,
    padding='same',
    use_bias=norm is None,
    name=name,
  )(x)
  if norm is not None:
    x = norm(x, f'{name}_bn')
  return activate(x, activation, f'{name}_act')


def depthwise_norm(
  x: keras.KerasTensor,
  kernel_size: int,
  *,
  name: str,
  norm: BatchNorm,
  stride: int = 1,
  activation: str | None = 'relu',
) -> keras.KerasTensor:
  """Applies a depthwise convolution, BatchNorm and an activation.

  The arguments are those of `conv_norm`. The number of channels stays.
  """
  x = keras.layers.DepthwiseConv2D(
    kernel_size, strides=stride, padding='same', use_bias=False, name=name
  )(x)
  return activate(norm(x, f'{name}_bn'), activation, f'{name}_act')
