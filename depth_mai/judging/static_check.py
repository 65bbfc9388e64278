# SPDX-License-Identifier: Apache-2.0
"""What a file says of itself, and whether the target runtime knows it.

Nothing is loaded: the graph is read byte by byte. It is done behind bars all
the same, where a graph made to take forever meets a limit.
"""

from depth_mai.runtime import cost
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import metadata as metadata_lib
from depth_mai.runtime import operators

# Most that is said of one kind.
_MOST = 40
_LONGEST = 600
# Beyond the ends of any range of a picture's numbers.
_WIDEST = 1e6


def check(content: bytes, target_runtime: str) -> dict:
  """Reads a file's graph.

  Args:
    content: the file.
    target_runtime: the TFLite release that must run it.

  Returns:
    dict, ready for JSON: target_runtime; min_runtime, declared_min_runtime,
    histogram, of `operators.OperatorReport`; problems, a text for each kind of
    operator that the target lacks; open_shapes, a text for each input and
    output whose sizes are left open; metadata, what depth_mai.convert wrote, of
    it what a judge needs; parameters, macs (None: not known).

  Raises:
    ValueError: if it is no .tflite file, or damaged.
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
    'open_shapes': _open_shapes(graph)[:_MOST],
    'metadata': _metadata(content),
    'parameters': cost.parameters(graph),
    'macs': _macs(graph),
  }


def _open_shapes(graph: graph_lib.Graph) -> list[str]:
  texts = []
  for side in ('input', 'output'):
    for tensor in getattr(graph.main, f'{side}s'):
      if tensor is not None and tensor.open_sizes:
        texts.append(
          f"The {side} '{tensor.name[:80]}' leaves sizes open (its shape is "
          f'{list(tensor.shape[:8])} for now). Convert with a fixed input '
          'shape.'
        )
  return texts


def _metadata(content: bytes) -> dict:
  """Returns what conversion declared, {} where it is not to be read."""
  try:
    metadata = metadata_lib.read_metadata(content)
  except ValueError:
    return {}
  picture = metadata.get('input')
  picture = picture if isinstance(picture, dict) else {}
  declared = {
    'output_unit': metadata.get('output_unit'),
    'layout': picture.get('layout'),
    'range': picture.get('range'),
    'system': metadata.get('system'),
    'precision': metadata.get('precision'),
  }
  return {
    key: value
    for key, value in declared.items()
    if (isinstance(value, str) and len(value) < 80) or _is_range(value)
  }


def _is_range(value: object) -> bool:
  return (
    isinstance(value, list)
    and len(value) == 2
    and all(isinstance(one, (int, float)) for one in value)
    and all(-_WIDEST <= one <= _WIDEST for one in value)
  )


def _macs(graph: graph_lib.Graph) -> int | None:
  try:
    costs = cost.operator_costs(graph)
  except ValueError:
    return None
  if any(one.macs is None for one in costs):
    return None
  return cost.total_macs(costs)
