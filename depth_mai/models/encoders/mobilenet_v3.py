# SPDX-License-Identifier: Apache-2.0
"""MobileNetV3 encoders (Howard et al., ICCV 2019) as tables.

Why not keras-cv's MobileNetV3Backbone, whose constructor takes such a table?
Its stem is always hard-swish (the minimalistic variant has ReLU), its
hard-swish is three operators instead of one HARD_SWISH, its BatchNorm momentum
is fixed at 0.999, and it always ends in the classifier's wide 1x1 convolution,
which no system here keeps. This file's test uses it as a reference.
"""

import dataclasses
from typing import Any

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import inverted_residual
from depth_mai.models import system_base


@dataclasses.dataclass(frozen=True)
class Block:
  """A row of the paper's table, arguments of inverted_residual.

  Attributes:
    kernel_size: kernel size of the depthwise convolution.
    expanded: channels between expansion and projection.
    filters: output channels.
    use_squeeze_excite: whether the block has a gate.
    activation: 'relu' or 'hard_swish'.
    stride: 1 or 2.
  """

  kernel_size: int
  expanded: int
  filters: int
  use_squeeze_excite: bool
  activation: str
  stride: int


@dataclasses.dataclass(frozen=True)
class Table:
  """A stem of 16 channels at stride 2, and the blocks that follow it."""

  stem_activation: str
  blocks: tuple[Block, ...]


_RE, _HS, _SE, _NO = 'relu', 'hard_swish', True, False

SMALL = Table(
  _HS,
  (
    Block(3, 16, 16, _SE, _RE, 2),
    Block(3, 72, 24, _NO, _RE, 2),
    Block(3, 88, 24, _NO, _RE, 1),
    Block(5, 96, 40, _SE, _HS, 2),
    Block(5, 240, 40, _SE, _HS, 1),
    Block(5, 240, 40, _SE, _HS, 1),
    Block(5, 120, 48, _SE, _HS, 1),
    Block(5, 144, 48, _SE, _HS, 1),
    Block(5, 288, 96, _SE, _HS, 2),
    Block(5, 576, 96, _SE, _HS, 1),
    Block(5, 576, 96, _SE, _HS, 1),
  ),
)

LARGE = Table(
  _HS,
  (
    Block(3, 16, 16, _NO, _RE, 1),
    Block(3, 64, 24, _NO, _RE, 2),
    Block(3, 72, 24, _NO, _RE, 1),
    Block(5, 72, 40, _SE, _RE, 2),
    Block(5, 120, 40, _SE, _RE, 1),
    Block(5, 120, 40, _SE, _RE, 1),
    Block(3, 240, 80, _NO, _HS, 2),
    Block(3, 200, 80, _NO, _HS, 1),
    Block(3, 184, 80, _NO, _HS, 1),
    Block(3, 184, 80, _NO, _HS, 1),
    Block(3, 480, 112, _SE, _HS, 1),
    Block(3, 672, 112, _SE, _HS, 1),
    Block(5, 672, 160, _SE, _HS, 2),
    Block(5, 960, 160, _SE, _HS, 1),
    Block(5, 960, 160, _SE, _HS, 1),
  ),
)


def _with_relu(table: Table, **changes: Any) -> Table:
  """Returns a table with ReLU throughout and changed fields in all blocks."""
  return Table(
    _RE,
    tuple(
      dataclasses.replace(block, activation=_RE, **changes)
      for block in table.blocks
    ),
  )


SMALL_MINIMALISTIC = _with_relu(SMALL, kernel_size=3, use_squeeze_excite=False)
LARGE_MINIMALISTIC = _with_relu(LARGE, kernel_size=3, use_squeeze_excite=False)
_LARGE_BY_ACTIVATION = {_HS: LARGE, _RE: _with_relu(LARGE)}


@dataclasses.dataclass(frozen=True)
class LargeOptions(system_base.Options):
  """Options of a system whose encoder is MobileNetV3-Large.

  Attributes:
    encoder_activation: 'hard_swish', the published one, or 'relu' throughout,
      which has the same weights. XNNPACK does not run hard-swish in INT8; with
      ReLU it runs an INT8 file as one partition.
  """

  encoder_activation: str = 'hard_swish'

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    if self.encoder_activation not in _LARGE_BY_ACTIVATION:
      raise ValueError(
        f'{type(self).__name__}.encoder_activation={self.encoder_activation!r} '
        f'must be {" or ".join(_LARGE_BY_ACTIVATION)}.'
      )


def encode(
  x: keras.KerasTensor,
  table: Table,
  taps: tuple[int, ...],
  norm: conv_norm.BatchNorm,
) -> list[keras.KerasTensor]:
  """Builds the blocks of a table up to the last tap.

  Args:
    x: [B, H, W, 3], scaled to -1..1.
    table: one of this module's tables.
    taps: numbers of the blocks, from 1, whose (linear) outputs are returned, in
      ascending order; blocks after the last one are not built.
    norm: the BatchNorm setting.

  Returns:
    The tapped outputs, one for each of `taps`.

  Raises:
    ValueError: if a tap is outside the table.
  """
  system_base.check_taps(taps, len(table.blocks), 'the table')
  x = conv_norm.conv_norm(
    x,
    16,
    3,
    name='stem',
    norm=norm,
    stride=2,
    activation=table.stem_activation,
  )
  features = []
  for number, block in enumerate(table.blocks[: taps[-1]], start=1):
    x = inverted_residual.inverted_residual(
      x,
      **vars(block),
      norm=norm,
      name=f'block_{number}',
    )
    if number in taps:
      features.append(x)
  return features


def encode_large(
  x: keras.KerasTensor, taps: tuple[int, ...], options: LargeOptions
) -> list[keras.KerasTensor]:
  """Builds MobileNetV3-Large up to the last tap; see `encode`.

  Args:
    x: [B, H, W, 3], scaled to -1..1.
    taps: numbers of the blocks whose outputs are returned.
    options: activation and BatchNorm of the encoder.

  Returns:
    The tapped outputs.
  """
  table = _LARGE_BY_ACTIVATION[options.encoder_activation]
  return encode(x, table, taps, options.norm)
