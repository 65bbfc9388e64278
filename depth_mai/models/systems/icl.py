# SPDX-License-Identifier: Apache-2.0
"""ICL (rank 8): MobileNetV3 encoder, feature pyramid decoder.

Stage table (operation, channels, height x width; 128x160 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3   128x160
  enc    MobileNetV3-Large, stem and block 1              16    64x80
           blocks 2-3, tapped                             24    32x40
           blocks 4-6, tapped                             40    16x20
           blocks 7-12, tapped                           112     8x10
           blocks 13-15, tapped; no 1x1 to 960           160     4x5
  fpn 4  1x1 conv                                        128     4x5
  fpn 3  bilinear x2, add 1x1 conv of 112, separable     128     8x10
  fpn 2  bilinear x2, add 1x1 conv of 40, separable      128    16x20
  fpn 1  bilinear x2, add 1x1 conv of 24, separable      128    32x40
  reduce 3x3 conv                                         32    32x40
  head   1x1 conv, ReLU, plus the smallest depth           1    32x40
  out    bilinear x15, x16 (outside)                       1   480x640

BatchNorm and ReLU follow every convolution but the head's; a separable
convolution is a 3x3 depthwise and a 1x1. 2 939 017 parameters once BatchNorm
is folded, 5.9 MB in FP16.

Differences from the paper (section 4.7; [stated], [chosen])
  [stated]   A simple network on MobileNetV3 features.
  [chosen]   All else: MobileNetV3-Large, whose segmentation-trained weights
             are public (the team pre-trains on segmentation); the input; the
             taps; a feature pyramid, every decoder width and FP16, which
             together meet Table 1's 5.9 MB (FP32 of a smaller network would as
             well); a bilinear output upsampling, which fits Table 1's runtime;
             BatchNorm momentum 0.9; the head's offset `min_depth_m`, its start
             `initial_depth_m` and its `depth_code`.

The team distils a vision transformer into the network
(gin_configs/icl_distilled.gin).
"""

import dataclasses

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import fusion
from depth_mai.layers import resize
from depth_mai.models import system_base
from depth_mai.models.encoders import mobilenet_v3

_PYRAMID_CHANNELS = 128


@dataclasses.dataclass(frozen=True)
class IclOptions(mobilenet_v3.LargeOptions):
  """Options of ICL: those of all systems with this encoder."""


@system_base.register(options=IclOptions, output_upsampling='bilinear')
def icl(options: IclOptions = IclOptions()) -> keras.Model:
  """Builds ICL's network.

  Args:
    options: see IclOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/4, w/4, 1], metres.
  """

  def lateral(x, number):
    return conv_norm.conv_norm(
      x, _PYRAMID_CHANNELS, 1, name=f'fpn_{number}_lateral', norm=options.norm
    )

  rgb, x = system_base.rgb_input(options)
  *skips, x = mobilenet_v3.encode_large(x, (3, 6, 12, 15), options)
  x = lateral(x, 4)
  for number in (3, 2, 1):
    skip = lateral(skips[number - 1], number)
    x = resize.Resize(*skip.shape[1:3], name=f'fpn_{number}_resize')(x)
    x = keras.layers.Add(name=f'fpn_{number}_add')([x, skip])
    x = fusion.separable_norm(
      x, _PYRAMID_CHANNELS, name=f'fpn_{number}', norm=options.norm
    )
  x = conv_norm.conv_norm(x, 32, 3, name='reduce', norm=options.norm)
  depth = depth_head.depth_head(x, kernel_size=1, options=options)
  return keras.Model(rgb, depth, name='icl')
