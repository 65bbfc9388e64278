# SPDX-License-Identifier: Apache-2.0
"""The end of every system: features to metres.

A ReLU alone may say 0 m, whose logarithm is infinite, and a head that starts
below 0 never learns. So the ReLU is lifted by the smallest depth, and the
convolution's bias starts where indoor scenes lie.
"""

import keras


def to_depth_m(x, min_depth_m: float):
  """Maps [B, H, W, 1] to max(x, 0) + min_depth_m: metres, in float32."""
  x = keras.layers.ReLU(name='head_act', dtype='float32')(x)
  return keras.layers.Rescaling(
    1.0, min_depth_m, name='depth_m', dtype='float32'
  )(x)


def depth_head(
  x, *, kernel_size: int, min_depth_m: float, initial_depth_m: float
):
  """Predicts depth [B, H, W, 1], metres, from features [B, H, W, C].

  Args:
    x: features.
    kernel_size: of the one convolution, which is called 'head'.
    min_depth_m: smallest depth that can be said, metres.
    initial_depth_m: what the untrained head says of features that are zero,
      metres.

  Returns:
    The depth map, float32.

  Raises:
    ValueError: if the head would start at or below the smallest depth, where
      ReLU has no gradient.
  """
  if initial_depth_m <= min_depth_m:
    raise ValueError(
      f'initial_depth_m={initial_depth_m} must be above min_depth_m='
      f'{min_depth_m}. Change one of them in the options of the system.'
    )
  x = keras.layers.Conv2D(
    1,
    kernel_size,
    padding='same',
    bias_initializer=keras.initializers.Constant(initial_depth_m - min_depth_m),
    name='head',
  )(x)
  return to_depth_m(x, min_depth_m)
