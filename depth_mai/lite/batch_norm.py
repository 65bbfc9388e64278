# SPDX-License-Identifier: Apache-2.0
"""BatchNorm as what it is at inference: a factor and a bias per channel."""

import keras
import numpy as np


def fold(
  kernel: np.ndarray,
  bias: np.ndarray | float,
  norm: keras.layers.BatchNormalization,
  depthwise: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
  """Returns kernel and bias of a convolution with the BatchNorm behind it.

  Args:
    kernel: [k, k, inputs, outputs], or [k, k, channels, 1] if depthwise.
    bias: one number for each output, or for all.
    norm: with scale, offset and moving statistics.
    depthwise: whether the kernel is one of a depthwise convolution.
  """
  gamma, beta, mean, variance = (
    keras.ops.convert_to_numpy(value)
    for value in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
  )
  scale = gamma / np.sqrt(variance + norm.epsilon)
  return (
    kernel * (scale[:, np.newaxis] if depthwise else scale),
    beta + (bias - mean) * scale,
  )
