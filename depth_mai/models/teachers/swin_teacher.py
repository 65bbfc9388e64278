# SPDX-License-Identifier: Apache-2.0
"""AIIA HIT's teacher: Swin-L with the decoder of LiteDepth.

Stage table (operation, channels, height x width; 128x160 input)

  in     bilinear resize (outside), ImageNet's mean and std   3   128x160
  stem   4x4 convolution, stride 4, LayerNorm               192    32x40
  enc    blocks 1-2, tapped                                 192    32x40
         merge; blocks 3-4, tapped                          384    16x20
         merge; blocks 5-22, tapped                         768     8x10
         merge; blocks 23-24, tapped                       1536     4x5
         LayerNorm of each tap                                    as the tap
  dec 1  1x1 conv, ReLU                                     768     4x5
  dec 2  bilinear x2, concatenate 768, 1x1 conv, ReLU       192     8x10
  dec 3  bilinear x2, concatenate 384, 1x1 conv, ReLU        48    16x20
  dec 4  bilinear x2, concatenate 192 (240 in all)
         3x3 conv, ReLU                                      24    32x40
  head   1x1 conv, ReLU, plus the smallest depth              1    32x40

196 553 269 parameters: 194 992 404 of the encoder, which are Swin-L's without
its last norm and classifier, and 1 560 865 after it.

The student (systems/aiia_hit.py) has the same decoder. Distillation reads, in
both, the convolutions 'dec_2', 'dec_3' and 'dec_4', before their ReLU.

Differences from the authors' teacher (their code, as for the student)
  [authors' code] Swin-L with windows of 7, padded; the norms of the taps; the
             decoder and its widths; drop path 0.3; 128x160, ImageNet's mean and
             standard deviation.
  [chosen]   Half-pixel bilinear resizing instead of aligned corners, the
             head's offset `min_depth_m`, its start `initial_depth_m` and its
             `depth_code`, as for the student.
"""

import dataclasses

import keras

from depth_mai.layers import depth_head
from depth_mai.layers import light_decoder
from depth_mai.models import normalisation
from depth_mai.models import system_base
from depth_mai.models.encoders import swin


@dataclasses.dataclass(frozen=True)
class SwinTeacherOptions(system_base.Options):
  """Options of the teacher, in addition to those of all systems.

  Attributes:
    embedding: channels of the first stage; each stage has twice as many as the
      one before.
    depths: number of blocks of each of the four stages.
    heads: number of heads of each stage, divisors of its channels.
    window: side of the windows of attention.
    drop_path: rate at which training skips the last block, earlier ones less.
    decoder_channels: channels of 'dec_1' to 'dec_4'.
  """

  embedding: int = 192
  depths: tuple[int, ...] = (2, 2, 18, 2)
  heads: tuple[int, ...] = (6, 12, 24, 48)
  window: int = 7
  drop_path: float = 0.3
  decoder_channels: tuple[int, int, int, int] = (768, 192, 48, 24)

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    for name in ('depths', 'heads', 'decoder_channels'):
      numbers = getattr(self, name)
      if len(numbers) != 4 or min(numbers) < 1:
        raise ValueError(
          f'SwinTeacherOptions.{name}={numbers} must be four numbers above 0.'
        )
    for stage, heads in enumerate(self.heads):
      if self.embedding * 2**stage % heads:
        raise ValueError(
          f'SwinTeacherOptions.heads={self.heads}: the '
          f'{self.embedding * 2**stage} channels of stage {stage + 1} cannot '
          f'be divided among {heads} heads. Change heads or embedding.'
        )
    if self.window < 2:
      raise ValueError(
        f'SwinTeacherOptions.window={self.window} must be above 1.'
      )
    if not 0 <= self.drop_path < 1:
      raise ValueError(
        f'SwinTeacherOptions.drop_path={self.drop_path} must be in [0, 1).'
      )


# As for the student, whose authors upsample to the nearest pixel.
@system_base.register(options=SwinTeacherOptions, output_upsampling='nearest')
def swin_teacher(
  options: SwinTeacherOptions = SwinTeacherOptions(),
) -> keras.Model:
  """Builds AIIA HIT's teacher.

  Args:
    options: see SwinTeacherOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/4, w/4, 1], metres.
  """
  rgb, x = system_base.rgb_input(options, normalisation.IMAGENET)
  stages = swin.encode(
    x,
    embedding=options.embedding,
    depths=options.depths,
    heads=options.heads,
    window=options.window,
    drop_path=options.drop_path,
  )
  taps = [
    keras.layers.LayerNormalization(epsilon=1e-5, name=f'tap_{number}_norm')(x)
    for number, x in enumerate(stages, start=1)
  ]
  x = light_decoder.light_decoder(taps, options.decoder_channels, norm=None)
  depth = depth_head.depth_head(x, kernel_size=1, options=options)
  return keras.Model(rgb, depth, name='swin_teacher')
