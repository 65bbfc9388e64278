# SPDX-License-Identifier: Apache-2.0
"""JMU-CVLab (rank 7): MobileNetV3 and FastDepth's separable decoder.

Stage table (operation, channels, height x width; 128x160 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3   128x160
  enc    MobileNetV3-Large, stem                          16    64x80
           block 1, tapped                                16    64x80
           blocks 2-3, tapped                             24    32x40
           blocks 4-6, tapped                             40    16x20
           blocks 7-10, tapped                            80     8x10
           blocks 11-12, tapped; nothing at /32          112     8x10
  ffm 4  project, add 80, two separable convs            112     8x10
  ffm 3  project, bilinear x2, add 40, two separable      64    16x20
  ffm 2  project, bilinear x2, add 24, two separable      40    32x40
  ffm 1  project, bilinear x2, add 16, two separable      24    64x80
  head   3x3 conv, ReLU, plus the smallest depth           1    64x80
  out    bilinear x7.5, x8 (outside)                       1   480x640

BatchNorm and ReLU follow every convolution but the head's; see
layers/fusion.py for an FFM. 866 617 parameters once BatchNorm is
folded, 3.5 MB in FP32.

Differences from the paper (section 4.6; [stated], [inferred], [chosen])
  [stated]   160x128 (width x height) input, a MobileNetV3 encoder, a decoder
             inspired by FastDepth and the winner of 2021: FFM blocks that
             upsample and reduce the channels by projecting to a lower space
             with separable and pointwise convolutions.
  [inferred] The trunk of the winner of 2021 (see tencent_gylab.py): the file
             has 3.5 MB, the winner's 3.4.
  [chosen]   The parts of an FFM and their order, addition of the skips (as in
             FastDepth), every decoder width (tuned until the FP32 file met
             Table 1's 3.5 MB), bilinear resizing (FastDepth's is nearest), a
             bilinear output upsampling, which fits Table 1's runtime, the
             kernel of the last convolution, BatchNorm momentum 0.9, the head's
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
class JmuCvlabOptions(mobilenet_v3.LargeOptions):
  """Options of JMU-CVLab: those of all systems with this encoder."""

  STRIDE = 16


@system_base.register(options=JmuCvlabOptions, output_upsampling='bilinear')
def jmu_cvlab(options: JmuCvlabOptions = JmuCvlabOptions()) -> keras.Model:
  """Builds JMU-CVLab's network.

  Args:
    options: see JmuCvlabOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  rgb, x = system_base.rgb_input(options)
  *skips, x = mobilenet_v3.encode_large(x, (1, 3, 6, 10, 12), options)
  for number, filters in ((4, 112), (3, 64), (2, 40), (1, 24)):
    x = fusion.separable_fusion(
      x, skips[number - 1], filters, name=f'ffm_{number}', norm=options.norm
    )
  depth = depth_head.depth_head(x, kernel_size=3, options=options)
  return keras.Model(rgb, depth, name='jmu_cvlab')
