# SPDX-License-Identifier: Apache-2.0
"""Attributes the counted instructions to the operators of the graph.

The built-in kernels run node after node; a snapshot at the end of each tells
them apart. XNNPACK makes internal nodes: a snapshot at its creation shows for
which operator a node was made, a snapshot when it runs shows its cost. An
operator that XNNPACK fused with another, or that moves nothing, runs no kernel.
"""

from depth_mai.devices.emulated_pi4 import hooks
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.devices.emulated_pi4 import symbols
from depth_mai.runtime import graph as graph_lib

# Counters of each operator.
COUNTERS = ('instructions', 'load_bytes', 'store_bytes')

# From the indices of the operators to their counters and `kernels`.
Totals = dict[int | None, dict[str, int]]


def owners_of_nodes(
  snapshots: list[marks.Snapshot],
) -> list[list[int | None]]:
  """Finds for which operator XNNPACK made each of its nodes.

  Args:
    snapshots: snapshots of a program that created an interpreter.

  Returns:
    For each partition, in the order of their creation, the operator of each
    node; None for a node that XNNPACK added.
  """
  partitions: list[list[int | None]] = []
  subgraph = current = None
  complete = True
  for snapshot in snapshots:
    # The first argument is XNNPACK's subgraph, the sixth the operator's index.
    first = snapshot.arguments[0]
    if snapshot.tag == marks.VISIT and first:
      if complete:
        partitions.append([])
      subgraph, current, complete = first, snapshot.arguments[5], False
    elif snapshot.tag == marks.NEW_NODE and first == subgraph:
      partitions[-1].append(current)
    elif snapshot.tag == marks.OPTIMIZE and first == subgraph:
      # XNNPACK also optimises drafts, which are other subgraphs.
      current, complete = None, True
  return partitions


def taken_by_xnnpack(snapshots: list[marks.Snapshot]) -> set[int]:
  """Returns the indices of the operators that XNNPACK took."""
  return {
    snapshot.arguments[5]
    for snapshot in snapshots
    if snapshot.tag == marks.VISIT and snapshot.arguments[0]
  }


def count_by_operator(
  inference: list[marks.Snapshot],
  partitions: list[list[int | None]],
  delegates: list[int],
) -> Totals:
  """Sums the counts of each operator.

  Args:
    inference: the snapshots of one inference, including RUN and DONE.
    partitions: the result of `owners_of_nodes`.
    delegates: indices of the nodes that represent the partitions, in the order
      of their creation.

  Returns:
    dict from the operators' indices to dicts: kernels (the number that ran) and
    COUNTERS without the instructions of the hooks. The key None has the counts
    of no operator.

  Raises:
    ValueError: a partition or node ran that was not created.
  """
  totals: Totals = {}
  main = _main_graph(inference)
  pending = []
  for earlier, later in zip(inference, inference[1:], strict=False):
    node = earlier.arguments[1] if earlier.tag == marks.RUN else None
    pending.append((node, _without_hooks(earlier, later)))
    if later.tag == marks.DONE and later.arguments[0] == main:
      done = later.arguments[2]
      for node, spent in pending:
        owner: int | None = done
        kernels = 1
        if done in delegates:
          owner = _owner(partitions, delegates.index(done), node)
          # Without a node it is the delegate's own work, not a kernel.
          kernels = int(node is not None)
        _add(totals, owner, kernels, spent)
      pending = []
  for _, spent in pending:
    _add(totals, None, 0, spent)
  return totals


def count_by_start(inference: list[marks.Snapshot]) -> Totals:
  """Sums the counts of each operator of a runtime that runs node after node.

  Args:
    inference: the snapshots of one inference, with one START for each operator.

  Returns:
    The same as `count_by_operator`, without bytes.
  """
  totals: Totals = {}
  index = None
  for earlier, later in zip(inference, inference[1:], strict=False):
    spent = later.since(earlier)
    _add(
      totals,
      index,
      int(index is not None),
      {name: spent.get(name, 0) for name in COUNTERS},
    )
    index = 0 if index is None else index + 1
  return totals


def operator_rows(
  graph: graph_lib.Graph,
  totals: Totals,
  instructions: int,
  taken: set[int],
) -> list[dict]:
  """Returns the counts with the names of the operators.

  Args:
    graph: the file's graph.
    totals: the result of `count_by_operator`.
    instructions: number of instructions of the whole inference.
    taken: the result of `taken_by_xnnpack`.

  Returns:
    A dict for each operator, in the graph's order: index, operator, output
    (name of its first output, which contains the layer's name), kernels,
    runs_in ('xnnpack', 'builtin'), COUNTERS, share (of all instructions).
  """
  rows = []
  for operator in graph.main.operators:
    mine = totals.get(operator.index, _zeros())
    rows.append(
      {
        'index': operator.index,
        'operator': operator.name,
        'output': operator.outputs[0].name if operator.outputs else '',
        'runs_in': 'xnnpack' if operator.index in taken else 'builtin',
        **mine,
        'share': mine['instructions'] / max(instructions, 1),
      }
    )
  return rows


def _main_graph(inference: list[marks.Snapshot]) -> int | None:
  """Returns the graph that ends last; the others are functions it calls."""
  done = [one for one in inference if one.tag == marks.DONE]
  return done[-1].arguments[0] if done else None


def _without_hooks(
  earlier: marks.Snapshot, later: marks.Snapshot
) -> dict[str, int]:
  counted = later.since(earlier)
  spent = {name: counted[name] for name in COUNTERS}
  if earlier.tag != marks.BEGIN:
    spent['instructions'] -= hooks.EXTRA_AFTER
  if later.tag != marks.END:
    spent['instructions'] -= hooks.EXTRA_BEFORE
  return spent


def _owner(
  partitions: list[list[int | None]], index: int, node: int | None
) -> int | None:
  """Returns the operator of a node of a partition."""
  if index >= len(partitions):
    raise ValueError(
      f'Partition {index} ran, but only {len(partitions)} were made. '
      f'{symbols.OTHER_LITERT}'
    )
  owners = partitions[index]
  if node is None:
    return None
  if node >= len(owners):
    raise ValueError(
      f'XNNPACK ran its node {node}, but made only {len(owners)}. '
      f'{symbols.OTHER_LITERT}'
    )
  return owners[node]


def _zeros() -> dict[str, int]:
  return {'kernels': 0} | dict.fromkeys(COUNTERS, 0)


def _add(
  totals: Totals, owner: int | None, kernels: int, spent: dict[str, int]
) -> None:
  """Adds counts to those of an operator."""
  sums = totals.setdefault(owner, _zeros())
  for name, value in ({'kernels': kernels} | spent).items():
    sums[name] += value
