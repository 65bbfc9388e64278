# SPDX-License-Identifier: Apache-2.0
"""Reads a file's graph and metadata, and checks it for the target runtime.

No interpreter loads the file: the graph is read byte by byte. This runs in the
sandbox all the same, so that a graph built to take forever reaches a limit.
"""

from depth_mai.runtime import cost
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import operators

# Most entries of a list, and most characters of an entry.
_MOST = 40
_LONGEST = 600
# Larger than any value in a declared input range.
_WIDEST = 1e6


def check(content: bytes, target_runtime: str) -> dict:
  """Reads a file's graph.

  Args:
    content: the file.
    target_runtime: TFLite release that the file must run on.

  Returns:
    dict for JSON: target_runtime; min_runtime, declared_min_runtime and
    histogram of `operators.OperatorReport`; problems, a text for each kind of
    operator that the target lacks; metadata, the entries of depth_mai.convert
    that the judge reads; parameters, macs (None if unknown).

  Raises:
    ValueError: if the file is damaged or not a .tflite file.
  """
  report = operators.check(content, target_runtime)
  graph = graph_lib.read_graph(content)
  kinds, problems = set(), []
  for problem in report.problems:
    kind = (problem.operator, problem.version, problem.type_name)
    if kind not in kinds:
      kinds.add(kind)
      problems.append(str(problem)[:_LONGEST])
  histogram = list(report.histogram.items())[:_MOST]
  return {
    'target_runtime': report.target_runtime,
    'min_runtime': report.min_runtime,
    'declared_min_runtime': report.declared_min_runtime[:20],
    'histogram': {name[:80]: count for name, count in histogram},
    'problems': problems[:_MOST],
    'metadata': _metadata(content),
    'parameters': cost.parameters(graph),
    'macs': _macs(graph),
  }


def _metadata(content: bytes) -> dict:
  """Returns the declared metadata, {} if it cannot be read."""
  try:
    metadata = metadata_lib.read_metadata(content)
  except ValueError:
    return {}
  picture = metadata.get('input')
  picture = picture if isinstance(picture, dict) else {}
  declared = {
    'output_unit': metadata.get('output_unit'),
    'layout': picture.get('layout'),
    'system': metadata.get('system'),
    'precision': metadata.get('precision'),
  }
  declared = {
    key: value
    for key, value in declared.items()
    if isinstance(value, str) and len(value) < 80
  }
  if _is_range(picture.get('range')):
    declared['range'] = picture['range']
  return declared


def _is_range(value: object) -> bool:
  return (
    isinstance(value, list)
    and len(value) == 2
    and all(type(one) in (int, float) for one in value)
    and all(-_WIDEST <= one <= _WIDEST for one in value)
  )


def _macs(graph: graph_lib.Graph) -> int | None:
  try:
    costs = cost.operator_costs(graph)
  except ValueError:
    return None
  if any(one.macs is None for one in costs):
    return None
  total = cost.total_macs(costs)
  return total if total < 1 << 63 else None
