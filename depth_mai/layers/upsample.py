# SPDX-License-Identifier: Apache-2.0
"""Upsampling of the predicted map to the image's size: a choice of three.

On a CPU this last step can cost more than the network. 'bilinear' is one
delegated RESIZE_BILINEAR; 'nearest' is one RESIZE_NEAREST_NEIGHBOR, which
copies pixel by pixel and stays outside XNNPACK; 'tile' gives the values of
'nearest' through RESHAPE and TILE, for integer factors only, and needs TFLite
2.8 in INT8.
"""

import keras

from depth_mai.layers import resize

OUTPUT_UPSAMPLINGS = ('bilinear', 'nearest', 'tile')


def upsample_output(depth, height: int, width: int, method: str):
  """Upsamples a map [B, h, w, 1] to [B, height, width, 1], in float32.

  Args:
    depth: Keras tensor [B, h, w, 1].
    height: of the result, pixels.
    width: of the result, pixels.
    method: 'bilinear', 'nearest' or 'tile'.

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
  if method != 'tile':
    return resize.Resize(
      height, width, method, name='output_upsampling', dtype='float32'
    )(depth)
  low_height, low_width = depth.shape[1:3]
  if height % low_height or width % low_width:
    raise ValueError(
      f"output_upsampling='tile' needs integer factors, but {low_height}x"
      f'{low_width} to {height}x{width} has none. Choose bilinear or nearest.'
    )
  factors = (height // low_height, width // low_width)
  return keras.layers.UpSampling2D(
    factors,
    interpolation='nearest',
    name='output_upsampling',
    dtype='float32',
  )(depth)
