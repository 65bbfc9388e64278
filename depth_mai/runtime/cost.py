# SPDX-License-Identifier: Apache-2.0
"""Counts the cost of each operator of a graph: MACs, parameters, bytes.

One MAC (multiply-accumulate) multiplies a weight, or one entry of a matrix, and
adds the product to a sum; it is two FLOPs. Only convolutions and matrix
products have MACs. They follow from the stored shapes: biases are left out,
products with the zeros of a 'same' padding are included.
This is the convention of the papers' "multiply-adds": MobileNetV3 (Howard et
al. 2019) has 219 M large and 56 M small at 224x224.

All other operators have 0 MACs: additions, activations, poolings, resizes,
concatenations. They take time, too, so summaries also list the elements that
operators write and the bytes that they read and write.
"""

from collections.abc import Callable
import dataclasses
import math

from depth_mai.runtime import graph as graph_lib

# Operators that multiply; their MACs are not computed here.
_WITHOUT_RULE = frozenset(
  """
  BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN CALL CONV_3D
  CONV_3D_TRANSPOSE IF LSTM RFFT2D RNN STABLEHLO_COMPOSITE STABLEHLO_CONVOLUTION
  STABLEHLO_CUSTOM_CALL STABLEHLO_DOT_GENERAL STABLEHLO_WHILE SVDF
  UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN WHILE
  """.split()
)
_UNKNOWN_PREFIXES = ('BUILTIN_', 'CUSTOM:')
_WITH_KERNEL = ('CONV_2D', 'DEPTHWISE_CONV_2D', 'TRANSPOSE_CONV')
# Position of the bias. Integer inputs at other positions are shapes, axes or
# paddings.
_BIAS_POSITION = {
  'CONV_2D': 2,
  'DEPTHWISE_CONV_2D': 2,
  'FULLY_CONNECTED': 2,
  'TRANSPOSE_CONV': 3,
}
_SHAPE_TYPES = ('INT32', 'INT64')


@dataclasses.dataclass(frozen=True)
class OperatorCost:
  """The cost of one operator for one image.

  Attributes:
    operator: the operator.
    macs: multiply-accumulates; None where they are not known.
    parameters: number of weights and biases. Parameters that several operators
      share count for the first; parameters that pass through operators run at
      load (the DEQUANTIZE of float16 weights) count where they are used.
    weight_bytes: size of the parameters in the file.
    activation_bytes: size of the activations read and written, each once.
  """

  operator: graph_lib.Operator
  macs: int | None
  parameters: int
  weight_bytes: int
  activation_bytes: int


def parameters(graph: graph_lib.Graph) -> int:
  """Returns the number of weights and biases in a file.

  Shapes, axes, paddings and quantisation scales are not counted.

  Args:
    graph: graph of the file.
  """
  return sum(
    tensor.elements
    for subgraph in graph.subgraphs
    for tensors in _parameter_tensors(subgraph)
    for tensor in tensors
  )


