# SPDX-License-Identifier: Apache-2.0
"""The block of vision transformers: attention, then a two-layer perceptron.

Both read a normalised input and are added to it (Dosovitskiy et al., ICLR 2021;
Liu et al., ICCV 2021). A block does not care whether its tokens are a list
[B, N, C] or a map [B, H, W, C].
"""

from collections.abc import Callable

import keras


def dense(
  x: keras.KerasTensor, units: int, *, name: str, use_bias: bool = True
) -> keras.KerasTensor:
  """Applies a Dense layer that starts as in the authors' code.

  Args:
    x: [..., C].
    units: output channels.
    name: the layer's name.
    use_bias: whether it has a bias.

  Returns:
    [..., units].
  """
  return keras.layers.Dense(
    units,
    use_bias=use_bias,
    kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
    name=name,
  )(x)


def transformer_block(
  x: keras.KerasTensor,
  mix: Callable[[keras.KerasTensor], keras.KerasTensor],
  *,
  epsilon: float,
  drop_path: float = 0.0,
  name: str,
) -> keras.KerasTensor:
  """Adds attention and a perceptron to tokens.

  Args:
    x: tokens, [B, N, C] or [B, H, W, C].
    mix: the attention: mixes normalised tokens, and keeps their shape.
    epsilon: of both LayerNormalizations.
    drop_path: rate at which training skips each of the two additions, picture
      by picture (stochastic depth).
    name: prefix of the layers' names: `_norm1`, those of `mix`, `_proj`,
      `_norm2`, `_fc1`, `_fc2`.

  Returns:
    Tokens of the same shape.
  """
  channels = x.shape[-1]

  def normalise(x, part):
    return keras.layers.LayerNormalization(
      epsilon=epsilon, name=f'{name}_{part}'
    )(x)

  def add(x, y, part):
    if drop_path:
      y = keras.layers.Dropout(
        drop_path,
        noise_shape=(None, *(1 for _ in y.shape[1:])),
        name=f'{name}_{part}_drop',
      )(y)
    return keras.layers.Add(name=f'{name}_{part}_add')([x, y])

  y = dense(mix(normalise(x, 'norm1')), channels, name=f'{name}_proj')
  x = add(x, y, 'proj')
  y = dense(normalise(x, 'norm2'), 4 * channels, name=f'{name}_fc1')
  y = keras.layers.Activation('gelu', name=f'{name}_gelu')(y)
  return add(x, dense(y, channels, name=f'{name}_fc2'), 'fc2')
