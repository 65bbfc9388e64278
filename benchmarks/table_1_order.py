# SPDX-License-Identifier: Apache-2.0
r"""Compares the order of Table 1's runtimes with counted instructions.

    python benchmarks/table_1_order.py [--runtime=litert] OUTPUT_DIR

Prints Markdown tables: the instructions of the eight systems' plain graphs by
operator; the same for other choices where the paper states nothing; Spearman's
rho with the runtimes of Table 1, for each choice and for choices together.
SmartLab has 8-bit weights, as its size in Table 1 says; ICL counts as FP32,
which runs the same kernels as FP16. Files and counts are stored in OUTPUT_DIR;
the same command resumes an interrupted run. It needs

    python -m depth_mai.devices.emulated_pi4.setup --tflite_2_5
"""

import dataclasses
import functools
import itertools
import pathlib
import typing

from absl import flags

from benchmarks import counting
from depth_mai import program
from depth_mai.devices.emulated_pi4 import arm32
from depth_mai.devices.emulated_pi4 import device as emulated
from depth_mai.lite import collapse
from depth_mai.lite import passes
from depth_mai.metrics import paper_results
from depth_mai.metrics import score as score_lib
from depth_mai.metrics import table
from depth_mai.models import deployment
from depth_mai.models import network_file

_RUNTIME = flags.DEFINE_enum(
  'runtime',
  arm32.NAME,
  [emulated.LITERT, arm32.NAME],
  'TFLite 2.5.0 in a 32-bit system, or the built-in kernels of LiteRT.',
)
_OPERATORS = (
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'RESIZE_BILINEAR',
  'RESIZE_NEAREST_NEIGHBOR',
)
_TOGETHER_SHOWN = 8


class Choice(typing.NamedTuple):
  """One reading of the paper.

  Attributes:
    system: name of the system.
    label: the choice in words; '' for the system as it is.
    options: options of the system that differ.
    output: 'nearest' or 'bilinear'; None for the system's own.
    precision: 'fp32' or 'dynamic'.
  """

  system: str
  label: str = ''
  options: dict = {}
  output: str | None = None
  precision: str = 'fp32'


def _as_it_is(system: str) -> Choice:
  submitted = paper_results.SUBMITTED_PRECISION[system]
  precision = 'dynamic' if submitted == 'dynamic' else 'fp32'
  return Choice(system, precision=precision)


# What the paper does not state, or states in two ways.
CHOICES = (
  Choice('tcl', 'input 96x128', {'input_size': (96, 128)}),
  Choice('tcl', 'bilinear output', output='bilinear'),
  Choice('miaigo', '24 ASPP channels', {'aspp_channels': 24}),
  Choice('smartlab', 'nearest output', {}, 'nearest', 'dynamic'),
  Choice('smartlab', 'FP32'),
  Choice('smartlab', 'FP32, nearest output', output='nearest'),
  Choice(
    'smartlab', 'input 96x128', {'input_size': (96, 128)}, None, 'dynamic'
  ),
  Choice(
    'smartlab',
    '24 decoder channels, nearest output',
    {'decoder_channels': 24},
    'nearest',
    'dynamic',
  ),
  Choice('jmu_cvlab', 'nearest output', output='nearest'),
  Choice('icl', 'nearest output', output='nearest'),
)


def rho(millions: dict[str, float]) -> float | None:
  """Returns Spearman's rho of the systems' counts with Table 1's runtimes.

  Args:
    millions: dict from the names of all systems to counts.
  """
  systems = paper_results.SYSTEMS
  return score_lib.spearman(
    [millions[system] for system in systems],
    [paper_results.ROWS[system].runtime_ms for system in systems],
  )


def best_together(
  millions: dict[str, float], choices: list[tuple[Choice, float]]
) -> list[tuple[float, list[Choice]]]:
  """Returns choices that together agree best with Table 1.

  Args:
    millions: counts of the systems as they are.
    choices: choices and their counts.

  Returns:
    (rho, choices), the best first, of equal ones that with the fewest choices.
  """
  by_system = [
    [None, *(one for one in choices if one[0].system == system)]
    for system in paper_results.SYSTEMS
  ]
  found = []
  for picked in itertools.product(*by_system):
    made = [one for one in picked if one is not None]
    changed = {choice.system: count for choice, count in made}
    found.append(
      (rho(millions | changed) or 0.0, [choice for choice, _ in made])
    )
  return sorted(found, key=lambda one: (-one[0], len(one[1])))


def _count(counter: counting.Counter, choice: Choice) -> dict:
  """Returns the counts with the built-in kernels."""
  name = '_'.join([choice.system, choice.precision, choice.label])
  path = counter.file(
    name.replace(', ', '_').replace(' ', '_'),
    functools.partial(_content, choice),
  )
  return counter.count(path)[-1]


def _content(choice: Choice) -> bytes:
  """Returns the file of the plain graph; its weights are the initial ones."""
  system = network_file.systems()[choice.system]
  options = dataclasses.replace(system.options(), **choice.options)
  plain = deployment.deployment_model(
    collapse.collapse(system.build(options)),
    batch_size=1,
    output_upsampling=choice.output,
  )
  return counting.finished(plain, passes.Target(choice.precision))


def _operator_cells(row: dict) -> list[float]:
  """Returns millions of instructions of _OPERATORS, and of the others."""
  sums = dict.fromkeys(_OPERATORS, 0.0)
  for one in row['by_operator']:
    if one['operator'] in sums:
      sums[one['operator']] += one['instructions'] / 1e6
  return [*sums.values(), row['instructions'] / 1e6 - sum(sums.values())]


def main(argv: list[str]) -> None:
  """Prints the tables."""
  if len(argv) != 2:
    raise ValueError('Give one folder for the files and counts.')
  counter = counting.Counter(
    pathlib.Path(argv[1]),
    emulated.EmulationOptions(runtime=_RUNTIME.value, inferences=1),
  )
  rows, counted = [], []
  for choice in (*map(_as_it_is, paper_results.SYSTEMS), *CHOICES):
    row = _count(counter, choice)
    millions = row['instructions'] / 1e6
    counted.append((choice, millions))
    runtime_ms = paper_results.ROWS[choice.system].runtime_ms
    rows.append(
      (choice.system, choice.label or '-', choice.precision, runtime_ms)
      + (millions, millions / runtime_ms, *_operator_cells(row))
    )
  print(
    table.markdown_table(
      ('system', 'choice', 'precision', 'Table 1 ms', 'M', 'M per ms')
      + (*_OPERATORS, 'others'),
      rows,
      ('', '', '', '.0f', '.1f', '.2f', '.1f', '.1f', '.1f', '.1f', '.1f'),
    )
  )
  eight = len(paper_results.SYSTEMS)
  usual = {choice.system: count for choice, count in counted[:eight]}
  choices = counted[eight:]
  alone = [('as they are', '-', rho(usual))] + [
    (choice.system, choice.label, rho(usual | {choice.system: count}))
    for choice, count in choices
  ]
  print()
  print(table.markdown_table(('system', 'choice', 'rho'), alone,
                             ('', '', '+.2f')))  # fmt: skip
  together = [
    (value, '; '.join(f'{one.system}: {one.label}' for one in made))
    for value, made in best_together(usual, choices)[:_TOGETHER_SHOWN]
  ]
  print()
  print(table.markdown_table(('rho', 'choices together'), together,
                             ('+.2f', '')))  # fmt: skip


if __name__ == '__main__':
  program.run(main)
