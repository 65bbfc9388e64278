# SPDX-License-Identifier: Apache-2.0
"""Finds the parts of a graph that run in XNNPACK and outside it.

Tensors are handed over at the ends of each partition of the delegate, and
operators outside run in the built-in kernels, on one thread each. The best
graph is a single partition with no operator outside.

LiteRT has no public call for this: the private `_get_ops_details()` lists the
operators of the file and, after allocation, one 'DELEGATE' entry per partition.
An operator is inside a partition if its result is needed to compute the
partition's outputs from its inputs.
"""

import collections
import dataclasses
import itertools
import os
import typing

from depth_mai.runtime import cures
from depth_mai.runtime import first_run
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter as interpreter_lib

_DELEGATE = 'DELEGATE'


@dataclasses.dataclass(frozen=True)
class Delegation:
  """How much of a graph the delegate took.

  Attributes:
    operators: number of operators in the file.
    partitions: number of pieces the delegate took; 0 without a delegate.
    outside: dict from the names of the operators that the built-in kernels run
      to their numbers.
  """

  operators: int
  partitions: int
  outside: dict[str, int]

  def outside_text(self) -> str:
    """Returns text such as '2 RESIZE_NEAREST_NEIGHBOR, 1 TILE', or 'none'."""
    items = sorted(self.outside.items(), key=lambda item: (-item[1], item[0]))
    return ', '.join(f'{count} {name}' for name, count in items) or 'none'


def describe_delegation(interpreter: typing.Any) -> Delegation | None:
  """Finds how much of a graph the delegate took.

  Args:
    interpreter: allocated interpreter.

  Returns:
    A `Delegation`; None where this runtime does not report it.
  """
  places, entries = partition_of_operators(interpreter), _entries(interpreter)
  if places is None or entries is None:
    return None
  outside = collections.Counter(
    entry['op_name']
    for entry in entries
    if places.get(entry['index'], 0) is None
  )
  partitions = sum(entry['op_name'] == _DELEGATE for entry in entries)
  return Delegation(len(places), partitions, dict(outside))


def partition_of_operators(
  interpreter: typing.Any,
) -> dict[int, int | None] | None:
  """Finds which partition each operator is in.

  Args:
    interpreter: allocated interpreter.

  Returns:
    dict from the operator's index in the file to the number of its partition,
    from 0, or to None for an operator outside; None where this runtime does not
    report it.
  """
  entries = _entries(interpreter)
  if entries is None:
    return None
  operators = [entry for entry in entries if entry['op_name'] != _DELEGATE]
  partitions = [entry for entry in entries if entry['op_name'] == _DELEGATE]
  producers = {
    int(tensor): entry for entry in operators for tensor in entry['outputs']
  }
  places: dict[int, int | None] = {entry['index']: None for entry in operators}
  for number, partition in enumerate(partitions):
    for index in _operators_between(partition, producers):
      places[index] = number
  return places


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
  places = partition_of_operators(interpreter)
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
  first_run.check(path)
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


def _entries(interpreter: typing.Any) -> list[dict] | None:
  """Returns the runtime's list of operators and partitions, if it has one."""
  if not hasattr(interpreter, '_get_ops_details'):
    return None
  # pylint: disable-next=protected-access
  return interpreter._get_ops_details()


def _operators_between(partition: dict, producers: dict[int, dict]) -> set[int]:
  """Returns the indices of the operators that a partition replaces."""
  given = {int(tensor) for tensor in partition['inputs']}
  wanted = [int(tensor) for tensor in partition['outputs']]
  found = set()
  while wanted:
    producer = producers.get(wanted.pop())
    if producer is None or producer['index'] in found:
      continue
    found.add(producer['index'])
    wanted += [
      int(tensor) for tensor in producer['inputs'] if int(tensor) not in given
    ]
  return found


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
