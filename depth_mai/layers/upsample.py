# SPDX-License-Identifier: Apache-2.0
"""Upsampling of the predicted map to the image's size: a choice of five.

On a CPU this last step can cost more than the network. Two values can be had,
in several forms; docs/results.md has what each costs:

  bilinear            one RESIZE_BILINEAR
  bilinear_separable  the same values, one axis at a time; see
                      separable_resize.py
  nearest             one RESIZE_NEAREST_NEIGHBOR; stays outside XNNPACK
  tile                the same values through RESHAPE and TILE, for integer
                      factors; stays outside XNNPACK, needs TFLite 2.8 in INT8
  nearest_broadcast   the same values through ADD and CONCATENATION; see
                      broadcast_upsample.py
"""

import keras

from depth_mai.layers import broadcast_upsample
from depth_mai.layers import resize
from depth_mai.layers import separable_resize

OUTPUT_UPSAMPLINGS = (
  'bilinear',
  'bilinear_separable',
  'nearest',
  'tile',
  'nearest_broadcast',
)


def upsample_output(depth, height: int, width: int, method: str):
  """Upsamples a map [B, h, w, 1] to [B, height, width, 1], in float32.

  Args:
    depth: Keras tensor [B, h, w, 1].
    height: of the result, pixels.
    width: of the result, pixels.
    method: one of OUTPUT_UPSAMPLINGS.

  Returns:
    A Keras tensor [B, height, width, 1].

  Raises:
    ValueError: for an unknown method, or 'tile' with a factor that is no
      integer.
  """
  if method not in OUTPUT_UPSAMPLINGS:
    raise ValueError(
      f'output_upsampling={method!r} is not one of {OUTPUT_UPSAMPLINGS}.'
    )
  common = {'name': 'output_upsampling', 'dtype': 'float32'}
  if method == 'tile':
    layer = keras.layers.UpSampling2D(
      _integer_factors(depth, height, width), interpolation='nearest', **common
    )
  elif method == 'nearest_broadcast':
    layer = broadcast_upsample.BroadcastUpsample(height, width, **common)
  elif method == 'bilinear_separable':
    layer = separable_resize.SeparableResize(height, width, **common)
  else:
    layer = resize.Resize(height, width, method, **common)
  return layer(depth)


def _integer_factors(depth, height: int, width: int) -> tuple[int, int]:
  """Returns how often a map [B, h, w, 1] fits into a size, each way."""
  low_height, low_width = depth.shape[1:3]
  if height % low_height or width % low_width:
    raise ValueError(
      f"output_upsampling='tile' needs integer factors, but {low_height}x"
      f'{low_width} to {height}x{width} has none. Choose one of '
      f'{[name for name in OUTPUT_UPSAMPLINGS if name != "tile"]}.'
    )
  return height // low_height, width // low_width
