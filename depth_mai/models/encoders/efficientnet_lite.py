# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite encoders as tables.

EfficientNet (Tan and Le, ICML 2019) without squeeze-excite and with ReLU6 in
place of swish (Liu, "Higher accuracy on vision models with EfficientNet-Lite",
TensorFlow Blog, 2020): an INT8 file runs as one partition. A stage's channels
grow with the width of the variant and its number of blocks with the depth; the
stem, and the number of blocks of the first and the last stage, stay.
"""

import dataclasses
import math

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import inverted_residual
from depth_mai.models import system_base

STEM_FILTERS = 32
# Channels of the 1x1 convolution between the last block and the classifier.
HEAD_FILTERS = 1280


@dataclasses.dataclass(frozen=True)
class Stage:
  """A row of EfficientNet-B0's table.

  Attributes:
    blocks: number of blocks.
    kernel_size: kernel size of the depthwise convolutions.
    stride: stride of the first block.
    expansion: factor from a block's input channels to its inner ones.
    filters: output channels.
  """

  blocks: int
  kernel_size: int
  stride: int
  expansion: int
  filters: int


_STAGES = (
  Stage(1, 3, 1, 1, 16),
  Stage(2, 3, 2, 6, 24),
  Stage(2, 5, 2, 6, 40),
  Stage(3, 3, 2, 6, 80),
  Stage(3, 5, 1, 6, 112),
  Stage(4, 5, 2, 6, 192),
  Stage(1, 3, 1, 6, 320),
)


@dataclasses.dataclass(frozen=True)
class Variant:
  """The factors of a variant: of the channels, and of the blocks."""

  width: float
  depth: float


VARIANTS = {
  'lite0': Variant(1.0, 1.0),
  'lite1': Variant(1.0, 1.1),
  'lite2': Variant(1.1, 1.2),
}


@dataclasses.dataclass(frozen=True)
class Block:
  """One block of a variant, arguments of inverted_residual."""

  kernel_size: int
  stride: int
  expansion: int
  filters: int


def blocks(variant: str) -> tuple[Block, ...]:
  """Returns the blocks of a variant, the first one first.

  Args:
    variant: one of VARIANTS.

  Raises:
    ValueError: if there is no such variant.
  """
  if variant not in VARIANTS:
    raise ValueError(
      f'EfficientNet-Lite has no variant {variant!r}; choose one of '
      f'{", ".join(VARIANTS)}.'
    )
  factors = VARIANTS[variant]
  rows = []
  for stage in _STAGES:
    count = stage.blocks
    if stage not in (_STAGES[0], _STAGES[-1]):
      count = math.ceil(count * factors.depth)
    filters = inverted_residual.round_channels(stage.filters * factors.width)
    for number in range(count):
      stride = stage.stride if number == 0 else 1
      rows.append(Block(stage.kernel_size, stride, stage.expansion, filters))
  return tuple(rows)


def encode(
  x: keras.KerasTensor,
  variant: str,
  taps: tuple[int, ...],
  norm: conv_norm.BatchNorm,
) -> list[keras.KerasTensor]:
  """Builds the blocks of a variant up to the last tap.

  Args:
    x: [B, H, W, 3], scaled to -1..1.
    variant: one of VARIANTS.
    taps: numbers of the blocks, from 1, whose (linear) outputs are returned, in
      ascending order; blocks after the last one are not built.
    norm: the BatchNorm setting.

  Returns:
    The tapped outputs, one for each of `taps`.

  Raises:
    ValueError: if there is no such variant, or a tap is outside of it.
  """
  rows = blocks(variant)
  system_base.check_taps(taps, len(rows), variant)
  x = conv_norm.conv_norm(
    x, STEM_FILTERS, 3, name='stem', norm=norm, stride=2, activation='relu6'
  )
  features = []
  for number, row in enumerate(rows[: taps[-1]], start=1):
    x = inverted_residual.inverted_residual(
      x,
      kernel_size=row.kernel_size,
      expanded=x.shape[-1] * row.expansion,
      filters=row.filters,
      use_squeeze_excite=False,
      activation='relu6',
      stride=row.stride,
      norm=norm,
      name=f'block_{number}',
    )
    if number in taps:
      features.append(x)
  return features
