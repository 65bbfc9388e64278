# SPDX-License-Identifier: Apache-2.0
"""The class token and the positions of a vision transformer.

Source: Dosovitskiy et al., "An Image Is Worth 16x16 Words" (ICLR 2021).
"""

import math

import keras
import numpy as np


@keras.saving.register_keras_serializable(package='depth_mai')
class PositionEmbedding(keras.layers.Layer):
  """Maps patches [B, h, w, C] to tokens [B, 1 + h w, C].

  The class token comes first; a learned embedding is added to each token.
  """

  def build(self, input_shape):
    """Creates the class token and the embedding, for this size of the map."""
    _, height, width, channels = input_shape
    self._grid = (height, width)
    initializer = keras.initializers.TruncatedNormal(stddev=0.02)
    self.class_token = self.add_weight(
      shape=(1, 1, channels), initializer=initializer, name='class_token'
    )
    self.positions = self.add_weight(
      shape=(1, 1 + height * width, channels),
      initializer=initializer,
      name='positions',
    )

  def call(self, inputs):
    """Adds the class token and the positions."""
    height, width, channels = inputs.shape[1:]
    patches = keras.ops.reshape(inputs, (-1, height * width, channels))
    # Zeros of the batch's size; NaN in the picture must not reach the token.
    token = keras.ops.zeros_like(patches[:, :1]) + self.class_token
    return keras.ops.concatenate([token, patches], axis=1) + self.positions

  def resized(self, positions: np.ndarray) -> np.ndarray:
    """Resizes a published embedding to the size of this layer's map.

    The network itself needs no resizing then. Bilinear with half-pixel centres,
    as DPT does for each picture.

    Args:
      positions: [1, 1 + s s, C], of a square grid.

    Returns:
      [1, 1 + h w, C]; the argument itself if it is no square grid.
    """
    tokens, channels = positions.shape[-2:]
    side = math.isqrt(tokens - 1)
    if positions.ndim != 3 or side * side != tokens - 1:
      return positions
    grid = np.float32(positions[:, 1:]).reshape(1, side, side, channels)
    grid = keras.ops.image.resize(
      grid,
      self._grid,
      interpolation='bilinear',
      antialias=False,
      data_format='channels_last',
    )
    grid = keras.ops.convert_to_numpy(grid).reshape(1, -1, channels)
    return np.concatenate([positions[:, :1], grid], axis=1)

  def compute_output_shape(self, input_shape):
    """Returns [B, 1 + h w, C]."""
    batch, height, width, channels = input_shape
    return (batch, 1 + height * width, channels)
