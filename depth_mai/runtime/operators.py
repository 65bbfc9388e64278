# SPDX-License-Identifier: Apache-2.0
"""Checks whether an older TFLite release can run a file, operator by operator.

A runtime fails on a device with "Didn't find op for builtin opcode" if it does
not know the version of an operator. `check` finds this in advance and names the
layer to change. It ignores the `min_runtime_version` stored in the file, which
is too low for 16x8 files.
"""

import collections
from collections.abc import Sequence
import dataclasses

from depth_mai import challenge
from depth_mai.runtime import cost
from depth_mai.runtime import cures
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import runtime_versions

_UNKNOWN = 'unknown'


@dataclasses.dataclass(frozen=True)
class OperatorProblem:
  """One operator that the chosen runtime cannot run.

  Attributes:
    index: position in the graph's list of operators.
    operator: 'TILE' and the like.
    version: the version it needs, as declared or for the type of its data.
    type_name: type of its data.
    tensor: name of its output, which contains the layer's name.
    first_release: the first release that runs it, or 'unknown'.
    cure: advice, may be empty.
  """

  index: int
  operator: str
  version: int
  type_name: str
  tensor: str
  first_release: str
  cure: str

  def __str__(self):
    if self.first_release == _UNKNOWN:
      need = 'is not a known TFLite builtin of this version'
    else:
      need = f'needs TFLite {self.first_release}'
    text = (
      f'{self.operator} version {self.version} on {self.type_name} (operator '
      f"{self.index}, output '{self.tensor}') {need}."
    )
    return f'{text} {self.cure}'.rstrip()


@dataclasses.dataclass(frozen=True)
class OperatorReport:
  """The result of `check`.

  Attributes:
    target_runtime: the runtime to check against.
    min_runtime: first release that runs every operator, or 'unknown'.
    declared_min_runtime: the `min_runtime_version` in the file, '' if none.
    histogram: number of operators per name.
    problems: the operators that `target_runtime` cannot run.
  """

  target_runtime: str
  min_runtime: str
  declared_min_runtime: str
  histogram: dict[str, int]
  problems: tuple[OperatorProblem, ...]

  @property
  def compatible(self) -> bool:
    """Whether `target_runtime` runs the file."""
    return not self.problems

  def message(self) -> str:
    """Returns one line for each kind of problem."""
    lines = []
    seen: collections.Counter[tuple[str, int, str]] = collections.Counter()
    for problem in self.problems:
      kind = (problem.operator, problem.version, problem.type_name)
      seen[kind] += 1
      if seen[kind] == 1:
        lines.append(str(problem))
    more = sum(seen.values()) - len(lines)
    if more:
      lines.append(f'(and {more} more of the same kinds)')
    return '\n'.join(lines)


def parse_release(release: str) -> tuple[int, ...]:
  """Returns (2, 5, 0) for '2.5.0'.

  Args:
    release: two or three numbers separated by dots.

  Raises:
    ValueError: if `release` has another form.
  """
  try:
    numbers = tuple(map(int, release.split('.')))
  except ValueError:
    numbers = ()
  if not 2 <= len(numbers) <= 3:
    raise ValueError(
      f"target_runtime={release!r} is not a release such as '2.5.0'. Change "
      '--target_runtime.'
    )
  return numbers


def _needed_version(
  name: str, declared: int, tensors: Sequence[graph_lib.Tensor]
) -> int:
  """Returns the version the operator needs, given its inputs' types."""
  types = [tensor.type_name for tensor in tensors]
  # The first input of SPLIT is its axis, that of TRANSPOSE_CONV its shape.
  position = {'SPLIT': 1, 'TRANSPOSE_CONV': 2}.get(name, 0)
  data_type = types[position] if position < len(types) else ''
  version = max(
    declared, runtime_versions.VERSION_FOR_TYPE.get(data_type, {}).get(name, 1)
  )
  if data_type == 'INT16' and 'INT32' in types[position + 1 :]:
    bias_version = runtime_versions.INT32_BIAS_VERSION_FOR_INT16.get(name, 1)
    version = max(version, bias_version)
  return version


