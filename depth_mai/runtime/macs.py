# SPDX-License-Identifier: Apache-2.0
"""Counts the multiply-accumulates (MACs) of operators.

One MAC is one multiplication of a weight (or of one matrix's entry) whose
result is added to a sum; two operations, that is, where others count FLOPs.
Counted are convolutions and matrix products: out of the stored shapes, biases
not included, products with the zeros of a 'same' padding included. This is the
convention of the papers' "multiply-adds": MobileNetV3 (Howard et al. 2019)
has 219 M large and 56 M small at 224x224.

Everything else counts 0: additions, activations, poolings, resizes,
concatenations. They take time all the same, which is why summaries list the
elements that they write and the bytes that they move.
"""

from collections.abc import Callable

from depth_mai.runtime import graph as graph_lib

# Multiply, but by rules that are not written here.
_WITHOUT_RULE = frozenset(
  (
    'BIDIRECTIONAL_SEQUENCE_LSTM',
    'BIDIRECTIONAL_SEQUENCE_RNN',
    'CALL',
    'CONV_3D',
    'CONV_3D_TRANSPOSE',
    'IF',
    'LSTM',
    'RFFT2D',
    'RNN',
    'STABLEHLO_COMPOSITE',
    'STABLEHLO_CONVOLUTION',
    'STABLEHLO_CUSTOM_CALL',
    'STABLEHLO_DOT_GENERAL',
    'STABLEHLO_WHILE',
    'SVDF',
    'UNIDIRECTIONAL_SEQUENCE_LSTM',
    'UNIDIRECTIONAL_SEQUENCE_RNN',
    'WHILE',
  )
)
_UNKNOWN_PREFIXES = ('BUILTIN_', 'CUSTOM:')
_KERNEL_POSITION = {'CONV_2D': 1, 'DEPTHWISE_CONV_2D': 1, 'TRANSPOSE_CONV': 1}


def operator_macs(operator: graph_lib.Operator) -> int | None:
  """Counts the MACs of one operator, for one image.

  Args:
    operator: of a graph. Sizes that are left open count as 1.

  Returns:
    The number; 0 for operators that only add, move or compare; None for those
    that may multiply and accumulate but have no rule here.

  Raises:
    ValueError: if its tensors do not have the shapes that the schema asks for.
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
  except (ValueError, IndexError, ZeroDivisionError, AttributeError) as error:
    shapes = [tensor.shape for tensor in operator.given_inputs]
    raise ValueError(
      f'Operator {operator.index}, {operator.name}, has inputs of shapes '
      f'{shapes}, from which no kernel can be read. The file is damaged: '
      'convert the network again.'
    ) from error


def kernel_size(operator: graph_lib.Operator) -> tuple[int, int] | None:
  """Returns (height, width) of a convolution's kernel, None for the others."""
  position = _KERNEL_POSITION.get(operator.name)
  if position is None:
    return None
  _, height, width, _ = operator.inputs[position].shape
  return height, width


def _convolution(operator: graph_lib.Operator) -> int:
  # The kernel's last size is that of one group of channels.
  _, height, width, depth = operator.inputs[1].shape
  return operator.outputs[0].elements * height * width * depth


def _depthwise_convolution(operator: graph_lib.Operator) -> int:
  _, height, width, _ = operator.inputs[1].shape
  return operator.outputs[0].elements * height * width


def _fully_connected(operator: graph_lib.Operator) -> int:
  _, depth = operator.inputs[1].shape
  return operator.outputs[0].elements * depth


def _transposed_convolution(operator: graph_lib.Operator) -> int:
  # Each input pixel is multiplied with the whole kernel; what falls outside
  # of the output is included.
  channels, height, width, _ = operator.inputs[1].shape
  return operator.inputs[2].elements * channels * height * width


def _matrix_product(operator: graph_lib.Operator) -> int:
  # [M, K] by [K, N], either of which may be stored transposed: M is the
  # output's, so what remains of the first matrix is K.
  rows = operator.outputs[0].shape[-2]
  depth = operator.inputs[0].shape[-1] * operator.inputs[0].shape[-2] // rows
  return operator.outputs[0].elements * depth


_RULES: dict[str, Callable[[graph_lib.Operator], int]] = {
  'BATCH_MATMUL': _matrix_product,
  'CONV_2D': _convolution,
  'DEPTHWISE_CONV_2D': _depthwise_convolution,
  'FULLY_CONNECTED': _fully_connected,
  'TRANSPOSE_CONV': _transposed_convolution,
}
