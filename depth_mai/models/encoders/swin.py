# SPDX-License-Identifier: Apache-2.0
"""Swin Transformer encoders (Liu et al., ICCV 2021).

Four stages of blocks whose attention stays in windows, shifted by half a window
in every second block. A stage has half of the size and twice the channels of
the one before. Blocks are numbered over all stages; the merging after a stage
belongs to its last block.

As in the code of AIIA HIT's teacher (and of mmsegmentation), a map is padded
with zeros to a multiple of the window before the queries, keys and values are
made, whatever its size, and is shifted in every second block even if it is
smaller than a window. The authors of Swin shrink the window there; the weights
are the same.
"""

import functools

import keras

from depth_mai.layers import patch_merging
from depth_mai.layers import transformer_block
from depth_mai.layers import window_attention

PATCH = 4
_EPSILON = 1e-5


def encode(
  x: keras.KerasTensor,
  *,
  embedding: int,
  depths: tuple[int, ...],
  heads: tuple[int, ...],
  window: int = 7,
  drop_path: float = 0.0,
) -> list[keras.KerasTensor]:
  """Builds the encoder.

  Args:
    x: [B, H, W, 3], normalised; H and W are multiples of the total stride,
      4 * 2^(stages - 1).
    embedding: channels of the first stage.
    depths: number of blocks of each stage.
    heads: number of heads of each stage.
    window: side of a window.
    drop_path: rate at which training skips the last block; earlier blocks have
      lower rates, evenly down to 0 for the first one.

  Returns:
    The outputs of the stages, finest first, not normalised: [B, H/4, W/4,
    embedding], and so on.

  Raises:
    ValueError: if the channels of a stage cannot be divided among its heads, or
      `depths` and `heads` have different lengths.
  """
  if len(depths) != len(heads):
    raise ValueError(
      f'depths={depths} and heads={heads} must have a number for each stage.'
    )
  x = keras.layers.Conv2D(embedding, PATCH, strides=PATCH, name='stem')(x)
  x = keras.layers.LayerNormalization(epsilon=_EPSILON, name='stem_norm')(x)
  taps: list[keras.KerasTensor] = []
  number, last = 0, max(1, sum(depths) - 1)
  for depth, stage_heads in zip(depths, heads, strict=True):
    if taps:
      x = patch_merging.patch_merging(taps[-1], name=f'block_{number}')
    for place in range(depth):
      rate = drop_path * number / last
      number += 1
      x = transformer_block.transformer_block(
        x,
        functools.partial(
          _attend_in_windows,
          heads=stage_heads,
          window=window,
          shift=window // 2 if place % 2 else 0,
          name=f'block_{number}',
        ),
        epsilon=_EPSILON,
        drop_path=rate,
        name=f'block_{number}',
      )
    taps.append(x)
  return taps


def _attend_in_windows(
  x: keras.KerasTensor, *, heads: int, window: int, shift: int, name: str
) -> keras.KerasTensor:
  """Mixes [B, H, W, C] inside windows; pads it first and crops it after."""
  height, width, channels = x.shape[1:]
  margins = ((0, -height % window), (0, -width % window))
  padded = margins != ((0, 0), (0, 0))
  if padded:
    x = keras.layers.ZeroPadding2D(margins, name=f'{name}_pad')(x)
  x = transformer_block.dense(x, 3 * channels, name=f'{name}_qkv')
  x = window_attention.WindowAttention(
    heads, window, shift, name=f'{name}_attention'
  )(x)
  if padded:
    x = keras.layers.Cropping2D(margins, name=f'{name}_crop')(x)
  return x
