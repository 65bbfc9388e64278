# SPDX-License-Identifier: Apache-2.0
"""A trained network as it is converted: plain layers only.

Collapsible linear blocks become single convolutions, which is exact. The
layers of fake-quantisation training go: the file does its own rounding.
"""

import keras

from depth_mai.layers import clb
from depth_mai.layers import fake_quantisation

_PLAIN = {
  fake_quantisation.QuantisedConv2D: keras.layers.Conv2D,
  fake_quantisation.QuantisedDepthwiseConv2D: keras.layers.DepthwiseConv2D,
}


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
  """Returns an unbuilt float32 copy, or the plain convolution, of a layer."""
  if isinstance(layer, clb.CollapsibleConv2D):
    return _plain_conv(layer)
  config = layer.get_config()
  if 'dtype' in config:
    config['dtype'] = 'float32'
  kind = layer.__class__
  return _PLAIN.get(kind, kind).from_config(config)


def _call_without_rounding(layer: keras.layers.Layer, *args, **kwargs):
  """Calls a copied layer, but passes over a rounding."""
  if isinstance(layer, fake_quantisation.FakeQuantise):
    return args[0]
  return layer(*args, **kwargs)


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
  """Copies the weights layer by layer, collapsing where it is due."""
  kept = {layer.name for layer in target.layers}
  for layer in source.layers:
    if not layer.weights or layer.name not in kept:
      continue  # Cloning renames input layers, which have no weights.
    twin = target.get_layer(layer.name)
    if isinstance(layer, keras.Model):
      _copy_weights(layer, twin)
    elif isinstance(layer, clb.CollapsibleConv2D):
      twin.set_weights(layer.collapsed_weights())
    else:
      twin.set_weights(layer.get_weights())


def collapse(network: keras.Model, keep_rounding: bool = False) -> keras.Model:
  """Copies a network with nothing left that serves training alone.

  Every CollapsibleConv2D is folded to one Conv2D, and what rounds for
  fake-quantisation training is left out.

  The copy computes in float32 whatever policy the network was trained with,
  and shares nothing with the network, whose weights and BatchNorm statistics
  are only read.

  Args:
    network: a functional model.
    keep_rounding: keeps the rounding of activations, but not that of kernels.

  Returns:
    A functional model of the same name that gives the same outputs, but for
    the rounding.

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
    network,
    clone_function=_clone_layer,
    call_function=None if keep_rounding else _call_without_rounding,
    recursive=True,
  )
  copy.name = network.name
  _copy_weights(network, copy)
  return copy
