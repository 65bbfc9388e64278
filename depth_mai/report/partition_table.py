# SPDX-License-Identifier: Apache-2.0
"""Shows as text what a delegate takes of a graph, and what cuts it."""

import collections

from depth_mai.metrics import table


def partition_text(delegation: dict) -> str:
  """Lays out the pieces of a graph.

  Args:
    delegation: what `runtime.partitions.describe_partitions` returns.

  Returns:
    A sentence; where the graph is cut, a table of its pieces and a line for
    each kind of operator that cuts it; several lines.
  """
  runtime = f'{delegation["runtime"]} {delegation["runtime_version"]}'
  pieces = delegation['pieces']
  if pieces is None:
    return f'{runtime} does not tell what its delegate takes.'
  counts = f'{delegation["operators"]} operators'
  outside = delegation['operators_outside']
  if not outside:
    return f'XNNPACK of {runtime} takes the whole graph: {counts}, one piece.'
  head = (
    f'XNNPACK of {runtime} takes {delegation["operators"] - outside} of '
    f'{counts}, in {delegation["partitions"]} partitions.'
  )
  return '\n\n'.join([head, _pieces(pieces), *_causes(pieces)])


def _pieces(pieces: list[dict]) -> str:
  rows = []
  for piece in pieces:
    number = piece['partition']
    names = [one['kind'] for one in piece['broken_by']]
    rows.append(
      (
        f'{piece["first"]}-{piece["last"]}',
        piece['operators'],
        'built-in' if number is None else f'XNNPACK {number}',
        ', '.join(names) or '-',
        ', '.join(one['output'] for one in piece['broken_by']) or '-',
      )
    )
  return table.text_table(
    ('operators', 'number', 'runs in', 'outside', 'output'), rows
  )


def _causes(pieces: list[dict]):
  """Yields a line for each kind of operator outside."""
  causes = collections.Counter(
    (one['kind'], one['type'], one['cure'])
    for piece in pieces
    for one in piece['broken_by']
  )
  for (kind, type_name, cure), count in causes.most_common():
    yield f'{count} {kind} ({type_name}): {cure or "no cure is known."}'
