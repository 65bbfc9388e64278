# SPDX-License-Identifier: Apache-2.0
"""Tencent GY-Lab (rank 4): U-Net on MobileNetV3, fusion by concatenation.

Stage table (operation, channels, height x width; 96x128 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3    96x128
  enc    MobileNetV3-Large, stem                          16    48x64
           block 1, tapped                                16    48x64
           blocks 2-3, tapped                             24    24x32
           blocks 4-6, tapped                             40    12x16
           blocks 7-10, tapped                            80     6x8
           blocks 11-12, tapped; nothing at /32          112     6x8
  ffm 4  concatenate 80, 1x1 conv, 3x3 conv               48     6x8
  ffm 3  bilinear x2, concatenate 40, 1x1, 3x3 conv       32    12x16
  ffm 2  bilinear x2, concatenate 24, 1x1, 3x3 conv       24    24x32
  ffm 1  bilinear x2, concatenate 16, 1x1, 3x3 conv       16    48x64
  head   3x3 conv, ReLU, plus the smallest depth           1    48x64
  out    nearest x10 (outside)                             1   480x640

BatchNorm and ReLU follow every convolution but the head's. 838 753 parameters
once BatchNorm is folded, 3.4 MB in FP32. The team distils a vision transformer
into the network (gin_configs/tencent_gylab_distilled.gin). The row that Table 1
marks with a star is tencent_gylab_2021.py.

Differences from the paper (section 4.4; [stated], [inferred], [chosen])
  [stated]   128x96 (width x height) input, a U-Net with a MobileNetV3 encoder
             of five blocks, each of whose outputs an FFM concatenates with the
             decoder features, a nearest upsampling to 640x480.
  [inferred] MobileNetV3-Large without its /32 blocks: 3.15 of the 3.4 MB in
             FP32, and with five stages down to /16. FP32, because then the size
             and the runtimes of both of the team's rows fit.
  [chosen]   The layers of an FFM after the concatenation, every decoder width
             (the file then meets Table 1's 3.4 MB), the interpolation inside
             the decoder, a ReLU at the end, BatchNorm momentum 0.9, the head's
             offset `min_depth_m`, its start `initial_depth_m` and its
             `depth_code`.
"""

import dataclasses

import keras

from depth_mai.layers import depth_head
from depth_mai.layers import fusion
from depth_mai.models import system_base
from depth_mai.models.encoders import mobilenet_v3


@dataclasses.dataclass(frozen=True)
class TencentGylabOptions(mobilenet_v3.LargeOptions):
  """Options of Tencent GY-Lab: those of all systems with this encoder."""

  STRIDE = 16

  input_size: tuple[int, int] = (96, 128)


@system_base.register(options=TencentGylabOptions, output_upsampling='nearest')
def tencent_gylab(
  options: TencentGylabOptions = TencentGylabOptions(),
) -> keras.Model:
  """Builds Tencent GY-Lab's network.

  Args:
    options: see TencentGylabOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  rgb, x = system_base.rgb_input(options)
  *skips, x = mobilenet_v3.encode_large(x, (1, 3, 6, 10, 12), options)
  for number, filters in ((4, 48), (3, 32), (2, 24), (1, 16)):
    x = fusion.concat_fusion(
      x, skips[number - 1], filters, name=f'ffm_{number}', norm=options.norm
    )
  depth = depth_head.depth_head(x, kernel_size=3, options=options)
  return keras.Model(rgb, depth, name='tencent_gylab')