def operator_costs(graph: graph_lib.Graph) -> list[OperatorCost]:
  """Counts the cost of an inference.

  Args:
    graph: graph of a file.

  Returns:
    One entry for each operator of the graph's main function, in order.

  Raises:
    ValueError: if a convolution has no kernel.
  """
  try:
    macs = [operator_macs(operator) for operator in graph.main.operators]
  except ValueError as error:
    raise ValueError(f'{graph.name}: {error}') from error
  return [
    OperatorCost(
      operator=operator,
      macs=macs[operator.index],
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
  """Returns the sum of the known MACs."""
  return sum(cost.macs or 0 for cost in costs)


def operator_macs(operator: graph_lib.Operator) -> int | None:
  """Counts the MACs of one operator for one image.

  Args:
    operator: operator of a graph. Open sizes count as 1.

  Returns:
    The number; 0 for operators that only add, move or compare; None for
    operators that may multiply and accumulate but have no rule here.

  Raises:
    ValueError: if its tensors do not have the shapes that the schema demands.
  """
  if operator.name in _WITHOUT_RULE:
    return None
  if operator.name.startswith(_UNKNOWN_PREFIXES):
    return None
  rule = _RULES.get(operator.name)
  if rule is None or operator.at_load:
    return 0
  try:
    return rule(operator)
  except (ValueError, IndexError, ZeroDivisionError) as error:
    shapes = [tensor.shape for tensor in operator.given_inputs]
    raise ValueError(
      f'Operator {operator.index}, {operator.name}, has inputs of shapes '
      f'{shapes}, from which no kernel can be read. The file is damaged: '
      'convert the network again.'
    ) from error


def kernel_size(operator: graph_lib.Operator) -> tuple[int, int] | None:
  """Returns (height, width) of a convolution's kernel, None for others."""
  kernel = operator.inputs[1] if len(operator.inputs) > 1 else None
  if operator.name not in _WITH_KERNEL or not kernel or len(kernel.shape) != 4:
    return None
  return kernel.shape[1], kernel.shape[2]


def _parameter_tensors(
  subgraph: graph_lib.Subgraph,
) -> list[list[graph_lib.Tensor]]:
  """Returns the parameters of each operator; none occurs twice."""
  # Index of a tensor -> the stored tensors that it is computed from.
  sources = {t.index: {t} for t in subgraph.tensors if t.is_constant}
  found: list[list[graph_lib.Tensor]] = []
  seen: set[graph_lib.Tensor] = set()
  for operator in subgraph.operators:
    own: list[graph_lib.Tensor] = []
    for position, tensor in enumerate(operator.inputs):
      if tensor is None or tensor.index not in sources:
        continue
      stored = sources[tensor.index]
      if operator.at_load:
        for output in operator.outputs:
          sources.setdefault(output.index, set()).update(stored)
        continue
      is_bias = _BIAS_POSITION.get(operator.name) == position
      own += [
        one
        for one in stored - seen
        if is_bias or one.type_name not in _SHAPE_TYPES
      ]
      seen |= stored
    found.append(own)
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


def _input_shape(
  operator: graph_lib.Operator, position: int
) -> tuple[int, ...]:
  tensor = operator.inputs[position]
  if tensor is None:
    raise ValueError(f'input {position} is left out')
  return tensor.shape


def _convolution(operator: graph_lib.Operator) -> int:
  # The kernel's last dimension is the size of one group of channels.
  _, height, width, depth = _input_shape(operator, 1)
  return operator.outputs[0].elements * height * width * depth


def _depthwise_convolution(operator: graph_lib.Operator) -> int:
  _, height, width, _ = _input_shape(operator, 1)
  return operator.outputs[0].elements * height * width


def _fully_connected(operator: graph_lib.Operator) -> int:
  _, depth = _input_shape(operator, 1)
  return operator.outputs[0].elements * depth


def _transposed_convolution(operator: graph_lib.Operator) -> int:
  # Each input pixel is multiplied with the whole kernel; products that fall
  # outside the output are included.
  channels, height, width, _ = _input_shape(operator, 1)
  return math.prod(_input_shape(operator, 2)) * channels * height * width


def _matrix_product(operator: graph_lib.Operator) -> int:
  # [M, K] times [K, N], each possibly stored transposed: M is known from the
  # output, and the other dimension of the first matrix is K.
  rows = operator.outputs[0].shape[-2]
  *_, first, second = _input_shape(operator, 0)
  depth = first * second // rows
  return operator.outputs[0].elements * depth


_RULES: dict[str, Callable[[graph_lib.Operator], int]] = {
  'BATCH_MATMUL': _matrix_product,
  'CONV_2D': _convolution,
  'DEPTHWISE_CONV_2D': _depthwise_convolution,
  'FULLY_CONNECTED': _fully_connected,
  'TRANSPOSE_CONV': _transposed_convolution,
}
