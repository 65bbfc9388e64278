# SPDX-License-Identifier: Apache-2.0
"""Removes the parts of a network that only training needs.

Collapsible linear blocks become single convolutions, which is exact. The layers
of fake-quantisation training are removed: the .tflite file rounds by itself.
"""

import keras

from depth_mai.layers import clb
from depth_mai.layers import fake_quantisation
from depth_mai.lite import layer_graph

_PLAIN = {
  fake_quantisation.QuantisedConv2D: keras.layers.Conv2D,
  fake_quantisation.QuantisedDepthwiseConv2D: keras.layers.DepthwiseConv2D,
}


def collapse_blocks(graph: layer_graph.LayerGraph) -> None:
  """Replaces every CollapsibleConv2D by one Conv2D."""
  for call in graph.calls:
    block = call.layer
    if isinstance(block, clb.CollapsibleConv2D):
      plain = keras.layers.Conv2D(
        block.filters, block.kernel_size, padding='same', name=block.name
      )
      expand_kernel = call.weights[0]
      block.build((None, None, None, expand_kernel.shape[2]))
      block.set_weights(call.weights)
      graph.replace_layer(block, plain, block.collapsed_weights())


def use_plain_kernels(graph: layer_graph.LayerGraph) -> None:
  """Replaces convolutions with rounded kernels by plain ones, same weights."""
  for call in graph.calls:
    plain = _PLAIN.get(type(call.layer))
    if plain:
      config = call.layer.get_config()
      graph.replace_layer(call.layer, plain.from_config(config), call.weights)


def remove_rounding(graph: layer_graph.LayerGraph) -> None:
  """Removes the layers that round activations."""
  for call in list(graph.calls):
    if isinstance(call.layer, fake_quantisation.FakeQuantise):
      graph.replace(call)


def collapse(network: keras.Model, keep_rounding: bool = False) -> keras.Model:
  """Copies a network without the parts that only training needs.

  Args:
    network: a functional model. It is only read.
    keep_rounding: keeps the rounding of activations, but not that of kernels.

  Returns:
    A functional float32 model of the same name that gives the same outputs,
    except for the rounding.

  Raises:
    ValueError: if `network` is not functional.
  """
  graph = layer_graph.LayerGraph(network)
  collapse_blocks(graph)
  use_plain_kernels(graph)
  if not keep_rounding:
    remove_rounding(graph)
  return graph.build()
