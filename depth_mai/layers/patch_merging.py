# SPDX-License-Identifier: Apache-2.0
"""Halves a map and doubles its channels, between stages of Swin.

Source: Liu et al., "Swin Transformer" (ICCV 2021) and the authors' code.
"""

import keras

from depth_mai.layers import transformer_block


@keras.saving.register_keras_serializable(package='depth_mai')
class MergePatches(keras.layers.Layer):
  """Stacks 2x2 neighbours: [B, H, W, C] to [B, H/2, W/2, 4C].

  The order is top left, bottom left, top right, bottom right, as in the
  published weights.
  """

  def call(self, inputs):
    """Stacks the neighbours of a map with even sides."""
    height, width, channels = inputs.shape[1:]
    x = keras.ops.reshape(inputs, (-1, height // 2, 2, width // 2, 2, channels))
    x = keras.ops.transpose(x, (0, 1, 3, 4, 2, 5))
    return keras.ops.reshape(x, (-1, height // 2, width // 2, 4 * channels))

  def compute_output_shape(self, input_shape):
    """Returns [B, H/2, W/2, 4C]."""
    batch, height, width, channels = input_shape
    return (batch, height // 2, width // 2, 4 * channels)


def patch_merging(x: keras.KerasTensor, *, name: str) -> keras.KerasTensor:
  """Stacks 2x2 neighbours, normalises them and halves the channels.

  Args:
    x: [B, H, W, C] with even H and W.
    name: prefix of the layers' names: `_merge`, `_merge_norm`, `_reduce`.

  Returns:
    [B, H/2, W/2, 2C].
  """
  channels = x.shape[-1]
  x = MergePatches(name=f'{name}_merge')(x)
  x = keras.layers.LayerNormalization(epsilon=1e-5, name=f'{name}_merge_norm')(
    x
  )
  return transformer_block.dense(
    x, 2 * channels, use_bias=False, name=f'{name}_reduce'
  )
