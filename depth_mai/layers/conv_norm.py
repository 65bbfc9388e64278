# SPDX-License-Identifier: Apache-2.0
"""Convolution, batch normalisation and activation, as one function."""

import dataclasses

import keras


@dataclasses.dataclass(frozen=True)
class BatchNorm:
  """The setting of every BatchNorm in a network.

  Attributes:
    momentum: of the moving statistics. Stock MobileNetV3 uses 0.999, which
      needs thousands of steps to forget the initial statistics: short trainings
      are then evaluated with stale ones (measured in docs/results.md).
    epsilon: added to the variance; 1e-3 as in the published weights.
  """

  momentum: float = 0.9
  epsilon: float = 1e-3

  def __call__(self, x, name: str):
    """Normalises [B, H, W, C]."""
    return keras.layers.BatchNormalization(
      momentum=self.momentum, epsilon=self.epsilon, name=name
    )(x)


def activate(x, activation: str | None, name: str):
  """Applies 'relu', 'hard_swish', 'hard_sigmoid' or (None) nothing."""
  if activation is None:
    return x
  if activation == 'relu':
    return keras.layers.ReLU(name=name)(x)
  return keras.layers.Activation(activation, name=name)(x)


def conv_norm(
  x,
  filters: int,
  kernel_size: int,
  *,
  name: str,
  norm: BatchNorm,
  stride: int = 1,
  activation: str | None = 'relu',
):
  """Convolution without bias, BatchNorm, activation: [B, H, W, filters]."""
  x = keras.layers.Conv2D(
    filters,
    kernel_size,
    strides=stride,
    padding='same',
    use_bias=False,
    name=name,
  )(x)
  return activate(norm(x, f'{name}_bn'), activation, f'{name}_act')


def depthwise_norm(
  x,
  kernel_size: int,
  *,
  name: str,
  norm: BatchNorm,
  stride: int = 1,
  activation: str | None = 'relu',
):
  """Depthwise convolution without bias, BatchNorm, activation."""
  x = keras.layers.DepthwiseConv2D(
    kernel_size, strides=stride, padding='same', use_bias=False, name=name
  )(x)
  return activate(norm(x, f'{name}_bn'), activation, f'{name}_act')
