# SPDX-License-Identifier: Apache-2.0
"""Vision transformer encoders (Dosovitskiy et al., ICLR 2021).

The picture is cut into patches, each a token; all blocks keep their number and
width. A learned embedding of positions belongs to one size of the input, so
published ones are resized when they are loaded.
"""

from collections.abc import Sequence
import functools

import keras

from depth_mai.layers import attention
from depth_mai.layers import position_embedding
from depth_mai.layers import transformer_block

PATCH = 16


def encode(
  x: keras.KerasTensor,
  *,
  embedding: int,
  heads: int,
  taps: Sequence[int],
) -> list[keras.KerasTensor]:
  """Builds the encoder up to the last tap.

  Args:
    x: [B, H, W, 3], normalised; H and W are multiples of 16.
    embedding: channels of the tokens.
    heads: number of heads, a divisor of `embedding`.
    taps: numbers of the blocks, from 1, whose outputs are returned, in
      ascending order; blocks after the last one are not built.

  Returns:
    The tapped tokens, [B, 1 + H/16 W/16, embedding] each, the class token
    first, not normalised.

  Raises:
    ValueError: if the channels cannot be divided among the heads.
  """
  x = keras.layers.Conv2D(embedding, PATCH, strides=PATCH, name='stem')(x)
  x = position_embedding.PositionEmbedding(name='stem_tokens')(x)
  features = []
  for number in range(1, taps[-1] + 1):
    x = transformer_block.transformer_block(
      x,
      functools.partial(_attend, heads=heads, name=f'block_{number}'),
      epsilon=1e-6,
      name=f'block_{number}',
    )
    if number in taps:
      features.append(x)
  return features


def _attend(
  x: keras.KerasTensor, *, heads: int, name: str
) -> keras.KerasTensor:
  """Mixes tokens [B, N, C]."""
  x = transformer_block.dense(x, 3 * x.shape[-1], name=f'{name}_qkv')
  return attention.SelfAttention(heads, name=f'{name}_attention')(x)
