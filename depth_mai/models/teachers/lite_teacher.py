# SPDX-License-Identifier: Apache-2.0
"""A teacher that a machine without a GPU can train: the family, large.

Stage table (operation, channels, height x width)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3   224x288
  enc    EfficientNet-Lite2, stem                         32   112x144
           block 1                                        16   112x144
           blocks 2-4, tapped                             24    56x72
           blocks 5-7, tapped                             48    28x36
           blocks 8-15, tapped                           120    14x18
           blocks 16-21, tapped                          352     7x9
  up 4   1x1 352->128, ReLU6, 3x3                        128     7x9
  up 3   1x1 128->96, bilinear x2, add 1x1 120->96, ReLU6,
         3x3                                              96    14x18
  up 2   the same, to 64                                  64    28x36
  up 1   the same, to 32                                  32    56x72
  head   3x3 32->1, ReLU, plus the smallest depth          1    56x72
  out    bilinear (outside)                                1   480x640

systems/ours.py explains the decoder. Everything here is chosen: the largest
published EfficientNet-Lite whose weights a package contains, at a size that two
cores train in less than an hour; plain convolutions, as it is never exported.
"""

import dataclasses

import keras

from depth_mai.models import system_base
from depth_mai.models.systems import ours


@dataclasses.dataclass(frozen=True)
class LiteTeacherOptions(ours.OursOptions):
  """The options of the family with the teacher's defaults."""

  input_size: tuple[int, int] = (224, 288)
  encoder: str = 'lite2'
  last_block: int = 21
  decoder_channels: tuple[int, ...] = (128, 96, 64, 32)
  clb_expansion: int = 0


@system_base.register(options=LiteTeacherOptions, output_upsampling='bilinear')
def lite_teacher(
  options: LiteTeacherOptions = LiteTeacherOptions(),
) -> keras.Model:
  """Builds the teacher.

  Args:
    options: see ours.OursOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h', w', 1], metres, at the size of the decoder's last map.
  """
  return ours.build(options, 'lite_teacher')
