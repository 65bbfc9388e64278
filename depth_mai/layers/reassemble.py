# SPDX-License-Identifier: Apache-2.0
"""From the tokens of a vision transformer to a map, as in DPT.

Source: Ranftl et al., "Vision Transformers for Dense Prediction" (ICCV 2021)
and the authors' code, with the readout 'project'.
"""

import keras

from depth_mai.layers import transformer_block


@keras.saving.register_keras_serializable(package='depth_mai')
class JoinClassToken(keras.layers.Layer):
  """Maps tokens [B, 1 + h w, C] to a map [B, h, w, 2C].

  Each place has its own channels, then those of the class token.

  Attributes:
    height: rows of the map.
    width: columns of the map.
  """

  def __init__(self, height: int, width: int, **kwargs: object):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.height = height
    self.width = width

  def call(self, inputs):
    """Joins the class token to all places."""
    channels = inputs.shape[-1]
    patches = inputs[:, 1:]
    token = keras.ops.zeros_like(patches) + inputs[:, :1]
    joined = keras.ops.concatenate([patches, token], axis=-1)
    return keras.ops.reshape(
      joined, (-1, self.height, self.width, 2 * channels)
    )

  def compute_output_shape(self, input_shape):
    """Returns [B, h, w, 2C]."""
    return (input_shape[0], self.height, self.width, 2 * input_shape[-1])

  def get_config(self):
    """Returns the constructor's arguments."""
    return {
      **super().get_config(),
      'height': self.height,
      'width': self.width,
    }


def reassemble(
  tokens: keras.KerasTensor,
  grid: tuple[int, int],
  filters: int,
  factor: float,
  *,
  name: str,
) -> keras.KerasTensor:
  """Makes a map of the tokens and resizes it by convolution.

  Args:
    tokens: [B, 1 + h w, C], the class token first.
    grid: (h, w).
    filters: output channels.
    factor: 4, 2, 1 or 0.5: the size of the result, relative to the grid's.
    name: prefix of the layers' names: `_join`, `_project`, `_conv`, `_resize`.

  Returns:
    [B, h factor, w factor, filters]; half of an odd side is rounded up.
  """
  x = JoinClassToken(*grid, name=f'{name}_join')(tokens)
  x = transformer_block.dense(x, tokens.shape[-1], name=f'{name}_project')
  x = keras.layers.Activation('gelu', name=f'{name}_gelu')(x)
  x = keras.layers.Conv2D(filters, 1, name=f'{name}_conv')(x)
  if factor > 1:
    return keras.layers.Conv2DTranspose(
      filters, int(factor), strides=int(factor), name=f'{name}_resize'
    )(x)
  if factor < 1:
    # PyTorch pads all sides alike; 'same' would pad the far sides only.
    x = keras.layers.ZeroPadding2D(1, name=f'{name}_pad')(x)
    return keras.layers.Conv2D(filters, 3, strides=2, name=f'{name}_resize')(x)
  return x
