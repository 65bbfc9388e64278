# SPDX-License-Identifier: Apache-2.0
"""Finds the pieces into which XNNPACK cuts a graph, and the operators between.

Tensors are handed over between two pieces, and operators outside XNNPACK run in
the built-in kernels, on one thread each.
"""

import dataclasses
import itertools
import os
import typing

from depth_mai.runtime import cures
from depth_mai.runtime import delegation
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib


@dataclasses.dataclass(frozen=True)
class Piece:
  """Consecutive operators that run in the same place.

  Attributes:
    partition: number of the delegate's partition, from 0; None outside.
    operators: operators of the graph, in the order of the file.
  """

  partition: int | None
  operators: tuple[graph_lib.Operator, ...]


def find_pieces(
  graph: graph_lib.Graph, interpreter: typing.Any
) -> list[Piece] | None:
  """Finds the pieces of a graph.

  Args:
    graph: graph of the file.
    interpreter: allocated interpreter of the same file, with its delegate.

  Returns:
    The pieces in the order of the file; None where this runtime does not tell.
  """
  places = delegation.partition_of_operators(interpreter)
  if places is None:
    return None
  pieces = []
  for place, members in itertools.groupby(
    graph.main.operators, key=lambda one: places.get(one.index)
  ):
    pieces.append(Piece(place, tuple(members)))
  return pieces


def describe_partitions(path: str | os.PathLike[str]) -> dict:
  """Loads a file and describes which of its operators the delegate takes.

  Args:
    path: a .tflite file.

  Returns:
    dict, ready for JSON: runtime, runtime_version; the numbers partitions,
    operators and operators_outside; pieces, a list of dict: partition (None
    outside), first and last (indices of operators), operators (their number),
    broken_by (kind, type, output and cure of each operator outside the
    delegate; cure is '' if none is known). pieces is None where this runtime
    does not tell.

  Raises:
    ValueError: the file is missing, damaged or cannot be run.
  """
  graph = graph_lib.read_graph(path)
  runtime = interpreter_lib.find_runtime()
  loaded = interpreter_lib.load_interpreter(os.fspath(path))
  pieces = find_pieces(graph, loaded)
  known = pieces or []
  return {
    'runtime': runtime.name,
    'runtime_version': runtime.version,
    'partitions': len({one.partition for one in known} - {None}),
    'operators': len(graph.main.operators),
    'operators_outside': sum(
      len(one.operators) for one in known if one.partition is None
    ),
    'pieces': pieces and [_piece_record(one) for one in pieces],
  }


def _piece_record(piece: Piece) -> dict:
  outside = piece.operators if piece.partition is None else ()
  return {
    'partition': piece.partition,
    'first': piece.operators[0].index,
    'last': piece.operators[-1].index,
    'operators': len(piece.operators),
    'broken_by': [
      {
        'kind': one.name,
        'type': _type_name(one),
        'output': one.outputs[0].name if one.outputs else '',
        'cure': cures.for_xnnpack(one.name, _type_name(one)),
      }
      for one in outside
    ],
  }


def _type_name(operator: graph_lib.Operator) -> str:
  """Returns the type of a convolution's weights, else of the first input.

  A depthwise convolution of float data with int8 weights is 'INT8'.
  """
  given = operator.given_inputs
  tensors = given[1:2] if operator.name.endswith('CONV_2D') else given[:1]
  return tensors[0].type_name if tensors else ''
