# SPDX-License-Identifier: Apache-2.0
"""Summarises the operators of a .tflite file and their cost as plain data."""

import collections
import os

from depth_mai.files import printable
from depth_mai.files import regular_files
from depth_mai.runtime import cost as cost_lib
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import metadata as metadata_lib

FORMAT = 'depth_mai.summary/1'

_SUMMED = (
  'macs',
  'output_elements',
  'parameters',
  'weight_bytes',
  'activation_bytes',
)


def summarise(path: str | os.PathLike[str]) -> dict:
  """Summarises a file without a runtime and without running it.

  Args:
    path: a .tflite file of any network.

  Returns:
    dict, ready for JSON:
      format; model (file, bytes, sha256, metadata); system from the metadata,
      or None; precision from the metadata, else from the weights;
      inputs, outputs (list of name, type, shape);
      operators, a list of dict: index, kind, output (name of its tensor),
      input_shapes (activations only), output_shape, kernel ([height, width] or
      None), macs (None: not known), macs_share (of the sum), output_elements
      (written for an image), parameters, weight_bytes, activation_bytes (read
      and written), at_load (whether it runs once at load, not for every image);
      kinds, the sums by kind of operator, most MACs first: kind, operators and
      the figures above; totals, the sums over all operators;
      notes, the reasons to doubt figures, a text each.

  Raises:
    ValueError: the file is missing, damaged or no .tflite file.
  """
  graph = graph_lib.read_graph(path)
  metadata = metadata_lib.read_metadata(path)
  costs = cost_lib.operator_costs(graph)
  total_macs = cost_lib.total_macs(costs)
  fixed = graph.main.fixed
  operators = [_operator_record(one, total_macs, fixed) for one in costs]
  found = metadata_lib.precision_of(graph)
  return {
    'format': FORMAT,
    'model': {
      'file': printable.printable(os.path.basename(path)),
      'bytes': graph.file_bytes,
      'sha256': regular_files.sha256(path),
      'metadata': metadata,
    },
    'system': metadata.get('system'),
    'precision': metadata.get('precision', found),
    'inputs': [_tensor_record(tensor) for tensor in graph.main.inputs],
    'outputs': [_tensor_record(tensor) for tensor in graph.main.outputs],
    'operators': operators,
    'kinds': _kinds(operators, total_macs),
    'totals': {'operators': len(operators), **_sums(operators)},
    'notes': _notes(graph, costs, metadata.get('precision'), found),
  }


def _tensor_record(tensor: graph_lib.Tensor) -> dict:
  return {
    'name': tensor.name,
    'type': tensor.type_name,
    'shape': list(tensor.shape),
  }


def _operator_record(
  one: cost_lib.OperatorCost, total_macs: int, fixed: frozenset[int]
) -> dict:
  operator = one.operator
  kernel = cost_lib.kernel_size(operator)
  return {
    'index': operator.index,
    'kind': operator.name,
    'output': operator.outputs[0].name if operator.outputs else '',
    'input_shapes': [
      list(tensor.shape)
      for tensor in operator.given_inputs
      if tensor.index not in fixed
    ],
    'output_shape': list(operator.outputs[0].shape) if operator.outputs else [],
    'kernel': kernel and list(kernel),
    'macs': one.macs,
    'macs_share': _share(one.macs or 0, total_macs),
    'output_elements': sum(
      tensor.elements
      for tensor in operator.outputs
      if tensor.index not in fixed
    ),
    'parameters': one.parameters,
    'weight_bytes': one.weight_bytes,
    'activation_bytes': one.activation_bytes,
    'at_load': operator.at_load,
  }


def _share(macs: int, total_macs: int) -> float:
  return macs / total_macs if total_macs else 0.0


def _sums(operators: list[dict]) -> dict[str, int]:
  return {key: sum(one[key] or 0 for one in operators) for key in _SUMMED}


def _kinds(operators: list[dict], total_macs: int) -> list[dict]:
  by_kind = collections.defaultdict(list)
  for operator in operators:
    by_kind[operator['kind']].append(operator)
  kinds = []
  for kind, members in by_kind.items():
    sums = _sums(members)
    kinds.append(
      {
        'kind': kind,
        'operators': len(members),
        **sums,
        'macs_share': _share(sums['macs'], total_macs),
      }
    )
  return sorted(
    kinds, key=lambda one: (-one['macs'], -one['activation_bytes'], one['kind'])
  )


def _notes(
  graph: graph_lib.Graph,
  costs: list[cost_lib.OperatorCost],
  declared: str | None,
  found: str | None,
) -> list[str]:
  notes = []
  unknown = collections.Counter(
    one.operator.name for one in costs if one.macs is None
  )
  for name, count in sorted(unknown.items()):
    notes.append(
      f'The MACs of {count} {name} are unknown and not included in the sums.'
    )
  if len(graph.subgraphs) > 1:
    notes.append(
      f'The file has {len(graph.subgraphs)} functions; only the operators of '
      'the first are counted.'
    )
  if any(tensor.open_sizes for tensor in graph.main.inputs):
    notes.append(
      'The file leaves sizes of its input open; they count as 1. Convert with '
      'a fixed input shape for meaningful figures.'
    )
  if declared and found and declared != found:
    notes.append(
      f'The metadata state {declared}, but the weights are stored as {found}.'
    )
  return notes
