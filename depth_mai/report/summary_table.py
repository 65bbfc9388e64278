# SPDX-License-Identifier: Apache-2.0
"""Lays out the summary of a .tflite file and its XNNPACK partitions as text."""

import collections
from collections.abc import Iterator
from collections.abc import Sequence

from depth_mai.metrics import table

# Most inputs of an operator that the table shows.
_MOST_INPUTS = 2

_LEGEND = (
  'One MAC is one multiply-accumulate of a convolution or a matrix product. '
  'All other operators count 0;\nto judge their cost, see the elements they '
  'write and the bytes of activations they read and write.'
)
# Heading, key and format of the columns that both tables share.
_COSTS = (
  ('MACs', 'macs', ',d'),
  ('share', 'macs_share', '.1%'),
  ('elements', 'output_elements', ',d'),
  ('parameters', 'parameters', ',d'),
  ('bytes', 'weight_bytes', ',d'),
  ('activations', 'activation_bytes', ',d'),
)


def summary_text(summary: dict) -> str:
  """Lays out a summary.

  Args:
    summary: the result of `runtime.graph_summary.summarise`.

  Returns:
    The file's properties, a table of its operators, a table of operator kinds,
    the totals and the metadata; several lines.
  """
  parts = [_head(summary), _operators(summary), _kinds(summary), _LEGEND]
  parts += summary['notes']
  metadata = _fields(summary['model']['metadata'])
  if metadata:
    width = max(len(key) for key, _ in metadata)
    lines = [f'  {key.ljust(width)}  {value}' for key, value in metadata]
    parts.append('\n'.join(["The file's metadata", *lines]))
  return '\n\n'.join(parts)


def partition_text(delegation: dict) -> str:
  """Lays out the partitions of a graph.

  Args:
    delegation: the result of `runtime.delegation.describe_partitions`.

  Returns:
    A sentence; if the graph is cut, also a table of its pieces and a line for
    each kind of operator that cuts it; several lines.
  """
  runtime = f'{delegation["runtime"]} {delegation["runtime_version"]}'
  pieces = delegation['pieces']
  if pieces is None:
    return f'{runtime} does not report what its delegate takes.'
  counts = f'{delegation["operators"]} operators'
  outside = delegation['operators_outside']
  if not outside:
    return f'XNNPACK of {runtime} takes the whole graph: {counts}, one piece.'
  head = (
    f'XNNPACK of {runtime} takes {delegation["operators"] - outside} of '
    f'{counts}, in {delegation["partitions"]} partitions.'
  )
  return '\n\n'.join([head, _piece_table(pieces), *_cause_lines(pieces)])


def _head(summary):
  model, totals = summary['model'], summary['totals']
  lines = {
    'file': f'{model["file"]}, {model["bytes"] / 1e6:.3f} MB',
    'sha256': model['sha256'],
    'system': summary['system'] or '-',
    'precision': summary['precision'] or '-',
    'input': _ports(summary['inputs']),
    'output': _ports(summary['outputs']),
    'MACs': f'{totals["macs"]:,} ({totals["macs"] / 1e6:.1f} M)',
    'parameters': f'{totals["parameters"]:,}, stored in '
    f'{totals["weight_bytes"]:,} bytes',
    'activations': f'{totals["activation_bytes"]:,} bytes read and written '
    'for an image',
  }
  return '\n'.join(f'{name:<11} {text}' for name, text in lines.items())


def _operators(summary):
  text = _cost_table(
    ('#', 'operator', 'input -> output', 'kernel'),
    [
      (
        one['index'],
        one['kind'],
        _flow(one),
        _shape(one['kernel']) if one['kernel'] else None,
        one,
      )
      for one in summary['operators']
      if not one['at_load']
    ],
  )
  at_load = collections.Counter(
    one['kind'] for one in summary['operators'] if one['at_load']
  )
  for kind, count in at_load.items():
    text += f'\n(Not listed: {count} {kind} that prepare weights at load time.)'
  return text


def _kinds(summary):
  totals = summary['totals']
  share = 1.0 if totals['macs'] else 0.0
  return _cost_table(
    ('kind', 'operators'),
    [
      (one['kind'], one['operators'], one)
      for one in (
        *summary['kinds'],
        {'kind': 'all', 'macs_share': share, **totals},
      )
    ],
  )


def _cost_table(header: Sequence[str], rows: Sequence[tuple]) -> str:
  """Returns a table; the last cell of a row is the dict with its costs."""
  headings, keys, formats = zip(*_COSTS, strict=True)
  return table.text_table(
    (*header, *headings),
    [(*cells, *(one[key] for key in keys)) for *cells, one in rows],
    (*([''] * len(header)), *formats),
  )


def _flow(operator: dict) -> str:
  """Returns text such as '8x10x128 + 16x20x24 -> 16x20x152'."""
  shapes = [_shape(shape) for shape in operator['input_shapes']]
  if len(shapes) > _MOST_INPUTS:
    shapes = [*shapes[:_MOST_INPUTS], '...']
  return f'{" + ".join(shapes)} -> {_shape(operator["output_shape"])}'


def _shape(sizes: Sequence[int]) -> str:
  """Returns '8x10x128'; a leading batch of 1 is left out."""
  if len(sizes) > 1 and sizes[0] == 1 and len(sizes) != 2:
    sizes = sizes[1:]
  return 'x'.join(map(str, sizes)) or '1'


def _ports(tensors: list[dict]) -> str:
  return ', '.join(f'{one["type"]} {one["shape"]}' for one in tensors)


def _fields(metadata: dict, prefix: str = '') -> list[tuple[str, str]]:
  """Flattens nested metadata to (dotted key, value as text)."""
  fields = []
  for key, value in metadata.items():
    if isinstance(value, dict):
      fields += _fields(value, f'{prefix}{key}.')
    else:
      fields.append((f'{prefix}{key}', str(value)))
  return fields


def _piece_table(pieces: list[dict]) -> str:
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


def _cause_lines(pieces: list[dict]) -> Iterator[str]:
  """Yields a line for each kind of operator outside the delegate."""
  causes = collections.Counter(
    (one['kind'], one['type'], one['cure'])
    for piece in pieces
    for one in piece['broken_by']
  )
  for (kind, type_name, cure), count in causes.most_common():
    yield f'{count} {kind} ({type_name}): {cure or "No cure is known."}'
