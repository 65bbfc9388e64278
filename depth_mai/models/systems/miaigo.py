# SPDX-License-Identifier: Apache-2.0
"""MiAIgo, "SL-Depth" (rank 3): narrow GhostNet, ASPP, concatenating decoder.

Stage table (operation, channels, height x width; 96x128 input)

  in     bilinear resize (outside), (x - 127.5) / 127.5    3    96x128
  stem   3x3 convolution, stride 2                        16    48x64
  B1     ghost bottleneck, tapped                         16    48x64
  B2     2 ghost bottlenecks, tapped                      24    24x32
  B3     2 ghost bottlenecks with gates, tapped           40    12x16
  B4     3 ghost bottlenecks                              80     6x8
  ASPP   1x1; 3x3 at rates 1, 2, 3; image mean: 5 x 40,
         joined by 1x1                                    64     6x8
  SFM 3  bilinear x2, concatenate B3, 3x3 104->40         40    12x16
  SFM 2  bilinear x2, concatenate B2, 3x3 64->24          24    24x32
  SFM 1  bilinear x2, concatenate B1, 3x3 40->16          16    48x64
  head   3x3 16->1, ReLU, plus the smallest depth          1    48x64
  out    nearest x10 (outside)                             1   480x640

BatchNorm follows every convolution but the head's, ReLU as in the GhostNet
authors' code.

Differences from the paper (section 4.3; [stated], [authors' code], [chosen])
  [stated]   128x96 (width x height) input, a GhostNet with fewer channels as an
             encoder of four blocks, ASPP on top of it, Simple Fusion Modules
             that concatenate the stages' outputs with the decoder's maps, a
             nearest resize to 640x480.
  [authors' code] GhostNet's ghost modules, bottlenecks, kernel sizes,
             expansions and the place of the gates (its first four sizes).
  [chosen]   Which of GhostNet's bottlenecks stay; the ASPP's rates 1, 2, 3
             (DeepLabv3's 6, 12, 18 would reach only the zero padding around a
             6x8 map) and its width, tuned until the FP32 file met Table 1's
             1.0 MB; the decoder's widths and its 3x3 convolutions; input in
             -1..1; the head's offset `min_depth_m`, its start `initial_depth_m`
             and its `depth_code`.
"""

import dataclasses

import keras

from depth_mai.layers import aspp
from depth_mai.layers import conv_norm
from depth_mai.layers import depth_head
from depth_mai.layers import fusion
from depth_mai.layers import ghost
from depth_mai.models import system_base

# The encoder's four blocks, rows of GhostNet's table: kernel, expanded
# channels, output channels, gate, stride.
_ENCODER = (
  ((3, 16, 16, False, 1),),
  ((3, 48, 24, False, 2), (3, 72, 24, False, 1)),
  ((5, 72, 40, True, 2), (5, 120, 40, True, 1)),
  ((3, 240, 80, False, 2), (3, 200, 80, False, 1), (3, 184, 80, False, 1)),
)


@dataclasses.dataclass(frozen=True)
class MiaigoOptions(system_base.Options):
  """Options of MiAIgo, in addition to those of all systems.

  Attributes:
    aspp_channels: channels of each of the ASPP's five branches.
    aspp_rates: rates of its atrous convolutions.
  """

  STRIDE = 16

  input_size: tuple[int, int] = (96, 128)
  aspp_channels: int = 40
  aspp_rates: tuple[int, ...] = (1, 2, 3)

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    smallest_side = min(self.input_size) // self.STRIDE
    if any(not 1 <= rate < smallest_side for rate in self.aspp_rates):
      raise ValueError(
        f'MiaigoOptions.aspp_rates={self.aspp_rates} must be within '
        f'1..{smallest_side - 1}: the map has {smallest_side} rows or columns, '
        'and a larger rate reaches only the zero padding.'
      )
    if len(set(self.aspp_rates)) != len(self.aspp_rates):
      raise ValueError(
        f'MiaigoOptions.aspp_rates={self.aspp_rates} must all differ.'
      )


@system_base.register(options=MiaigoOptions, output_upsampling='nearest')
def miaigo(options: MiaigoOptions = MiaigoOptions()) -> keras.Model:
  """Builds MiAIgo.

  Args:
    options: see MiaigoOptions.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  rgb, x = system_base.rgb_input(options)
  x = conv_norm.conv_norm(x, 16, 3, name='stem', norm=options.norm, stride=2)
  taps = []
  for stage, rows in enumerate(_ENCODER, start=1):
    for row, (kernel, expanded, filters, gate, stride) in enumerate(rows, 1):
      x = ghost.ghost_bottleneck(
        x,
        kernel_size=kernel,
        expanded=expanded,
        filters=filters,
        use_squeeze_excite=gate,
        stride=stride,
        norm=options.norm,
        name=f'block_{stage}_{row}',
      )
    taps.append(x)

  x = aspp.aspp(
    taps.pop(),
    branch_filters=options.aspp_channels,
    filters=64,
    rates=options.aspp_rates,
    norm=options.norm,
    name='aspp',
  )
  for level, filters in ((3, 40), (2, 24), (1, 16)):
    x = fusion.simple_fusion(
      x, taps.pop(), filters, norm=options.norm, name=f'sfm_{level}'
    )
  depth = depth_head.depth_head(x, kernel_size=3, options=options)
  return keras.Model(rgb, depth, name='miaigo')
