# SPDX-License-Identifier: Apache-2.0
"""Trains 1x1 convolutions as the matrix products that they are.

On a CPU, TensorFlow's gradient of a convolution's kernel takes longer than the
product of two matrices that it is for a 1x1 kernel.
"""

import functools

import keras
import tensorflow as tf


def use(network: keras.Model) -> None:
  """Replaces how the 1x1 convolutions of a network are computed.

  Nothing else changes: they stay layers of Keras, and so does the saved file.
  Layers with strides, with groups or whose channels are not last are left as
  they are.

  Args:
    network: has maps of a fixed height and width.
  """
  for layer in network._flatten_layers():
    if type(layer) is keras.layers.Conv2D and _is_product(layer):
      layer.convolution_op = functools.partial(_product, layer)


def _is_product(layer: keras.layers.Conv2D) -> bool:
  return (
    layer.kernel_size == (1, 1)
    and layer.strides == (1, 1)
    and layer.groups == 1
    and layer.data_format == 'channels_last'
  )


def _product(layer, inputs, kernel):
  """Does what Conv2D.convolution_op does."""
  height, width, channels = inputs.shape[1:]
  if height is None or width is None:
    return type(layer).convolution_op(layer, inputs, kernel)
  filters = kernel.shape[-1]
  rows = tf.reshape(inputs, [-1, channels])
  y = tf.matmul(rows, tf.reshape(kernel, [channels, filters]))
  return tf.reshape(y, [-1, height, width, filters])
