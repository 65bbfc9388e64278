# SPDX-License-Identifier: Apache-2.0
"""Shows the summary of a .tflite file as text."""

import collections
from collections.abc import Sequence

from depth_mai.metrics import table

# More inputs of one operator than these are left out of the table.
_MOST_INPUTS = 2

_LEGEND = (
  'One MAC is one multiply-accumulate of a convolution or a matrix product. '
  'All else counts 0;\nwhat it costs shows in the elements that it writes and '
  'the bytes of activations that it reads and writes.'
)


def summary_text(summary: dict) -> str:
  """Lays out a summary.

  Args:
    summary: what `runtime.graph_summary.summarise` returns.

  Returns:
    What the file is, a table of its operators, one of their kinds, the totals
    and the metadata; several lines.
  """
  parts = [_head(summary), _operators(summary), _kinds(summary), _LEGEND]
  parts += summary['notes']
  metadata = _fields(summary['model']['metadata'])
  if metadata:
    width = max(len(key) for key, _ in metadata)
    lines = [f'  {key.ljust(width)}  {value}' for key, value in metadata]
    parts.append('\n'.join(['What the file says of itself', *lines]))
  return '\n\n'.join(parts)


def _head(summary):
  model, totals = summary['model'], summary['totals']
  lines = [
    ('file', f'{model["file"]}, {model["bytes"] / 1e6:.3f} MB'),
    ('sha256', model['sha256']),
    ('system', summary['system'] or '-'),
    ('precision', summary['precision'] or '-'),
    ('input', _ports(summary['inputs'])),
    ('output', _ports(summary['outputs'])),
    ('MACs', f'{totals["macs"]:,} ({totals["macs"] / 1e6:.1f} M)'),
    (
      'parameters',
      f'{totals["parameters"]:,}, stored in {totals["weight_bytes"]:,} bytes',
    ),
    (
      'activations',
      f'{totals["activation_bytes"]:,} bytes read and written for an image',
    ),
  ]
  return '\n'.join(f'{name:<11} {text}' for name, text in lines)


def _operators(summary):
  rows = [
    (
      one['index'],
      one['kind'],
      _flow(one),
      _shape(one['kernel']) if one['kernel'] else None,
      one['macs'],
      one['macs_share'],
      one['output_elements'],
      one['parameters'],
      one['weight_bytes'],
      one['activation_bytes'],
    )
    for one in summary['operators']
    if not one['at_load']
  ]
  text = table.text_table(
    (
      '#',
      'operator',
      'input -> output',
      'kernel',
      'MACs',
      'share',
      'elements',
      'parameters',
      'bytes',
      'activations',
    ),
    rows,
    ('', '', '', '', ',d', '.1%', ',d', ',d', ',d', ',d'),
  )
  at_load = collections.Counter(
    one['kind'] for one in summary['operators'] if one['at_load']
  )
  for kind, count in at_load.items():
    text += (
      f'\n(Not listed: {count} {kind} that prepare weights once, at load.)'
    )
  return text


def _kinds(summary):
  entries = [*summary['kinds'], {'kind': 'all', **summary['totals']}]
  return table.text_table(
    (
      'kind',
      'operators',
      'MACs',
      'share',
      'elements',
      'parameters',
      'bytes',
      'activations',
    ),
    [
      (
        one['kind'],
        one['operators'],
        one['macs'],
        one.get('macs_share', 1.0 if one['macs'] else 0.0),
        one['output_elements'],
        one['parameters'],
        one['weight_bytes'],
        one['activation_bytes'],
      )
      for one in entries
    ],
    ('', '', ',d', '.1%', ',d', ',d', ',d', ',d'),
  )


def _flow(operator: dict) -> str:
  """Returns such as '8x10x128 + 16x20x24 -> 16x20x152'."""
  shapes = [_shape(shape) for shape in operator['input_shapes']]
  if len(shapes) > _MOST_INPUTS:
    shapes = [*shapes[:_MOST_INPUTS], '...']
  return f'{" + ".join(shapes)} -> {_shape(operator["output_shape"])}'


def _shape(sizes: Sequence[int]) -> str:
  """Returns '8x10x128'; the batch of 1 in front goes without saying."""
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
