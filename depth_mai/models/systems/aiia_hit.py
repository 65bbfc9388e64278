# SPDX-License-Identifier: Apache-2.0
"""AIIA HIT, "LiteDepth" (rank 2): MobileNetV3 encoder, 1x1 decoder.

Stage table (operation, channels, height x width; 128x160 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3   128x160
  enc    MobileNetV3-Small minimalistic, stem             16    64x80
           block 1, tapped                                16    32x40
           blocks 2-3, tapped                             24    16x20
           blocks 4-6                                     40     8x10
           blocks 7-8, tapped                             48     8x10
           blocks 9-11, tapped; no 1x1 to 576             96     4x5
  dec 1  1x1 conv, ReLU                                   72     4x5
  dec 2  bilinear x2, concatenate 48, 1x1 conv, ReLU      24     8x10
  dec 3  bilinear x2, concatenate 24, 1x1 conv, ReLU       8    16x20
  dec 4  bilinear x2, concatenate 16 (24 in all)
           3x3 conv, ReLU                                 24    32x40
  head   1x1 conv, ReLU, plus the smallest depth           1    32x40
  out    upsampling x15, x16 (outside)                     1   480x640

382 473 parameters once BatchNorm is folded, 1.53 MB in FP32. The
authors distil a teacher into 'dec_2', 'dec_3' and 'dec_4' before their ReLU
(gin_configs/aiia_hit_distilled.gin).

Differences from the paper (section 4.2; [stated], [authors' code], [chosen])
  [stated]       160x128 (width x height) input, MobileNetV3 encoder, a decoder
                 of a single 3x3 and four 1x1 convolution modules that fuses
                 features by bilinear upsampling and concatenation.
  [authors' code] The encoder's variant and taps, every width, Xavier-uniform
                 kernels and no BatchNorm in the decoder, ReLU at the end, a
                 nearest upsampling to 640x480.
  [chosen]       Half-pixel bilinear resizing instead of aligned corners (one
                 rule for all systems, and XNNPACK runs it), BatchNorm momentum
                 0.9, `decoder_batch_norm`, the head's offset `min_depth_m`
                 (the authors clip to 1e-3..40 m when they test), its start
                 `initial_depth_m` and its `depth_code`.
"""

import dataclasses

import keras

from depth_mai.layers import depth_head
from depth_mai.layers import light_decoder
from depth_mai.models import system_base
from depth_mai.models.encoders import mobilenet_v3


@dataclasses.dataclass(frozen=True)
class AiiaHitOptions(system_base.Options):
  """Options of LiteDepth, in addition to those of all systems.

  Attributes:
    decoder_batch_norm: whether to insert BatchNorm between the decoder's
      convolutions and their ReLU. It costs nothing once folded.
  """

  decoder_batch_norm: bool = False


# Source of the upsampling: the authors' code.
@system_base.register(options=AiiaHitOptions, output_upsampling='nearest')
def aiia_hit(options: AiiaHitOptions = AiiaHitOptions()) -> keras.Model:
  """Builds LiteDepth.

  Args:
    options: see AiiaHitOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/4, w/4, 1], metres.
  """
  rgb, x = system_base.rgb_input(options)
  taps = mobilenet_v3.encode(
    x, mobilenet_v3.SMALL_MINIMALISTIC, taps=(1, 3, 8, 11), norm=options.norm
  )
  x = light_decoder.light_decoder(
    taps,
    (72, 24, 8, 24),
    norm=options.norm if options.decoder_batch_norm else None,
  )
  depth = depth_head.depth_head(x, kernel_size=1, options=options)
  return keras.Model(rgb, depth, name='aiia_hit')
