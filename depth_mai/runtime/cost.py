# SPDX-License-Identifier: Apache-2.0
"""What each operator of a graph costs: MACs, parameters, bytes."""

import dataclasses

from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import macs as macs_lib

# Where an integer input is a bias and not a shape, an axis or a padding.
_BIAS_POSITION = {
  'CONV_2D': 2,
  'DEPTHWISE_CONV_2D': 2,
  'FULLY_CONNECTED': 2,
  'TRANSPOSE_CONV': 3,
}
_SHAPE_TYPES = ('INT32', 'INT64')


@dataclasses.dataclass(frozen=True)
class OperatorCost:
  """One operator and its cost for one image.

  Attributes:
    operator: the operator.
    macs: multiply-accumulates, see macs.py; None where they are not known.
    parameters: weights and biases. Those that several operators share count at
      the first; those that pass through operators run at load (the DEQUANTIZE
      of float16 weights) count where they are used.
    weight_bytes: what the file stores for them.
    activation_bytes: of the activations read and written, each once.
  """

  operator: graph_lib.Operator
  macs: int | None
  parameters: int
  weight_bytes: int
  activation_bytes: int


def parameters(graph: graph_lib.Graph) -> int:
  """Returns the number of weights and biases that a file stores.

  Shapes, axes and paddings are not counted, nor are the scales of quantised
  numbers.

  Args:
    graph: of the file.
  """
  return sum(
    tensor.elements
    for subgraph in graph.subgraphs
    for tensors in _parameter_tensors(subgraph)
    for tensor in tensors
  )


def operator_costs(graph: graph_lib.Graph) -> list[OperatorCost]:
  """Counts what an inference costs.

  Args:
    graph: of a file.

  Returns:
    One entry for each operator of the graph's main function, in order.

  Raises:
    ValueError: if a convolution has no kernel.
  """
  return [
    OperatorCost(
      operator=operator,
      macs=macs_lib.operator_macs(operator),
      parameters=sum(tensor.elements for tensor in weights),
      weight_bytes=sum(tensor.constant_bytes for tensor in weights),
      activation_bytes=activation_bytes,
    )
    for operator, weights, activation_bytes in zip(
      graph.main.operators,
      _parameter_tensors(graph.main),
      _activation_bytes(graph.main),
      strict=True,
    )
  ]


def total_macs(costs: list[OperatorCost]) -> int:
  """Returns the sum of the MACs that are known."""
  return sum(cost.macs or 0 for cost in costs)


def _parameter_tensors(
  subgraph: graph_lib.Subgraph,
) -> list[list[graph_lib.Tensor]]:
  """Returns the parameters of each operator; none is named twice."""
  # From a tensor to the stored ones that it is made of.
  sources = {t.index: {t} for t in subgraph.tensors if t.is_constant}
  found, seen = [], set()
  for operator in subgraph.operators:
    mine = []
    for position, tensor in enumerate(operator.inputs):
      if tensor is None or tensor.index not in sources:
        continue
      stored = sources[tensor.index]
      if operator.at_load:
        for output in operator.outputs:
          sources.setdefault(output.index, set()).update(stored)
        continue
      is_bias = _BIAS_POSITION.get(operator.name) == position
      mine += [
        one
        for one in stored - seen
        if is_bias or one.type_name not in _SHAPE_TYPES
      ]
      seen |= stored
    found.append(mine)
  return found


def _activation_bytes(subgraph: graph_lib.Subgraph) -> list[int]:
  """Returns the bytes of activations that each operator reads and writes."""
  fixed = subgraph.fixed
  return [
    sum(
      tensor.size_bytes
      for tensor in {*operator.given_inputs, *operator.outputs}
      if tensor.index not in fixed
    )
    for operator in subgraph.operators
  ]
