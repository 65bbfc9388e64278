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
  FFM 3  plus residual unit of tap 3; as FFM 4            40     8x12
  FFM 2  plus residual unit of tap 2; as FFM 4            40    16x24
  FFM 1  plus residual unit of tap 1; as FFM 4            40    32x48
  head   3x3 40->20; 3x3 20->32, ReLU                     32    32x48
         1x1 32->1, ReLU, plus the smallest depth          1    32x48
  out    bilinear (outside)                                1   480x640

Differences from the paper (section 4.5; [stated], [inferred], [chosen])
  [stated]   EfficientNet-B1 encoder, a structure that mainly follows MiDaS, FFM
             as the decoder's basic block.
  [MiDaS' code] The taps and the decoder, see layers/midas_decoder.py.
  [inferred] The whole trunk in 8-bit weights: 6.07 M parameters are 24 MB in
             FP32 and 12 MB in FP16, and Table 1 gives 7.1 MB.
             Input size: with TensorFlow Lite's own kernels the network takes
             twice as many instructions at 96x128 (`input_size=(96, 128)`, the
             more accurate one), too many for Table 1's 65 ms.
  [chosen]   40 channels in the decoder, tuned until the dynamic-range file met
             7.1 MB. The head lacks MiDaS' last resize, so the map has half of
             the input's size. BatchNorm in the residual units (an option of
             MiDaS' code) and after the head's convolutions
             (`decoder_batch_norm`), half-pixel interpolation, input in -1..1,
             the head's offset `min_depth_m`, its start `initial_depth_m` and
             its `depth_code`.

The team distils a larger network of the same kind into this one
(gin_configs/smartlab_distilled.gin).
"""

import dataclasses

import keras

from depth_mai.models import midas_network
from depth_mai.models import system_base


@dataclasses.dataclass(frozen=True)
class SmartlabOptions(midas_network.MidasOptions):
  """Options of SmartLab: those of all networks of this kind."""

  input_size: tuple[int, int] = (64, 96)
  decoder_channels: int = 40
  decoder_batch_norm: bool = True


@system_base.register(options=SmartlabOptions, output_upsampling='bilinear')
def smartlab(options: SmartlabOptions = SmartlabOptions()) -> keras.Model:
  """Builds SmartLab.

  Args:
    options: see SmartlabOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  return midas_network.build(options, 'b1', 'smartlab')
