# SPDX-License-Identifier: Apache-2.0
"""Which operator executed how many instructions.

The built-in kernels run node after node; a snapshot when each is done tells
them apart. XNNPACK makes nodes of its own: the snapshots at their creation tell
of which operator each was made, those at their run what each cost. An operator
whose work XNNPACK joined to another's, or that moves nothing, ran no kernel.
"""

from depth_mai.devices.emulated_pi4 import hooks
from depth_mai.devices.emulated_pi4 import marks
from depth_mai.runtime import graph as graph_lib

# What is told of each operator.
COUNTERS = ('instructions', 'load_bytes', 'store_bytes')


def owners_of_nodes(
  snapshots: list[marks.Snapshot],
) -> list[list[int | None]]:
  """Finds of which operator XNNPACK made each of its nodes.

  Args:
    snapshots: of a program that created an interpreter.

  Returns:
    For each partition, in the order of their creation, a list: the operator
    that each node is made of; None for one that XNNPACK added.
  """
  partitions = []
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
      # XNNPACK optimises drafts of its own as well, which are other subgraphs.
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
) -> dict[int | None, dict[str, int]]:
  """Sums what was counted by operator.

  Args:
    inference: the snapshots of one inference, RUN and DONE among them.
    partitions: of `owners_of_nodes`.
    delegates: indices of the nodes that stand for the partitions, in the order
      of their creation.

  Returns:
    dict from the operators' indices to dicts: kernels (how many ran), and
    COUNTERS without what the hooks added. None has what is no operator's.

  Raises:
    ValueError: if what ran is not what was created.
  """
  totals = {}
  main = _main_graph(inference)
  pending = []
  for earlier, later in zip(inference, inference[1:], strict=False):
    spent = _without_hooks(earlier, later)
    node = earlier.arguments[1] if earlier.tag == marks.RUN else None
    pending.append((node, spent))
    if later.tag == marks.DONE and later.arguments[0] == main:
      done = later.arguments[2]
      owners = None
      if done in delegates:
        owners = _owners(partitions, delegates.index(done))
      for node, spent in pending:
        _add(totals, done, owners, node, spent)
      pending = []
  for _, spent in pending:
    _add(totals, None, None, None, spent)
  return totals


def operator_rows(
  graph: graph_lib.Graph,
  totals: dict[int | None, dict[str, int]],
  instructions: int,
  taken: set[int],
) -> list[dict]:
  """Names the operators.

  Args:
    graph: of the file.
    totals: of `count_by_operator`.
    instructions: of the whole inference.
    taken: of `taken_by_xnnpack`.

  Returns:
    A dict for each operator, in the graph's order: index, operator, output
    (name of its first output, which holds the layer's), kernels, runs_in
    ('xnnpack', 'builtin'), COUNTERS, share (of the instructions).
  """
  nothing = {'kernels': 0} | dict.fromkeys(COUNTERS, 0)
  rows = []
  for operator in graph.main.operators:
    mine = totals.get(operator.index, nothing)
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
  """Returns the graph that is done last; others are functions it calls."""
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


def _owners(partitions: list[list[int | None]], index: int) -> list[int | None]:
  if index >= len(partitions):
    raise ValueError(
      f'Partition {index} ran, but {len(partitions)} were seen to be made: '
      'this LiteRT is not the one that this was written for. Run '
      'depth_mai.devices.emulated_pi4.setup again.'
    )
  return partitions[index]


def _add(
  totals: dict[int | None, dict[str, int]],
  done: int | None,
  owners: list[int | None] | None,
  node: int | None,
  spent: dict[str, int],
) -> None:
  """Adds what was counted to the operator that it is of."""
  owner, ran = done, 1
  if done is None:
    ran = 0
  elif owners is not None and node is None:
    owner, ran = None, 0  # the delegate itself
  elif owners is not None:
    if node >= len(owners):
      raise ValueError(
        f'XNNPACK ran its node {node}, but made only {len(owners)}: this '
        'LiteRT is not the one that this was written for. Run '
        'depth_mai.devices.emulated_pi4.setup again.'
      )
    owner = owners[node]
  sums = totals.setdefault(owner, {'kernels': 0} | dict.fromkeys(COUNTERS, 0))
  sums['kernels'] += ran
  for name, value in spent.items():
    sums[name] += value
