# SPDX-License-Identifier: Apache-2.0
"""Defines where a program's counters are read, and reads their snapshots.

Each snapshot has the tag of a place. BEGIN and END enclose an inference. The
others are entries of functions of LiteRT 2.3:

  VISIT     XNNPACK's delegate visits a node of the graph: first, without a
            subgraph, to check whether it can take it, then to take it.
  NEW_NODE  XNNPACK makes one of its internal nodes for that node.
  OPTIMIZE  All nodes of a partition are made.
  RUN       XNNPACK runs the kernel of an internal node.
  DONE      LiteRT has run a node, or a partition.
  START     TFLite 2.5.0 begins with a node, see arm32_probe.py.
"""

import dataclasses
import os

BEGIN, END, VISIT, NEW_NODE, OPTIMIZE, RUN, DONE, START = range(8)

# A part of the function's symbol that no other symbol has.
FUNCTIONS = {
  VISIT: 'xnnpack12_GLOBAL__N_18Subgraph9VisitNodeEP12xnn_subgraph',
  NEW_NODE: 'xnn_subgraph_new_node',
  OPTIMIZE: 'xnn_subgraph_optimize',
  RUN: 'xnn_run_operator_with_index',
  DONE: '_ZN6tflite8Subgraph26MaybeReleaseDynamicTensorsERK10TfLiteNodem',
}

_ARGUMENTS = 6


@dataclasses.dataclass(frozen=True)
class Snapshot:
  """The counters at one place.

  Attributes:
    tag: tag of the place.
    arguments: the first six arguments of the function, as numbers.
    counters: dict from names to totals since the program began.
  """

  tag: int
  arguments: tuple[int, ...]
  counters: dict[str, int]

  def since(self, earlier: 'Snapshot') -> dict[str, int]:
    """Returns the counts since an earlier snapshot."""
    return {
      name: value - earlier.counters[name]
      for name, value in self.counters.items()
    }


def read_snapshots(path: str | os.PathLike[str]) -> list[Snapshot]:
  """Reads the plugin's file.

  Args:
    path: the file.

  Returns:
    The snapshots, in order.

  Raises:
    ValueError: the file is not the plugin's, or is incomplete.
  """
  with open(path, encoding='ascii') as stream:
    lines = stream.read().splitlines()
  names = lines[0].split() if lines else []
  if names[:1] != ['tag']:
    raise ValueError(f'{os.fspath(path)} contains no counts.')
  snapshots = []
  for number, line in enumerate(lines[1:], start=2):
    values = [int(word) for word in line.split()]
    if len(values) != len(names):
      raise ValueError(
        f'{os.fspath(path)}, line {number}, has {len(values)} numbers, not '
        f'{len(names)}: the emulator was stopped.'
      )
    first = 1 + _ARGUMENTS
    counters = dict(zip(names[first:], values[first:], strict=True))
    snapshots.append(Snapshot(values[0], tuple(values[1:first]), counters))
  return snapshots


def inferences(snapshots: list[Snapshot]) -> list[list[Snapshot]]:
  """Returns the snapshots of each inference, including BEGIN and END."""
  found: list[list[Snapshot]] = []
  current: list[Snapshot] | None = None
  for snapshot in snapshots:
    if snapshot.tag == BEGIN:
      current = []
    if current is not None:
      current.append(snapshot)
    if snapshot.tag == END and current:
      found.append(current)
      current = None
  return found


def counted(inference: list[Snapshot]) -> dict[str, int]:
  """Returns the counts from the beginning to the end of an inference."""
  return inference[-1].since(inference[0])
