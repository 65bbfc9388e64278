# SPDX-License-Identifier: Apache-2.0
"""TCL, "Simplified UNET" (rank 1): MobileNetV3 encoder, CLB decoder.

Stage table (operation, channels, height x width; 128x160 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3   128x160
  enc    MobileNetV3-Small minimalistic, stem             16    64x80
           block 1, tapped                                16    32x40
           blocks 2-3, tapped                             24    16x20
           blocks 4-6                                     40     8x10
           blocks 7-8, tapped; nothing at /32             48     8x10
  mid    CLB3 48->144, CLB3 144->144 twice (residual),
         CLB3 144->128                                   128     8x10
  up 1   bilinear x2, concatenate 24, CLB3 152->24        24    16x20
  up 2   bilinear x2, concatenate 16, CLB3 40->12         12    32x40
  up 3   bilinear to 48x64, CLB3 12->8                     8    48x64
  head   CLB3 8->1, ReLU, plus the smallest depth          1    48x64
  out    nearest x10 (outside)                             1   480x640

BatchNorm and ReLU follow every CLB but the head's. A CLB (collapsible linear
block, see layers/clb.py) trains 256 channels wide and is exported as one
convolution, into which the converter folds the BatchNorm.

Differences from the paper (section 4.1; [stated], [inferred], [chosen])
  [stated]   160x128 (width x height) input, simplified MobileNetV3 encoder
             without its lowest-resolution blocks, a decoder of CLBs only, 64x48
             map brought to 640x480.
  [inferred] 64x48 is no dyadic fraction of 160x128, so the decoder contains one
             non-integer resize; `input_size=(96, 128)` is the other reading,
             where 48x64 is exactly half. The output upsampling is nearest: with
             TensorFlow Lite's own kernels a bilinear one takes as many
             instructions as the rest of the network, too many for 46 ms.
  [chosen]   The encoder's variant and taps, every decoder width (tuned until
             the FP32 file met Table 1's 2.9 MB), residual CLBs where channels
             agree, ReLU instead of PReLU (`clb_activation`), BatchNorm after
             the CLBs (without it some trainings fail in their first steps), the
             head's offset `min_depth_m` (a prediction of zero has an infinite
             logarithm), its start `initial_depth_m` and its `depth_code`.
"""

import dataclasses
import functools

import keras

from depth_mai.layers import clb
from depth_mai.layers import depth_head
from depth_mai.layers import resize
from depth_mai.models import system_base
from depth_mai.models.encoders import mobilenet_v3


@dataclasses.dataclass(frozen=True)
class TclOptions(system_base.Options):
  """Options of TCL, in addition to those of all systems.

  Attributes:
    output_size: (height, width) of the predicted map, pixels.
    clb_expansion: training-time width of a collapsible linear block.
    clb_activation: 'relu' or 'prelu' (shared over height and width).
    clb_batch_norm: whether to insert BatchNorm between a CLB and its
      activation.
    dropout: rate of spatial dropout after the 8x10 blocks; 0 for none.
  """

  STRIDE = 16

  output_size: tuple[int, int] = (48, 64)
  clb_expansion: int = 256
  clb_activation: str = 'relu'
  clb_batch_norm: bool = True
  dropout: float = 0.0

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    if self.clb_activation not in ('relu', 'prelu'):
      raise ValueError(
        f'TclOptions.clb_activation={self.clb_activation!r} must be relu or '
        'prelu.'
      )


@system_base.register(options=TclOptions, output_upsampling='nearest')
def tcl(options: TclOptions = TclOptions()) -> keras.Model:
  """Builds TCL.

  Args:
    options: see TclOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h', w', 1], metres, at `output_size`.
  """
  height, width = options.input_size

  def block(x, filters, name, residual=False):
    x = clb.CollapsibleConv2D(
      filters, expansion=options.clb_expansion, residual=residual, name=name
    )(x)
    if options.clb_batch_norm:
      x = options.norm(x, f'{name}_bn')
    if options.clb_activation == 'prelu':
      return keras.layers.PReLU(shared_axes=[1, 2], name=f'{name}_act')(x)
    return keras.layers.ReLU(name=f'{name}_act')(x)

  def dropout(x, name):
    if not options.dropout:
      return x
    return keras.layers.SpatialDropout2D(options.dropout, name=name)(x)

  rgb, x = system_base.rgb_input(options)
  quarter, eighth, sixteenth = mobilenet_v3.encode(
    x,
    mobilenet_v3.SMALL_MINIMALISTIC,
    taps=(1, 3, 8),
    norm=options.norm,
  )

  x = block(sixteenth, 144, 'mid_1')
  x = dropout(x, 'mid_1_dropout')
  x = block(x, 144, 'mid_2', residual=True)
  x = block(x, 144, 'mid_3', residual=True)
  x = dropout(x, 'mid_3_dropout')
  x = block(x, 128, 'mid_4')
  x = dropout(x, 'mid_4_dropout')

  x = resize.Resize(height // 8, width // 8, name='up_1')(x)
  x = keras.layers.Concatenate(name='up_1_concat')([x, eighth])
  x = block(x, 24, 'up_1_clb')
  x = resize.Resize(height // 4, width // 4, name='up_2')(x)
  x = keras.layers.Concatenate(name='up_2_concat')([x, quarter])
  x = block(x, 12, 'up_2_clb')
  x = resize.Resize(*options.output_size, name='up_3')(x)
  x = block(x, 8, 'up_3_clb')

  depth = depth_head.depth_head(
    x,
    kernel_size=3,
    options=options,
    convolution=functools.partial(
      clb.CollapsibleConv2D, expansion=options.clb_expansion
    ),
  )
  return keras.Model(rgb, depth, name='tcl')
