# SPDX-License-Identifier: Apache-2.0
"""EfficientNet with MiDaS' decoder: SmartLab's student and its teacher."""

import dataclasses

import keras

from depth_mai.layers import depth_head
from depth_mai.layers import midas_decoder
from depth_mai.models import system_base
from depth_mai.models.encoders import efficientnet


@dataclasses.dataclass(frozen=True)
class MidasOptions(system_base.Options):
  """Options of such a network, in addition to those of all systems.

  Attributes:
    decoder_channels: channels of all four fusion blocks, an even number.
    decoder_batch_norm: whether BatchNorm follows the decoder's 3x3
      convolutions; without it they have biases, as in MiDaS.
    drop_connect: rate at which training skips the encoder's last block (earlier
      blocks less often). EfficientNet's authors use 0.2 for ImageNet.
  """

  decoder_channels: int = 256
  decoder_batch_norm: bool = False
  drop_connect: float = 0.0

  def __post_init__(self):
    """Checks the options."""
    super().__post_init__()
    name = type(self).__name__
    if self.decoder_channels < 2 or self.decoder_channels % 2:
      raise ValueError(
        f'{name}.decoder_channels={self.decoder_channels} must be even: the '
        'head halves it.'
      )
    if not 0 <= self.drop_connect < 1:
      raise ValueError(
        f'{name}.drop_connect={self.drop_connect} must be in [0, 1).'
      )


def build(options: MidasOptions, encoder: str, name: str) -> keras.Model:
  """Builds a network.

  Args:
    options: see MidasOptions.
    encoder: a variant of EfficientNet, 'b0' to 'b7'.
    name: name of the network.

  Returns:
    A functional model from RGB [B, h, w, 3], 0..255, at `input_size` to depth
    [B, h/2, w/2, 1], metres.
  """
  rgb, x = system_base.rgb_input(options)
  taps = efficientnet.encode(x, encoder, options.norm, options.drop_connect)
  x = midas_decoder.midas_decoder(
    taps,
    options.decoder_channels,
    norm=options.norm if options.decoder_batch_norm else None,
  )
  depth = depth_head.depth_head(x, kernel_size=1, options=options)
  return keras.Model(rgb, depth, name=name)
