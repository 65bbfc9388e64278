# SPDX-License-Identifier: Apache-2.0
"""Exact replacement of collapsible linear blocks by single convolutions."""

import keras

from depth_mai.layers import clb


def _plain_conv(layer: clb.CollapsibleConv2D) -> keras.layers.Conv2D:
  """Returns the unbuilt convolution that takes the place of a block."""
  return keras.layers.Conv2D(
    layer.filters,
    layer.kernel_size,
    padding='same',
    name=layer.name,
    dtype='float32',
  )


def _clone_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
  """Returns an unbuilt float32 copy, or the convolution, of a layer."""
  if isinstance(layer, clb.CollapsibleConv2D):
    return _plain_conv(layer)
  config = layer.get_config()
  if 'dtype' in config:
    config['dtype'] = 'float32'
  return layer.__class__.from_config(config)


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
  """Copies the weights layer by layer, collapsing where it is due."""
  for layer in source.layers:
    if not layer.weights:
      continue  # Cloning renames input layers.
    twin = target.get_layer(layer.name)
    if isinstance(layer, keras.Model):
      _copy_weights(layer, twin)
    elif isinstance(layer, clb.CollapsibleConv2D):
      twin.set_weights(layer.collapsed_weights())
    else:
      twin.set_weights(layer.get_weights())


def collapse(network: keras.Model) -> keras.Model:
  """Copies a network with every CollapsibleConv2D folded to one Conv2D.

  The copy computes in float32 whatever policy the network was trained with,
  and shares nothing with the network, whose weights and BatchNorm statistics
  are only read.

  Args:
    network: a functional model.

  Returns:
    A functional model of the same name that gives the same outputs.

  Raises:
    ValueError: if `network` is not functional (nothing says how its layers
      are connected).
  """
  if not hasattr(network, 'operations'):
    raise ValueError(
      f'collapse() needs a functional keras.Model, got {type(network)}. '
      'Build the network from keras.Input to keras.Model(inputs, outputs).'
    )
  copy = keras.models.clone_model(
    network, clone_function=_clone_layer, recursive=True
  )
  copy.name = network.name
  _copy_weights(network, copy)
  return copy
