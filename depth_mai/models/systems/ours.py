# SPDX-License-Identifier: Apache-2.0
"""The project's own family: a published encoder, an additive decoder of CLBs.

Three sizes: ours_s is made for the challenge's score, ours_m for the most
accurate depth at the cost of TCL, and ours_l for sharper depth at five times
that cost. docs/results.md has what they reach.

Stage table (operation; channels and height x width of ours_s, ours_m, ours_l)

  in     bilinear resize (outside),
         (x - 127.5) / 127.5          3 48x64    3 96x128    3 192x256
  enc    EfficientNet-Lite0, stem    32 24x32   32 48x64    32 96x128
           block 1                   16 24x32   16 48x64    16 96x128
           blocks 2-3                24 12x16   24 24x32    24 48x64
           blocks 4-5                40  6x8    40 12x16    40 24x32
           blocks 6-8                80  3x4    80  6x8     80 12x16
           blocks 9-11                  -      112  6x8    112 12x16
           blocks 12-15                 -          -       192  6x8
  first  1x1, ReLU6, CLB3            40  3x4    64  6x8     96  6x8
  up     1x1, bilinear x2, add 1x1
         of the encoder's map,
         ReLU6, CLB3                    -          -        64 12x16
  up     the same                    24  6x8    32 12x16    32 24x32
  up     the same                    12 12x16   16 24x32    16 48x64
  up     the same                       -          -         8 96x128
  head   CLB3, ReLU, plus the
         smallest depth               1 12x16    1 24x32     1 96x128
  out    bilinear (outside)           1 480x640

BatchNorm follows every convolution but the head's, ReLU6 every CLB (collapsible
linear block, see layers/clb.py), which is exported as one convolution. The sum
of two 1x1 convolutions, one of them enlarged, is exact to fuse. All operators
run in INT8 in XNNPACK, as one partition.

Everything here is chosen: the encoder for its published weights without
hard-swish and gates, which INT8 runs badly; addition in place of concatenation
because a sum costs one operator and no copy; where the encoder ends, and the
decoder's widths, by exact counts of instructions (docs/results.md).
"""

import dataclasses
import functools

import keras

from depth_mai.layers import clb
from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import resize
from depth_mai.models import system_base
from depth_mai.models.encoders import efficientnet_lite
from depth_mai.models.encoders import mobilenet_v3

_MOBILENETS = {
  'mobilenet_v3_small_minimalistic': mobilenet_v3.SMALL_MINIMALISTIC,
  'mobilenet_v3_large_minimalistic': mobilenet_v3.LARGE_MINIMALISTIC,
}
ENCODERS = (*efficientnet_lite.VARIANTS, *_MOBILENETS)


@dataclasses.dataclass(frozen=True)
class OursOptions(system_base.Options):
  """Options of the family, in addition to those of all systems.

  Attributes:
    encoder: one of ENCODERS.
    last_block: number of the encoder's last block, from 1.
    decoder_channels: channels of the decoder's maps, the smallest map first;
      their number says at which of the encoder's maps the decoder ends.
    clb_expansion: training-time width of a collapsible linear block; 0 for
      plain convolutions.
  """

  # Checked by the network, because it depends on last_block.
  STRIDE = 8

  input_size: tuple[int, int] = (96, 128)
  encoder: str = 'lite0'
  last_block: int = 11
  decoder_channels: tuple[int, ...] = (64, 32, 16)
  clb_expansion: int = 256

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    if self.encoder not in ENCODERS:
      raise ValueError(
        f'OursOptions.encoder={self.encoder!r} is not one of '
        f'{", ".join(ENCODERS)}.'
      )
    taps = self.taps
    if not 1 <= len(self.decoder_channels) <= len(taps):
      raise ValueError(
        f'OursOptions.decoder_channels={self.decoder_channels} must have 1 to '
        f'{len(taps)} numbers: {self.encoder} has {len(taps)} sizes up to '
        f'block {self.last_block}.'
      )
    stride = self.strides[taps[-1] - 1]
    if any(side % stride for side in self.input_size):
      raise ValueError(
        f'OursOptions.input_size={self.input_size} must be multiples of '
        f'{stride} pixels: block {self.last_block} of {self.encoder} has 1/'
        f'{stride} of the size.'
      )

  @property
  def strides(self) -> list[int]:
    """The total stride of each block of the encoder, pixels."""
    if self.encoder in _MOBILENETS:
      block_strides = [row.stride for row in _MOBILENETS[self.encoder].blocks]
    else:
      block_strides = [
        row.stride for row in efficientnet_lite.blocks(self.encoder)
      ]
    total, strides = 2, []
    for stride in block_strides:
      total *= stride
      strides.append(total)
    return strides

  @property
  def taps(self) -> list[int]:
    """The last block of each size up to `last_block`, the largest map first."""
    strides = self.strides
    if not 1 <= self.last_block <= len(strides):
      raise ValueError(
        f'OursOptions.last_block={self.last_block} must be within '
        f'1..{len(strides)}, the blocks of {self.encoder}.'
      )
    last_of_size = {
      stride: number
      for number, stride in enumerate(strides[: self.last_block], start=1)
    }
    return sorted(last_of_size.values())


