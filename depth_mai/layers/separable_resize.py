# SPDX-License-Identifier: Apache-2.0
"""Bilinear resize of a one-channel map as two resizes along one axis each.

RESIZE_BILINEAR is fast over channels and slow over pixels: with one channel, a
vector unit holds one number. Here the axis that is not being resized lies where
the channels are, so that the same operator works on whole columns, then on
whole rows. The values are those of one bilinear resize, which is a product of
the same two steps, up to float rounding.
"""

import keras


def _resize(x, height: int):
  """Resizes [B, h, 1, C] to [B, height, 1, C], half-pixel centres."""
  return keras.ops.image.resize(
    x,
    (height, 1),
    interpolation='bilinear',
    antialias=False,
    data_format='channels_last',
  )


@keras.saving.register_keras_serializable(package='depth_mai')
class SeparableResize(keras.layers.Layer):
  """Resizes [B, h, w, 1] to [B, height, width, 1], bilinear.

  Attributes:
    height: of the result, pixels.
    width: of the result, pixels.
  """

  def __init__(self, height: int, width: int, **kwargs):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.height = height
    self.width = width

  def call(self, inputs):
    """Resizes [B, h, w, 1]."""
    x = inputs
    if x.shape[2] != self.width:
      x = _resize(keras.ops.transpose(x, (0, 2, 3, 1)), self.width)
      x = keras.ops.transpose(x, (0, 3, 2, 1))
    if x.shape[1] != self.height:
      x = keras.ops.reshape(x, (-1, x.shape[1], 1, self.width))
      x = _resize(x, self.height)
    return keras.ops.reshape(x, (-1, self.height, self.width, 1))

  def compute_output_shape(self, input_shape):
    """Returns [B, height, width, 1]."""
    return (input_shape[0], self.height, self.width, 1)

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'height': self.height,
      'width': self.width,
    }
