# SPDX-License-Identifier: Apache-2.0
"""SmartLab's teacher: a large EfficientNet with the decoder of MiDaS.

Stage table (operation, channels, height x width; B5, 384x512 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3   384x512
  enc    EfficientNet-B5 without its head:
         stages 1-2, tapped                               40    96x128
         stage 3, tapped                                  64    48x64
         stages 4-5, tapped                              176    24x32
         stages 6-7, tapped                              512    12x16
  lat    3x3 convolution of each tap to                  256   as the tap
  FFM 4  residual unit, 1x1, bilinear x2                 256    24x32
  FFM 3  plus residual unit of tap 3; as FFM 4           256    48x64
  FFM 2  plus residual unit of tap 2; as FFM 4           256   96x128
  FFM 1  plus residual unit of tap 1; as FFM 4           256  192x256
  head   3x3 256->128; 3x3 128->32, ReLU                  32  192x256
         1x1 32->1, ReLU, plus the smallest depth          1  192x256

38 138 801 parameters, 27 456 752 of them in the encoder; 73 591 889 with B7.

The student (systems/smartlab.py) is built alike. Distillation reads, in both,
the ends of the fusion blocks, 'ffm_4_up' to 'ffm_1_up', at 1/16 to 1/2 of the
input's size. No activation follows them.

Differences from the team's teacher ([stated], [chosen])
  [stated]   A larger EfficientNet encoder-decoder of the student's kind.
  [chosen]   EfficientNet-B5, for its cost. `encoder` 'b7' is closer to the
             team's teacher of 2021: its student has 15 MB and 94.7 % fewer
             parameters, so that it had about 70 M. The 256 channels of MiDaS'
             large network, 384x512: the height of MiDaS' pictures and the shape
             of ours; no BatchNorm in the decoder, as in MiDaS
             (`decoder_batch_norm`); the rest as for the student.
"""

import dataclasses

import keras

from depth_mai.models import midas_network
from depth_mai.models import system_base
from depth_mai.models.encoders import efficientnet


@dataclasses.dataclass(frozen=True)
class MidasTeacherOptions(midas_network.MidasOptions):
  """Options of the teacher, in addition to those of networks of this kind.

  Attributes:
    encoder: 'b0' to 'b7'.
  """

  input_size: tuple[int, int] = (384, 512)
  encoder: str = 'b5'

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    if self.encoder not in efficientnet.VARIANTS:
      raise ValueError(
        f'MidasTeacherOptions.encoder={self.encoder!r} is not one of '
        f'{", ".join(efficientnet.VARIANTS)}.'
      )


@system_base.register(options=MidasTeacherOptions, output_upsampling='bilinear')
def midas_teacher(
  options: MidasTeacherOptions = MidasTeacherOptions(),
) -> keras.Model:
  """Builds SmartLab's teacher.

  Args:
    options: see MidasTeacherOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  return midas_network.build(options, options.encoder, 'midas_teacher')