@dataclasses.dataclass(frozen=True)
class OursMOptions(OursOptions):
  """The options of ours_m, whose defaults are those of the family."""


@dataclasses.dataclass(frozen=True)
class OursSOptions(OursOptions):
  """The options of ours_s."""

  input_size: tuple[int, int] = (48, 64)
  last_block: int = 8
  decoder_channels: tuple[int, ...] = (40, 24, 12)


@dataclasses.dataclass(frozen=True)
class OursLOptions(OursOptions):
  """The options of ours_l."""

  input_size: tuple[int, int] = (192, 256)
  last_block: int = 15
  decoder_channels: tuple[int, ...] = (96, 64, 32, 16, 8)


def build(options: OursOptions, name: str) -> keras.Model:
  """Builds a network of the family.

  Args:
    options: see OursOptions.
    name: name of the network, which is that of its system.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h', w', 1], metres, at the size of the decoder's last map.
  """
  if options.clb_expansion:
    convolution = functools.partial(
      clb.CollapsibleConv2D, expansion=options.clb_expansion
    )
  else:
    convolution = functools.partial(keras.layers.Conv2D, padding='same')

  def project(x, filters, name):
    return conv_norm.conv_norm(
      x, filters, 1, name=name, norm=options.norm, activation=None
    )

  rgb, x = system_base.rgb_input(options)
  taps = tuple(options.taps[-len(options.decoder_channels) :])
  if options.encoder in _MOBILENETS:
    table = _MOBILENETS[options.encoder]
    features = mobilenet_v3.encode(x, table, taps, options.norm)
  else:
    features = efficientnet_lite.encode(x, options.encoder, taps, options.norm)

  path = None
  for level, filters in zip(
    range(len(features), 0, -1), options.decoder_channels, strict=True
  ):
    skip = features[level - 1]
    x = project(skip, filters, f'up_{level}_skip')
    if path is not None:
      path = project(path, filters, f'up_{level}_project')
      path = resize.Resize(*skip.shape[1:3], name=f'up_{level}_resize')(path)
      x = keras.layers.Add(name=f'up_{level}_add')([path, x])
    x = conv_norm.activate(x, 'relu6', f'up_{level}_add_act')
    x = convolution(filters, 3, name=f'up_{level}_clb')(x)
    x = options.norm(x, f'up_{level}_clb_bn')
    path = conv_norm.activate(x, 'relu6', f'up_{level}_clb_act')

  depth = depth_head.depth_head(
    path, kernel_size=3, options=options, convolution=convolution
  )
  return keras.Model(rgb, depth, name=name)


@system_base.register(options=OursSOptions, output_upsampling='bilinear')
def ours_s(options: OursSOptions = OursSOptions()) -> keras.Model:
  """Builds the small network, see `build`; its depth has 1/4 of the size."""
  return build(options, 'ours_s')


@system_base.register(options=OursMOptions, output_upsampling='bilinear')
def ours_m(options: OursMOptions = OursMOptions()) -> keras.Model:
  """Builds the medium network, see `build`; its depth has 1/4 of the size."""
  return build(options, 'ours_m')


@system_base.register(options=OursLOptions, output_upsampling='bilinear')
def ours_l(options: OursLOptions = OursLOptions()) -> keras.Model:
  """Builds the large network, see `build`; its depth has 1/2 of the size."""
  return build(options, 'ours_l')
