# SPDX-License-Identifier: Apache-2.0
"""Finds the pieces of a graph that run in XNNPACK and outside it.

Tensors are handed over between pieces, and operators outside XNNPACK run in the
built-in kernels, on one thread each.
"""

import itertools
import os
import typing

from depth_mai.runtime import cures
from depth_mai.runtime import delegation
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib


def find_pieces(
  graph: graph_lib.Graph, interpreter: typing.Any
) -> list[dict] | None:
  """Finds the pieces of a graph: consecutive operators that run together.

  Args:
    graph: graph of the file.
    interpreter: allocated interpreter of the same file, with its delegate.

  Returns:
    A dict for each piece in the order of the file, ready for JSON: partition
    (its number, from 0; None outside), first and last (indices of operators),
    operators (their number), broken_by (kind, type, output and cure of each
    operator outside the delegate; cure is '' if none is known). None where this
    runtime does not report its partitions.
  """
  places = delegation.partition_of_operators(interpreter)
  if places is None:
    return None
  groups = itertools.groupby(
    graph.main.operators, key=lambda one: places.get(one.index)
  )
  return [_piece(partition, list(members)) for partition, members in groups]


def describe_partitions(path: str | os.PathLike[str]) -> dict:
  """Loads a file and describes which of its operators the delegate takes.

  Args:
    path: a .tflite file.

  Returns:
    dict, ready for JSON: runtime, runtime_version; the numbers partitions,
    operators and operators_outside; pieces, see `find_pieces`.

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
    'partitions': len({one['partition'] for one in known} - {None}),
    'operators': len(graph.main.operators),
    'operators_outside': sum(len(one['broken_by']) for one in known),
    'pieces': pieces,
  }


def _piece(partition: int | None, operators: list[graph_lib.Operator]) -> dict:
  return {
    'partition': partition,
    'first': operators[0].index,
    'last': operators[-1].index,
    'operators': len(operators),
    'broken_by': [
      {
        'kind': one.name,
        'type': _type_name(one),
        'output': one.outputs[0].name if one.outputs else '',
        'cure': cures.for_xnnpack(one.name, _type_name(one)),
      }
      for one in (operators if partition is None else ())
    ],
  }


def _type_name(operator: graph_lib.Operator) -> str:
  """Returns the type of a convolution's weights, else of the first input.

  A depthwise convolution of float data with int8 weights is 'INT8'.
  """
  given = operator.given_inputs
  tensors = given[1:2] if operator.name.endswith('CONV_2D') else given[:1]
  return tensors[0].type_name if tensors else ''
