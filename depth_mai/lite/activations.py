# SPDX-License-Identifier: Apache-2.0
"""Rewrites activations as operators that XNNPACK runs in INT8.

XNNPACK does not run two activations in INT8. TensorFlow Lite's own kernels run
them, on one thread, and they split the graph.

- RELU as a separate operator. A ReLU runs inside the convolution, sum or
  product before it, unless something else reads the result before the ReLU,
  too. A multiplication by one can run the ReLU inside instead, and takes fewer
  instructions (docs/device.md).
- HARD_SWISH, which equals x / 6 * ReLU6(x + 3). With the division after the
  product or inside the ReLU6, the converter would make HARD_SWISH of it again;
  it does not recognise this form. In float, one HARD_SWISH is cheaper.
"""

import keras
import numpy as np

from depth_mai.lite import layer_graph

# The converter drops a factor of exactly one.
_NEARLY_ONE = float(np.nextafter(np.float32(1), np.float32(2)))


def multiply_lone_relus(graph: layer_graph.LayerGraph) -> None:
  """Inserts a multiplication before every ReLU that is a separate operator.

  Args:
    graph: changed in place; its result stays the same to the seventh digit.
  """
  for call in list(graph.calls):
    is_relu = isinstance(call.layer, keras.layers.ReLU)
    if is_relu and graph.only_source(call) is None:
      name = f'{call.layer.name}_product'
      layer = keras.layers.Rescaling(_NEARLY_ONE, name=name)
      product = layer_graph.new_call(layer, *call.sources)
      graph.replace(call, product, layer_graph.new_call(call.layer, product))


def split_hard_swish(graph: layer_graph.LayerGraph) -> None:
  """Replaces hard-swish by two multiplications, an addition and a ReLU6."""
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
