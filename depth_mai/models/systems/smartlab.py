# SPDX-License-Identifier: Apache-2.0
"""SmartLab (rank 6): EfficientNet-B1 encoder, MiDaS decoder.

Stage table (operation, channels, height x width; 64x96 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3    64x96
  enc    EfficientNet-B1 without its head:
         stages 1-2, tapped                               24    16x24
         stage 3, tapped                                  40     8x12
         stages 4-5, tapped                              112      4x6
         stages 6-7, tapped                              320      2x3
  lat    3x3 convolution of each tap to                   40   as the tap
  FFM 4  residual unit, 1x1, bilinear x2                  40      4x6
  FFM 3  plus residual unit of tap 3; the same            40     8x12
  FFM 2  plus residual unit of tap 2; the same            40    16x24
  FFM 1  plus residual unit of tap 1; the same            40    32x48
  head   3x3 40->20; 3x3 20->32, ReLU                     32    32x48
         1x1 32->1, ReLU, plus the smallest depth          1    32x48
  out    bilinear (outside)                                1   480x640

Differences from the report (section 4.5; [stated], [inferred], [chosen])
  [stated]   EfficientNet-B1 encoder, a structure that mainly follows MiDaS, FFM
             as the decoder's basic block.
  [MiDaS' code] The taps, the 3x3 convolutions behind them, the FFM (see
             layers/residual_fusion.py), the head's convolutions.
  [inferred] The whole trunk in 8-bit weights: 6.07 M parameters are 24 MB in
             FP32 and 12 MB in FP16, and Table 1 says 7.1 MB.
             Input size: with TensorFlow Lite's own kernels the network takes
             twice as many instructions at 96x128 (`input_size=(96, 128)`, the
             more accurate one), too many for Table 1's 65 ms.
  [chosen]   40 channels in the decoder, tuned until the dynamic-range file met
             7.1 MB. The head lacks MiDaS' last resize, so the map has half of
             the input's size. BatchNorm in the residual units (an option of
             MiDaS' code) and behind the head's convolutions
             (`decoder_batch_norm`), half-pixel interpolation, input in -1..1,
             the head's offset `min_depth_m`, its start `initial_depth_m` and
             its `depth_code`.
"""

import dataclasses

import keras

from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import residual_fusion
from depth_mai.models import rgb_input
from depth_mai.models.encoders import efficientnet


@dataclasses.dataclass(frozen=True)
class SmartlabOptions:
  """What can be chosen in SmartLab.

  Attributes:
    input_size: (height, width) of the network's input, multiples of 32; the
      predicted map has half of it.
    decoder_channels: of all four fusion blocks, an even number.
    decoder_batch_norm: whether BatchNorm follows the decoder's 3x3
      convolutions; without it they have biases, as in MiDaS.
    drop_connect: rate at which the encoder's last block is left out in
      training (earlier blocks less); the paper has 0.2, for ImageNet.
    batch_norm_momentum: of the moving statistics.
    min_depth_m: smallest depth the head can say, metres.
    initial_depth_m: what the untrained head says, metres.
    depth_code: 'linear', 'log' or 'inverse', what the head says of the depth;
      see layers/depth_head.py.
  """

  input_size: tuple[int, int] = (64, 96)
  decoder_channels: int = 40
  decoder_batch_norm: bool = True
  drop_connect: float = 0.0
  batch_norm_momentum: float = 0.9
  min_depth_m: float = 0.1
  initial_depth_m: float = 2.5
  depth_code: str = 'linear'

  def __post_init__(self):
    """Checks the options."""
    rgb_input.check_input_size(self, 32)
    if self.decoder_channels < 2 or self.decoder_channels % 2:
      raise ValueError(
        f'SmartlabOptions.decoder_channels={self.decoder_channels} must be '
        'even: the head halves it.'
      )
    if not 0 <= self.drop_connect < 1:
      raise ValueError(
        f'SmartlabOptions.drop_connect={self.drop_connect} must be in [0, 1).'
      )


def smartlab(options: SmartlabOptions = SmartlabOptions()) -> keras.Model:
  """Builds SmartLab.

  Args:
    options: see SmartlabOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  channels = options.decoder_channels
  norm = conv_norm.BatchNorm(options.batch_norm_momentum)
  decoder_norm = norm if options.decoder_batch_norm else None

  rgb, x = rgb_input.rgb_input(options.input_size)
  taps = efficientnet.encode_b1(x, norm, options.drop_connect)

  path = None
  for level in (4, 3, 2, 1):
    skip = residual_fusion.conv3x3(
      taps[level - 1], channels, norm=decoder_norm, name=f'lateral_{level}'
    )
    if path is None:
      path, skip = skip, None
    path = residual_fusion.residual_fusion(
      path, skip, norm=decoder_norm, name=f'ffm_{level}'
    )

  x = residual_fusion.conv3x3(
    path, channels // 2, norm=decoder_norm, name='head_1'
  )
  x = residual_fusion.conv3x3(
    x, 32, norm=decoder_norm, name='head_2', activation='relu'
  )
  depth = depth_head.depth_head(
    x,
    kernel_size=1,
    min_depth_m=options.min_depth_m,
    initial_depth_m=options.initial_depth_m,
    depth_code=options.depth_code,
  )
  return keras.Model(rgb, depth, name='smartlab')
