# SPDX-License-Identifier: Apache-2.0
"""Upsamples the predicted map to the image's size, in one of five forms.

On a CPU this last step can cost more than the network. There are two
interpolations, each in several forms, whose cost benchmarks/graph_choices.py
measures:

  bilinear            one RESIZE_BILINEAR
  bilinear_separable  the values of bilinear, one axis at a time; see
                      SeparableResize
  nearest             one RESIZE_NEAREST_NEIGHBOR; runs outside XNNPACK
  tile                the values of nearest by RESHAPE and TILE, for integer
                      factors; runs outside XNNPACK, needs TFLite 2.8 in INT8
  nearest_broadcast   the values of nearest by ADD and CONCATENATION; see
                      broadcast_upsample.py
"""

from typing import Any

import keras

from depth_mai.layers import broadcast_upsample
from depth_mai.layers import resize

OUTPUT_UPSAMPLINGS = (
  'bilinear',
  'bilinear_separable',
  'nearest',
  'tile',
  'nearest_broadcast',
)


def _resize_columns(x: keras.KerasTensor, height: int) -> keras.KerasTensor:
  """Resizes [B, h, 1, C] to [B, height, 1, C], half-pixel centres."""
  return keras.ops.image.resize(
    x,
    (height, 1),
    interpolation='bilinear',
    antialias=False,
    data_format='channels_last',
  )


@keras.saving.register_keras_serializable(package='depth_mai')
class SeparableResize(resize.FixedSize):
  """Resizes [B, h, w, 1] to [B, height, width, 1], bilinear, axis by axis.

  RESIZE_BILINEAR is fast over channels and slow over pixels: with one channel,
  a vector register contains only one number. Here the axis that keeps its size
  is moved to the channels, so that the operator works on whole columns, then on
  whole rows. One bilinear resize is the product of these two steps, so the
  values are the same up to float rounding.
  """

  def call(self, inputs):
    """Resizes [B, h, w, 1]."""
    x = inputs
    if x.shape[2] != self.width:
      x = _resize_columns(keras.ops.transpose(x, (0, 2, 3, 1)), self.width)
      x = keras.ops.transpose(x, (0, 3, 2, 1))
    if x.shape[1] != self.height:
      x = keras.ops.reshape(x, (-1, x.shape[1], 1, self.width))
      x = _resize_columns(x, self.height)
    return keras.ops.reshape(x, (-1, self.height, self.width, 1))


def upsample_output(
  depth: keras.KerasTensor, height: int, width: int, method: str
) -> keras.KerasTensor:
  """Upsamples a map [B, h, w, 1] to [B, height, width, 1], in float32.

  Args:
    depth: Keras tensor [B, h, w, 1].
    height: height of the result, pixels.
    width: width of the result, pixels.
    method: one of OUTPUT_UPSAMPLINGS.

  Returns:
    A Keras tensor [B, height, width, 1].

  Raises:
    ValueError: for an unknown method, or 'tile' with a factor that is not
      an integer.
  """
  if method not in OUTPUT_UPSAMPLINGS:
    raise ValueError(
      f'output_upsampling={method!r} is not one of {OUTPUT_UPSAMPLINGS}.'
    )
  common: dict[str, Any] = {'name': 'output_upsampling', 'dtype': 'float32'}
  if method == 'tile':
    layer = keras.layers.UpSampling2D(
      _integer_factors(depth, height, width), interpolation='nearest', **common
    )
  elif method == 'nearest_broadcast':
    layer = broadcast_upsample.BroadcastUpsample(height, width, **common)
  elif method == 'bilinear_separable':
    layer = SeparableResize(height, width, **common)
  else:
    layer = resize.Resize(height, width, method, **common)
  return layer(depth)


def _integer_factors(
  depth: keras.KerasTensor, height: int, width: int
) -> tuple[int, int]:
  """Returns the factors (height, width) from a map [B, h, w, 1] to a size."""
  low_height, low_width = depth.shape[1:3]
  if height % low_height or width % low_width:
    raise ValueError(
      f"output_upsampling='tile' needs integer factors, but {low_height}x"
      f'{low_width} to {height}x{width} has none. Choose one of '
      f'{[name for name in OUTPUT_UPSAMPLINGS if name != "tile"]}.'
    )
  return height // low_height, width // low_width
