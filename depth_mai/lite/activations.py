# SPDX-License-Identifier: Apache-2.0
"""Writes activations as operators that XNNPACK takes in INT8.

XNNPACK does not take two activations of int8 numbers. They run in the built-in
kernels, on one thread, and cut the graph.

- RELU as an operator of its own. A ReLU runs inside the convolution, sum or
  product before it unless others read that, too. A product with one runs the
  ReLU inside and takes fewer instructions (docs/device.md).
- HARD_SWISH. x / 6 * ReLU6(x + 3) is the same. The converter would make
  HARD_SWISH of a division after the product or inside the ReLU6, but leaves
  this form as it is. In float, one HARD_SWISH is cheaper.
"""

import keras
import numpy as np

from depth_mai.lite import layer_graph

# The converter drops a factor of exactly one.
_NEARLY_ONE = float(np.nextafter(np.float32(1), np.float32(2)))


def multiply_lone_relus(graph: layer_graph.LayerGraph) -> None:
  """Puts a product before every ReLU that is an operator of its own.

  Args:
    graph: Its result stays the same to the seventh digit.
  """
  for call in list(graph.calls):
    is_relu = isinstance(call.layer, keras.layers.ReLU)
    if is_relu and graph.only_source(call) is None:
      name = f'{call.layer.name}_product'
      layer = keras.layers.Rescaling(_NEARLY_ONE, name=name)
      product = layer_graph.new_call(layer, *call.sources)
      graph.replace(call, product, layer_graph.new_call(call.layer, product))


def split_hard_swish(graph: layer_graph.LayerGraph) -> None:
  """Writes hard-swish as two multiplications, an addition and a ReLU6."""
  for call in list(graph.calls):
    if (
      isinstance(call.layer, keras.layers.Activation)
      and call.layer.activation is keras.activations.hard_swish
    ):
      graph.replace(call, *_hard_swish(call.sources[0], call.layer.name))


def _hard_swish(x: layer_graph.Call, name: str) -> list[layer_graph.Call]:
  lift = layer_graph.new_call(
    keras.layers.Rescaling(1.0, 3.0, name=f'{name}_lift'), x
  )
  gate = layer_graph.new_call(keras.layers.ReLU(6.0, name=f'{name}_gate'), lift)
  sixth = layer_graph.new_call(
    keras.layers.Rescaling(1 / 6, name=f'{name}_sixth'), x
  )
  product = layer_graph.new_call(
    keras.layers.Multiply(name=f'{name}_product'), sixth, gate
  )
  return [lift, gate, sixth, product]
