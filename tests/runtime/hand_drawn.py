# SPDX-License-Identifier: Apache-2.0
"""Builds graphs as plain objects, for counting only: they cannot be run."""

import math

from depth_mai.runtime import graph
from depth_mai.runtime import schema_names


def tensor(
  index: int,
  *shape: int,
  type_name: str = 'FLOAT32',
  constant: bool = False,
) -> graph.Tensor:
  """Returns a tensor.

  Args:
    index: its index; equal indices stand for the same tensor.
    *shape: its sizes.
    type_name: type of its numbers.
    constant: whether the file contains its values.
  """
  stored = math.prod(shape) * schema_names.type_bits(type_name) // 8
  return graph.Tensor(
    index, f't{index}', shape, False, type_name, stored if constant else 0
  )


def weights(index: int, *shape: int, type_name: str = 'FLOAT32'):
  """Returns a constant tensor; see `tensor` for the arguments."""
  return tensor(index, *shape, type_name=type_name, constant=True)


def draw(*operators) -> graph.Graph:
  """Returns a graph.

  Args:
    *operators: (name, inputs, outputs) each, in the order in which they run.
  """
  tensors = {
    one.index: one
    for _, inputs, outputs in operators
    for one in (*inputs, *outputs)
    if one is not None
  }
  known = {one.index for one in tensors.values() if one.is_constant}
  drawn = []
  for index, (name, inputs, outputs) in enumerate(operators):
    at_load = {one.index for one in inputs if one is not None} <= known
    if at_load:
      known |= {one.index for one in outputs}
    drawn.append(
      graph.Operator(index, name, 1, tuple(inputs), tuple(outputs), at_load)
    )
  subgraph = graph.Subgraph(
    tuple(tensors.values()),
    tuple(drawn),
    tuple(operators[0][1][:1]),
    tuple(operators[-1][2]),
  )
  return graph.Graph('drawn.tflite', 0, (subgraph,), {})
