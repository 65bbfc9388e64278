# SPDX-License-Identifier: Apache-2.0
"""The Resize layer: resizes maps to a fixed size, safely before BatchNorm.

A network must not contain `keras.layers.Resizing`: its default `training=True`
leaks into the call context and puts every BatchNorm after it into training
mode, even at inference (Keras 3.15).
"""

import keras

INTERPOLATIONS = ('bilinear', 'nearest')


class FixedSize(keras.layers.Layer):
  """Base of the layers that map [B, h, w, C] to [B, height, width, C].

  Attributes:
    height: height of the result, pixels.
    width: width of the result, pixels.
  """

  def __init__(self, height: int, width: int, **kwargs: object):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.height = height
    self.width = width

  def compute_output_shape(self, input_shape):
    """Returns [B, height, width, C]."""
    return (input_shape[0], self.height, self.width, input_shape[-1])

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'height': self.height,
      'width': self.width,
    }


@keras.saving.register_keras_serializable(package='depth_mai')
class Resize(FixedSize):
  """Resizes [B, H, W, C] to [B, height, width, C] without antialiasing.

  Bilinear uses half-pixel centres, as TFLite's RESIZE_BILINEAR v3 does.
  """

  def __init__(
    self,
    height: int,
    width: int,
    interpolation: str = 'bilinear',
    **kwargs: object,
  ):
    """Creates the layer.

    Args:
      height: height of the result, pixels.
      width: width of the result, pixels.
      interpolation: 'bilinear' or 'nearest'.
      **kwargs: arguments of keras.layers.Layer.

    Raises:
      ValueError: for an unknown interpolation.
    """
    super().__init__(height, width, **kwargs)
    if interpolation not in INTERPOLATIONS:
      raise ValueError(
        f'interpolation={interpolation!r} is not one of {INTERPOLATIONS}.'
      )
    self.interpolation = interpolation

  def call(self, inputs):
    """Resizes [B, H, W, C]."""
    if tuple(inputs.shape[1:3]) == (self.height, self.width):
      return inputs
    return keras.ops.image.resize(
      inputs,
      (self.height, self.width),
      interpolation=self.interpolation,
      antialias=False,
      data_format='channels_last',
    )

  def get_config(self):
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'interpolation': self.interpolation}
