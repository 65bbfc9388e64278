# SPDX-License-Identifier: Apache-2.0
"""Finds how much of a graph the XNNPACK delegate took.

Tensors are handed over at the ends of each partition of the delegate; best is
one partition with no operator outside. LiteRT has no public call for this: the
private `_get_ops_details()` lists the operators of the file and, after
allocation, one 'DELEGATE' entry per partition. An operator is inside a
partition if its result is needed to compute the partition's outputs from its
inputs.
"""

import collections
import dataclasses
import typing

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