def _first_release(operator: graph_lib.Operator, version: int) -> str:
  """Returns the first release that runs an operator with its inputs."""
  name = operator.name
  releases = runtime_versions.FIRST_RELEASE.get(name, ())
  if not 1 <= version <= len(releases):
    return _UNKNOWN
  release = releases[version - 1] or _UNKNOWN
  if release == _UNKNOWN or not _lacking_in_2_5(operator):
    return release
  return max(release, runtime_versions.AFTER_2_5, key=parse_release)


def _loses_dilation(operator: graph_lib.Operator) -> bool:
  types = [tensor.type_name for tensor in operator.given_inputs]
  return (
    operator.dilated
    and operator.name in runtime_versions.UNDILATED_IN_2_5
    and types[:2] == ['FLOAT32', 'INT8']
  )


def _lacking_in_2_5(operator: graph_lib.Operator) -> bool:
  """Returns whether TFLite 2.5.0 has no right kernel, whatever the version."""
  name, tensors = operator.name, operator.given_inputs
  types = [tensor.type_name for tensor in tensors]
  if name in runtime_versions.LACKING_IN_2_5.get((types or [''])[0], ()):
    return True
  if name == 'PADV2' and types[:1] == ['INT16']:
    # The converter leaves the filling as it is.
    return types[2:] != ['INT16']
  if _loses_dilation(operator):
    return True
  if name == 'TRANSPOSE_CONV':
    return types[1:3] == ['INT8', 'FLOAT32']
  return (
    name in runtime_versions.ONE_SCALE_IN_2_5
    and types[:1] in (['INT8'], ['INT16'])
    and any(tensor.scales > 1 for tensor in tensors[1:2])
  )


def check(
  content: bytes, target_runtime: str = challenge.RUNTIME
) -> OperatorReport:
  """Finds the operators of a file that a runtime cannot run.

  Args:
    content: a .tflite file's bytes.
    target_runtime: TensorFlow release of the runtime, '2.5.0' in the
      challenge.

  Returns:
    An OperatorReport.

  Raises:
    ValueError: if `target_runtime` is not a release, or `content` not a model.
  """
  target = parse_release(target_runtime)
  graph = graph_lib.read_graph(content)
  histogram: collections.Counter[str] = collections.Counter()
  problems = []
  newest = '1.5.0'
  for subgraph in graph.subgraphs:
    for operator in subgraph.operators:
      name, inputs = operator.name, operator.given_inputs
      histogram[name] += 1
      version = _needed_version(name, operator.version, inputs)
      release = _first_release(operator, version)
      if _UNKNOWN in (newest, release):
        newest = _UNKNOWN
      else:
        newest = max(newest, release, key=parse_release)
      if release != _UNKNOWN and parse_release(release) <= target:
        continue
      shown = (*inputs, *operator.outputs)[:1]
      type_name = shown[0].type_name if shown else 'nothing'
      problems.append(
        OperatorProblem(
          index=operator.index,
          operator=name,
          version=version,
          type_name=type_name,
          tensor=operator.outputs[0].name if operator.outputs else '',
          first_release=release,
          cure=(
            cures.DILATED
            if _loses_dilation(operator)
            else cures.for_runtime(name, type_name)
          ),
        )
      )
  declared = graph.metadata.get('min_runtime_version', b'')
  return OperatorReport(
    target_runtime=target_runtime,
    min_runtime=newest,
    declared_min_runtime=declared.rstrip(b'\0').decode('ascii', 'replace'),
    histogram=dict(sorted(histogram.items())),
    problems=tuple(problems),
  )


def count_parameters(content: bytes) -> int:
  """Returns the number of weights and biases of a .tflite file.

  Args:
    content: the file's bytes; see `cost.parameters`.
  """
  return cost.parameters(graph_lib.read_graph(content))
