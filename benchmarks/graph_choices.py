# SPDX-License-Identifier: Apache-2.0
r"""Counts the instructions of different graphs on an emulated Cortex-A72.

    python benchmarks/graph_choices.py [--precision=fp32,int8] OUTPUT_DIR

Prints Markdown tables of instructions: first for every form of the output
upsampling alone; then for the eight systems with their ready weights, in the
graph of the paper ('plain'), as exported, and with ExportOptions.whole_graph;
last, how well the counts of the systems are correlated with the runtimes in
Table 1. Files and counts are stored in OUTPUT_DIR; the same command resumes an
interrupted run. It needs the emulated board, which is set up by

    python -m depth_mai.devices.emulated_pi4.setup
"""

import collections
from collections.abc import Callable
from collections.abc import Iterator
import functools
import pathlib

from absl import flags
import keras
import numpy as np

from benchmarks import counting
from depth_mai import challenge
from depth_mai import gin_registry
from depth_mai import program
from depth_mai.files import ready_models
from depth_mai.layers import upsample
from depth_mai.lite import calibration
from depth_mai.lite import collapse
from depth_mai.lite import export
from depth_mai.lite import passes
from depth_mai.metrics import paper_results
from depth_mai.metrics import score as score_lib
from depth_mai.metrics import table
from depth_mai.models import deployment
from depth_mai.runtime import cost
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators

_PRECISION = flags.DEFINE_list(
  'precision',
  ['fp32', 'dynamic'],
  "Precisions of the systems' files, among fp32, int8 and dynamic.",
)
_MAP_SIZES = ((48, 64), (64, 80))
_WEIGHTED = ('CONV_2D', 'DEPTHWISE_CONV_2D', 'FULLY_CONNECTED')
_PLAIN_FORMS = ('bilinear', 'nearest')


def _run(path: pathlib.Path) -> np.ndarray:
  """Runs a file on this machine, always on the same picture."""
  loaded = interpreter.load_interpreter(str(path))
  loaded.allocate_tensors()
  given = loaded.get_input_details()[0]
  picture = np.random.default_rng(1).uniform(0, 255, given['shape'])
  loaded.set_tensor(given['index'], picture.astype(np.float32))
  loaded.invoke()
  return loaded.get_tensor(loaded.get_output_details()[0]['index'])


def _difference(path: pathlib.Path, faithful: pathlib.Path) -> float:
  """Returns the largest difference of two outputs, relative to the largest."""
  ours, theirs = _run(path), _run(faithful)
  return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def _facts(path: pathlib.Path, rows: list[dict]) -> tuple:
  outside = rows[0]['operators_outside'] or {}
  return (
    rows[0]['partitions'],
    ', '.join(f'{n} {kind}' for kind, n in outside.items()) or None,
    operators.check(path.read_bytes()).min_runtime,
  )


def _upsampling_rows(counter: counting.Counter) -> Iterator[tuple]:
  """Yields the instructions of each form, for each size of the map."""
  for size in _MAP_SIZES:
    faithful = {}
    for form in upsample.OUTPUT_UPSAMPLINGS:
      given = keras.Input((*size, 1), batch_size=1)
      try:
        depth = upsample.upsample_output(given, *challenge.IMAGE_SIZE, form)
      except ValueError:
        continue  # 'tile' needs integer factors.
      model = keras.Model(given, depth)
      path = counter.file(
        f'{form}_{size[0]}x{size[1]}',
        functools.partial(counting.finished, model, passes.Target('fp32')),
      )
      rows = counter.count(path)
      if form in _PLAIN_FORMS:
        faithful[form] = path
      values = 'bilinear' if form.startswith('bilinear') else 'nearest'
      yield (
        f'{size[0]}x{size[1]}',
        form,
        *(row['instructions'] / 1e6 for row in rows),
        *_facts(path, rows),
        _difference(path, faithful[values]),
      )


def _stages(row: dict) -> list[float]:
  """Returns millions of instructions: input resize, scaling, output."""
  by_operator = row['by_operator']
  weighted = [
    one['index'] for one in by_operator if one['operator'] in _WEIGHTED
  ]
  sums = [0.0, 0.0, 0.0]
  for one in by_operator:
    if one['index'] < weighted[0]:
      sums[0 if one['operator'].startswith('RESIZE') else 1] += one[
        'instructions'
      ]
    elif one['index'] > weighted[-1]:
      sums[2] += one['instructions']
  return [value / 1e6 for value in sums]


def _concatenations(model: keras.Model) -> int:
  return sum(isinstance(x, keras.layers.Concatenate) for x in model.layers)


