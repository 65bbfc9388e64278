# SPDX-License-Identifier: Apache-2.0
"""Tencent GY-Lab's and ICL's teacher: ViT-L/16 with the decoder of DPT.

Stage table (operation, channels, height x width; 384x512 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5        3   384x512
  stem   16x16 convolution, stride 16; class token,
         positions: 769 tokens                              1024    24x32
  enc    blocks 1-24; 6, 12, 18 and 24 tapped               1024    24x32
  re 1   of block 6: read out, 1x1, transposed 4x4 conv      256   96x128
  re 2   of block 12: read out, 1x1, transposed 2x2 conv     512    48x64
  re 3   of block 18: read out, 1x1 conv                    1024    24x32
  re 4   of block 24: read out, 1x1, 3x3 conv, stride 2     1024    12x16
  lat    3x3 convolution of each, without bias               256  as above
  FFM 4  residual unit, 1x1, bilinear x2                     256    24x32
  FFM 3  plus residual unit of level 3; as FFM 4             256    48x64
  FFM 2  plus residual unit of level 2; as FFM 4             256   96x128
  FFM 1  plus residual unit of level 1; as FFM 4             256  192x256
  head   3x3 256->128; bilinear x2; 3x3 128->32, ReLU         32  384x512
         1x1 32->1, ReLU, plus the smallest depth              1  384x512

342 044 865 parameters at this size: 303 885 312 of the encoder and 38 159 553
of the decoder. MiDaS' dpt_large has 344 055 465: in addition a residual unit
at FFM 4 that is never used, ViT's last norm and its classifier, and positions
for 384x384.

Reading out joins the class token to each patch and projects both (readout
'project' of DPT). Distillation reads the convolution 'head_2', before its ReLU,
which are the last features before the head; or the fusion blocks, which end in
'ffm_4_up' to 'ffm_1_up'.

Differences from the teams' teachers ([stated], [authors' code], [chosen])
  [stated]   Tencent: ViT-Large, trained on the same data as the student. ICL:
             a vision transformer pre-trained for depth (DPT on KITTI, as the
             challenge's paper cites it), then trained on the challenge's data.
  [DPT's code] Everything above; aligned corners in all resizes, GELU, the
             normalisation to -1..1.
  [chosen]   DPT's decoder for Tencent, too, which names none; 384x512, the
             height of DPT's pictures and the shape of ours; metres instead of
             inverse relative depth (`depth_code` 'inverse' is closest to DPT),
             the head's offset `min_depth_m` and start `initial_depth_m`.
"""

import dataclasses

import keras

from depth_mai.layers import aligned_resize
from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import reassemble
from depth_mai.layers import residual_fusion
from depth_mai.models import system_base
from depth_mai.models.encoders import vision_transformer

# The sizes of the four levels, relative to the grid of patches.
_FACTORS = (4, 2, 1, 0.5)


@dataclasses.dataclass(frozen=True)
class DptTeacherOptions(system_base.Options):
  """Options of the teacher, in addition to those of all systems.

  Attributes:
    embedding: channels of the tokens.
    heads: number of heads, a divisor of `embedding`.
    taps: the four blocks that the decoder reads, counted from 1; the last one
      is the encoder's last.
    reassembled_channels: channels of the four maps that are made of them.
    decoder_channels: channels of all four fusion blocks, an even number.
  """

  input_size: tuple[int, int] = (384, 512)
  embedding: int = 1024
  heads: int = 16
  taps: tuple[int, ...] = (6, 12, 18, 24)
  reassembled_channels: tuple[int, ...] = (256, 512, 1024, 1024)
  decoder_channels: int = 256

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    if len(self.taps) != 4 or list(self.taps) != sorted({0, *self.taps})[1:]:
      raise ValueError(
        f'DptTeacherOptions.taps={self.taps} must be four ascending numbers '
        'of blocks, counted from 1.'
      )
    if len(self.reassembled_channels) != 4:
      raise ValueError(
        'DptTeacherOptions.reassembled_channels='
        f'{self.reassembled_channels} must be four numbers.'
      )
    if self.heads < 1 or self.embedding % self.heads:
      raise ValueError(
        f'DptTeacherOptions.heads={self.heads} must divide the '
        f'{self.embedding} channels of embedding.'
      )
    if self.decoder_channels < 2 or self.decoder_channels % 2:
      raise ValueError(
        f'DptTeacherOptions.decoder_channels={self.decoder_channels} must be '
        'even: the head halves it.'
      )


@system_base.register(options=DptTeacherOptions, output_upsampling='bilinear')
def dpt_teacher(
  options: DptTeacherOptions = DptTeacherOptions(),
) -> keras.Model:
  """Builds Tencent GY-Lab's and ICL's teacher.

  Args:
    options: see DptTeacherOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h, w, 1], metres.
  """
  channels = options.decoder_channels
  height, width = options.input_size
  grid = (
    height // vision_transformer.PATCH,
    width // vision_transformer.PATCH,
  )

  def lateral(x, name):
    return keras.layers.Conv2D(
      channels, 3, padding='same', use_bias=False, name=name
    )(x)

  def conv3x3(x, filters, name, activation=None):
    return conv_norm.conv_norm(
      x, filters, 3, name=name, norm=None, activation=activation
    )

  rgb, x = system_base.rgb_input(options)
  tokens = vision_transformer.encode(
    x, embedding=options.embedding, heads=options.heads, taps=options.taps
  )
  levels = [
    reassemble.reassemble(x, grid, filters, factor, name=f'reassemble_{number}')
    for number, (x, filters, factor) in enumerate(
      zip(tokens, options.reassembled_channels, _FACTORS, strict=True), start=1
    )
  ]
  x = residual_fusion.fuse_levels(
    levels, lateral, norm=None, resizing=aligned_resize.AlignedResize
  )
  x = conv3x3(x, channels // 2, 'head_1')
  x = aligned_resize.AlignedResize(*options.input_size, name='head_1_up')(x)
  x = conv3x3(x, 32, 'head_2', 'relu')
  depth = depth_head.depth_head(x, kernel_size=1, options=options)
  return keras.Model(rgb, depth, name='dpt_teacher')
