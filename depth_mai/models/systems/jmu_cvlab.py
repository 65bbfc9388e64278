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
  out    upsampling x7.5, x8 (outside)                     1   480x640

BatchNorm and ReLU follow every convolution but the head's; see
layers/separable_fusion.py for an FFM. 866 617 parameters once BatchNorm is
folded, 3.5 MB in FP32.

Differences from the report (section 4.6; [stated], [inferred], [chosen])
  [stated]   160x128 (width x height) input, a MobileNetV3 encoder, a decoder
             inspired by FastDepth and the winner of 2021: FFM blocks that
             upsample and reduce the channels by projecting to a lower space
             with separable and pointwise convolutions.
  [inferred] The trunk of the winner of 2021 (see tencent_gylab.py), as the
             file is 3.5 MB to its 3.4.
  [chosen]   The parts of an FFM and their order, addition of the skips (as in
             FastDepth), every decoder width (tuned until the FP32 file met
             Table 1's 3.5 MB), bilinear resizing (FastDepth's is nearest), the
             kernel of the last convolution, BatchNorm momentum 0.9, the head's
             offset `min_depth_m`, its start `initial_depth_m` and its
             `depth_code`.
"""

import dataclasses

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import separable_fusion
from depth_mai.models import rgb_input
from depth_mai.models.encoders import mobilenet_v3


@dataclasses.dataclass(frozen=True)
class JmuCvlabOptions:
  """What can be chosen in JMU-CVLab's network.

  Attributes:
    input_size: (height, width) of the network's input, multiples of 16; the
      predicted map has half of it.
    batch_norm_momentum: of the moving statistics.
    min_depth_m: smallest depth the head can say, metres.
    initial_depth_m: what the untrained head says, metres.
    depth_code: 'linear', 'log' or 'inverse', what the head says of the depth;
      see layers/depth_head.py.
    encoder_activation: 'hard_swish' or 'relu'; see mobilenet_v3.large.
  """

  input_size: tuple[int, int] = (128, 160)
  batch_norm_momentum: float = 0.9
  min_depth_m: float = 0.1
  initial_depth_m: float = 2.5
  depth_code: str = 'linear'
  encoder_activation: str = 'hard_swish'

  def __post_init__(self):
    """Checks the options."""
    rgb_input.check_input_size(self, 16)
    mobilenet_v3.large(self.encoder_activation)


def jmu_cvlab(options: JmuCvlabOptions = JmuCvlabOptions()) -> keras.Model:
  """Builds JMU-CVLab's network.

  Args:
    options: see JmuCvlabOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  norm = conv_norm.BatchNorm(options.batch_norm_momentum)
  rgb, x = rgb_input.rgb_input(options.input_size)
  *skips, x = mobilenet_v3.encode(
    x,
    mobilenet_v3.large(options.encoder_activation),
    taps=(1, 3, 6, 10, 12),
    norm=norm,
  )
  for number, filters in ((4, 112), (3, 64), (2, 40), (1, 24)):
    x = separable_fusion.separable_fusion(
      x, skips[number - 1], filters, name=f'ffm_{number}', norm=norm
    )
  depth = depth_head.depth_head(
    x,
    kernel_size=3,
    min_depth_m=options.min_depth_m,
    initial_depth_m=options.initial_depth_m,
    depth_code=options.depth_code,
  )
  return keras.Model(rgb, depth, name='jmu_cvlab')
