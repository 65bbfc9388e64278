# SPDX-License-Identifier: Apache-2.0
"""Multi-head self-attention over the tokens of each group.

Source: Dosovitskiy et al., "An Image Is Worth 16x16 Words" (ICLR 2021). The
layers that make queries, keys and values and that project the result are plain
Dense layers outside, so that published weights fit them one to one.
"""

import keras


def attend(
  queries_keys_values: keras.KerasTensor,
  heads: int,
  bias: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
  """Mixes the values of the tokens of each group.

  Args:
    queries_keys_values: [B, G, N, 3C], N tokens in each of G groups: C
      channels of queries, then of keys, then of values; each of them head by
      head.
    heads: number of heads, a divisor of C.
    bias: added to the scores before the softmax, broadcast to
      [B, G, heads, N, N]; None for none.

  Returns:
    [B, G, N, C].
  """
  groups, tokens, channels = queries_keys_values.shape[1:]
  width = channels // 3 // heads
  x = keras.ops.reshape(
    queries_keys_values, (-1, groups, tokens, 3, heads, width)
  )
  queries, keys, values = keras.ops.unstack(
    keras.ops.transpose(x, (3, 0, 1, 4, 2, 5)), 3
  )
  scores = keras.ops.matmul(
    queries * width**-0.5, keras.ops.swapaxes(keys, -1, -2)
  )
  if bias is not None:
    scores = scores + bias
  mixed = keras.ops.matmul(keras.ops.softmax(scores, axis=-1), values)
  mixed = keras.ops.transpose(mixed, (0, 1, 3, 2, 4))
  return keras.ops.reshape(mixed, (-1, groups, tokens, heads * width))


def check_heads(name: str, channels: int, heads: int) -> None:
  """Checks that heads divide channels.

  Args:
    name: the layer, for the message.
    channels: channels of the queries.
    heads: number of heads.

  Raises:
    ValueError: if they do not.
  """
  if heads < 1 or channels % heads:
    raise ValueError(
      f'{name}: {channels} channels cannot be divided among {heads} heads. '
      "Change the heads or the width in the network's options."
    )


@keras.saving.register_keras_serializable(package='depth_mai')
class SelfAttention(keras.layers.Layer):
  """Maps queries, keys and values [B, N, 3C] to mixed values [B, N, C].

  Attributes:
    heads: number of heads.
  """

  def __init__(self, heads: int, **kwargs: object):
    """Creates the layer; see the attributes."""
    super().__init__(**kwargs)
    self.heads = heads

  def build(self, input_shape):
    """Checks the number of channels.

    Raises:
      ValueError: if it cannot be divided among the heads.
    """
    check_heads(self.name, input_shape[-1] // 3, self.heads)

  def call(self, inputs):
    """Attends over all N tokens."""
    return keras.ops.squeeze(
      attend(keras.ops.expand_dims(inputs, 1), self.heads), 1
    )

  def compute_output_shape(self, input_shape):
    """Returns [B, N, C]."""
    return (*input_shape[:-1], input_shape[-1] // 3)

  def get_config(self):
    """Returns the constructor's arguments."""
    return {**super().get_config(), 'heads': self.heads}