def _graphs(
  network: keras.Model,
) -> Iterator[tuple[str, str, Callable[[], bytes]]]:
  """Yields precision, name and a maker of the bytes of each graph."""
  pictures = calibration.synthetic_sample(challenge.IMAGE_SIZE).images
  plain = deployment.deployment_model(network, batch_size=1)
  exported, exported_int8, whole, whole_int8 = (
    export.model_to_convert(
      network, export.ExportOptions(whole_graph=whole_graph), precision
    )
    for whole_graph in (False, True)
    for precision in ('fp32', 'int8')
  )

  def maker(model, precision, whole_graph=False):
    target = passes.Target(precision, whole_graph)
    return functools.partial(counting.finished, model, target, pictures)

  for precision, model in (('fp32', exported), ('int8', exported_int8)):
    yield precision, 'plain', maker(plain, precision)
    yield precision, 'exported', maker(model, precision)
  if _concatenations(whole) < _concatenations(exported):
    yield 'fp32', 'whole', maker(whole, 'fp32')
  if len(whole_int8.layers) != len(exported_int8.layers):
    yield 'int8', 'whole', maker(whole_int8, 'int8')
  if paper_results.SUBMITTED_PRECISION[network.name] == 'dynamic':
    yield 'dynamic', 'plain', maker(plain, 'dynamic')
    yield 'dynamic', 'exported', maker(exported, 'dynamic')
    yield 'dynamic', 'whole', maker(whole, 'dynamic', True)


def _system_rows(counter: counting.Counter) -> Iterator[tuple]:
  """Yields the instructions of each graph of each system."""
  for system in paper_results.SYSTEMS:
    gin_registry.parse(ready_models.config_files(system))
    network, _, _ = gin_registry.load_network(system)
    network = collapse.collapse(network)
    plain: dict[str, pathlib.Path] = {}
    for precision, name, make in _graphs(network):
      if precision not in _PRECISION.value:
        continue
      path = counter.file(f'{system}_{name}_{precision}', make)
      plain.setdefault(precision, path)
      configurations = counter.count(path)
      for row in configurations:
        facts = (None,) * 5
        if row['xnnpack']:
          difference = _difference(path, plain[precision])
          facts = (_mmacs(path), *_facts(path, configurations), difference)
        yield (
          system,
          precision,
          name,
          'XNNPACK' if row['xnnpack'] else 'built-in',
          row['instructions'] / 1e6,
          *_stages(row),
          *facts,
        )


def _mmacs(path: pathlib.Path) -> float:
  """Returns the millions of multiply-accumulates of a file."""
  return cost.total_macs(cost.operator_costs(graph.read_graph(path))) / 1e6


def _correlations(rows: list[tuple]) -> Iterator[tuple]:
  """Yields Spearman's rho of counts and MACs with the runtimes of Table 1.

  FP32 counts are used for FP16, which runs the same kernels; SmartLab's file
  has 8-bit weights.
  """
  counts: dict[tuple[str, str], dict[str, float]] = collections.defaultdict(
    dict
  )
  for system, precision, name, kernels, millions, *_, mmacs, _, _, _, _ in rows:
    submitted = paper_results.SUBMITTED_PRECISION[system]
    if precision == ('dynamic' if submitted == 'dynamic' else 'fp32'):
      counts[name, kernels][system] = millions
      if mmacs is not None:
        counts[name, 'MACs'][system] = mmacs
  for (name, kernels), by_system in counts.items():
    if len(by_system) < len(paper_results.SYSTEMS):
      continue
    runtimes_ms = [paper_results.ROWS[name].runtime_ms for name in by_system]
    rho = score_lib.spearman(list(by_system.values()), runtimes_ms)
    yield name, kernels, rho, len(by_system)


def main(argv: list[str]) -> None:
  """Prints the tables."""
  if len(argv) != 2:
    raise ValueError('Give one folder for the files and counts.')
  folder = pathlib.Path(argv[1])
  folder.mkdir(parents=True, exist_ok=True)
  counter = counting.Counter(folder)
  facts = ('partitions', 'outside XNNPACK', 'runs from TFLite', 'difference')
  print(
    table.markdown_table(
      ('map', 'form', 'XNNPACK M', 'built-in M', *facts),
      list(_upsampling_rows(counter)),
      ('', '', '.2f', '.2f', '', '', '', '.1e'),
    )
  )
  print()
  rows = list(_system_rows(counter))
  print(
    table.markdown_table(
      ('system', 'precision', 'graph', 'kernels', 'M', 'input resize',
       'input scaling', 'output', 'MMACs', *facts),
      rows,
      ('', '', '', '', '.2f', '.2f', '.2f', '.2f', '.1f', '', '', '', '.1e'),
    )
  )  # fmt: skip
  print()
  print(
    table.markdown_table(
      ('graph', 'counted', 'rho', 'systems'),
      list(_correlations(rows)),
      ('', '', '+.2f', ''),
    )
  )


if __name__ == '__main__':
  program.run(main)
