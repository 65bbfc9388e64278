# SPDX-License-Identifier: Apache-2.0
r"""Compares TFLite 2.5.0 with our table of operators, and with LiteRT.

  python benchmarks/tflite_2_5.py versions
  python benchmarks/tflite_2_5.py kernels
  python benchmarks/tflite_2_5.py files FOLDER_OR_FILE...

versions: a file for every builtin operator of the schema and each of its
  versions, and for one version more, so that both sides can refuse: does the
  runtime know it, and does the table?
kernels: networks of one operator each, from today's converter in five
  precisions: does TFLite 2.5.0 run the file to the right values, and does the
  table let it pass?
files: every .tflite file: does it load and run, and what is the largest
  difference of its outputs from those of LiteRT, with XNNPACK and without?

Disagreements are listed, and make the exit code 1. It needs
  python -m depth_mai.devices.tflite_2_5.setup
"""

import collections
from collections.abc import Iterable
from collections.abc import Iterator
import importlib
import pathlib
import re
import time
import typing

import numpy as np

from depth_mai import program
from depth_mai.devices import comparison
from depth_mai.devices.tflite_2_5 import child
from depth_mai.devices.tflite_2_5 import installation as installation_lib
from depth_mai.judging import old_runtime
from depth_mai.judging import request
from depth_mai.judging import verdict
from depth_mai.lite import flatbuffer
from depth_mai.metrics import table
from depth_mai.runtime import interpreter as interpreter_lib
from depth_mai.runtime import operators
from depth_mai.runtime import runtime_versions

_RELEASE = installation_lib.RELEASE
_LIMITS = request.Limits(memory_mb=512, load_s=10, image_s=10, time_s=3600)
# Operators that stand for no kernel.
_NO_KERNEL = ('CUSTOM', 'DELEGATE', 'PLACEHOLDER_FOR_GREATER_OP_CODES')
_LEAST_VERSIONS = 3
# The words with which the runtime says that it lacks a version or an operator.
_LACKS = ("Didn't find op for builtin opcode", 'builtin_code out of range')
# What follows its reason.
_ADVICE = re.compile(r'. An older version of this.*|(?<=.)Node number.*')
# Rounding to a few bits explains less; relative to the largest output.
_WRONG = 0.6


class Comparison(typing.NamedTuple):
  """The verdicts on one file.

  Attributes:
    name: the file.
    runtime: whether TFLite 2.5.0 accepts it.
    ours: whether the table accepts it.
    words: what the runtime says.
  """

  name: str
  runtime: bool
  ours: bool
  words: str


def _run_all(
  files: Iterable[tuple[str, bytes, np.ndarray | None]],
) -> Iterator[tuple[str, bytes, str, np.ndarray | None]]:
  """Loads files, and runs those with an input; a crash ends none of the others.

  Args:
    files: (name, content, input or None).

  Yields:
    (name, content, words of the runtime if it refuses, output)
  """
  launcher = old_runtime.find(_RELEASE)
  if launcher is None:
    installation_lib.open_installation()  # It says what is missing.
    raise ValueError('TFLite 2.5.0 is not set up.')
  waiting = iter(files)
  done = False
  while not done:
    with launcher.launch(_LIMITS, time.monotonic() + _LIMITS.time_s) as box:
      while True:
        try:
          name, content, given = next(waiting)
        except StopIteration:
          done = True
          break
        try:
          box.take(content)
          (output, *_) = box.load()['outputs']
          result = None
          if given is not None:
            kind = np.dtype(output['type'])
            size = int(np.prod(output['shape'])) * kind.itemsize
            result = np.frombuffer(box.run(given.tobytes(), size), kind)
          yield name, content, '', result
        except verdict.FileFaultError as fault:
          yield name, content, str(fault), None
          if 'crashed' in str(fault) or 'stopped' in str(fault):
            break


def _bare_file(name: str, version: int) -> bytes:
  """Returns a file of one operator without options."""
  schema = flatbuffer.schema
  model, graph = schema.ModelT(), schema.SubGraphT()
  code, operator = schema.OperatorCodeT(), schema.OperatorT()
  number = getattr(schema.BuiltinOperator, name)
  code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
  code.version = version
  graph.tensors = []
  for place in range(3):
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = f'{place}', [1, 4, 4, 2], 0
    graph.tensors.append(tensor)
  operator.inputs, operator.outputs = [0, 1], [2]
  graph.inputs, graph.outputs, graph.operators = [0, 1], [2], [operator]
  model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
  model.buffers = [schema.BufferT()]
  return flatbuffer.write_model(model)


def versions() -> Iterator[Comparison]:
  """Compares the table of versions with the runtime."""
  names = [
    name
    for name in vars(flatbuffer.schema.BuiltinOperator)
    if name.isupper() and name not in _NO_KERNEL
  ]
  files = []
  for name in sorted(names):
    known = len(runtime_versions.FIRST_RELEASE.get(name, ()))
    for version in range(1, max(known + 1, _LEAST_VERSIONS) + 1):
      files.append((f'{name} {version}', _bare_file(name, version), None))
  for name, content, words, _ in _run_all(files):
    # Other words are about the inputs that these operators lack.
    runtime = not any(lacks in words for lacks in _LACKS)
    yield Comparison(name, runtime, operators.check(content).compatible, words)


def kernels() -> Iterator[Comparison]:
  """Compares the table with the values that the runtime computes."""
  # Imported here, because TensorFlow takes seconds.
  single = importlib.import_module('benchmarks.single_operators')
  picture = next(single.pictures())[0]
  exact = {
    name: _today(single.convert(network, 'fp32'), picture)
    for name, network in single.NETWORKS.items()
  }
  files = (
    (f'{name}, {precision}', single.convert(network, precision), picture)
    for name, network in single.NETWORKS.items()
    for precision in single.PRECISIONS
  )
  for name, content, words, result in _run_all(files):
    wanted = exact[name.rpartition(', ')[0]]
    if result is not None:
      difference = np.abs(result.astype(np.float64) - wanted).max()
      if difference > _WRONG * max(np.abs(wanted).max(), 1e-9):
        words = f'runs, but computes other values, by up to {difference:.2g}'
    yield Comparison(
      name, not words, operators.check(content).compatible, words
    )


def _today(content: bytes, picture: np.ndarray) -> np.ndarray:
  """Returns the output of LiteRT, as one row of numbers."""
  loaded = interpreter_lib.load_interpreter(content)
  loaded.set_tensor(loaded.get_input_details()[0]['index'], picture)
  loaded.invoke()
  output = loaded.get_tensor(loaded.get_output_details()[0]['index'])
  return output.astype(np.float64).ravel()


def files_table(paths: Iterable[pathlib.Path]) -> tuple[str, bool]:
  """Runs files in both runtimes.

  Returns:
    (Markdown table, whether every file ran)
  """
  installation = installation_lib.open_installation()
  rows, all_ran = [], True
  for path in paths:
    inputs = comparison.random_inputs(path)
    result = child.run(installation, path, inputs)
    all_ran &= result.ran
    cells: list[object] = [path.name, result.words, None, None, None]
    if result.ran:
      cells[1] = 'yes'
      for place, xnnpack in ((2, True), (3, False)):
        here = comparison.run_here(path, inputs, xnnpack)
        found = comparison.compare(here, result.outputs)
        cells[place] = found['relative_difference']
      cells[4] = found['differing_elements'] / found['elements']
    rows.append(tuple(cells))
  heading = (
    'file', f'runs in {_RELEASE}', 'largest difference, XNNPACK',
    'built-in kernels', 'of them differ',
  )  # fmt: skip
  return (
    table.markdown_table(heading, rows, ('', '', '.1e', '.1e', '.0%')),
    all_ran,
  )


def highest_versions(found: list[Comparison]) -> str:
  """Returns the highest version of each operator that the runtime knows."""
  highest: dict[str, int] = {}
  for one in found:
    name, version = one.name.split()
    if one.runtime:
      highest[name] = max(highest.get(name, 0), int(version))
  known = ', '.join(f'{name} {version}' for name, version in highest.items())
  return f'Known operators, with their highest version: {known}.'


def refusals(found: list[Comparison]) -> str:
  """Returns the reasons for which files are refused, a line for each."""
  reasons: dict[str, list[str]] = {}
  for one in found:
    if not one.runtime:
      why = _ADVICE.sub('', one.words).strip()
      reasons.setdefault(why, []).append(one.name)
  return '\n'.join(
    f'- {"; ".join(names)}: {why}' for why, names in reasons.items()
  )


def matrix(found: list[Comparison]) -> str:
  """Returns how often the verdicts agree, and all disagreements."""
  counts = collections.Counter((one.runtime, one.ours) for one in found)
  words = {True: 'accepts', False: 'refuses'}
  rows = [
    (f'{words[runtime]} it', counts[runtime, True], counts[runtime, False])
    for runtime in (True, False)
  ]
  lines = [
    table.markdown_table(
      (f'TFLite {_RELEASE}', 'the table accepts', 'the table refuses'),
      rows,
      ('', '', ''),
    )
  ]
  lines += [
    f'- {one.name}: the runtime {words[one.runtime]} it, the table '
    f'{words[one.ours]} it. {one.words}'
    for one in found
    if one.runtime != one.ours
  ]
  return '\n'.join(lines)


def main(argv: list[str]) -> int:
  """Prints one table; returns the exit code."""
  kinds = {'versions': versions, 'kernels': kernels}
  if argv[1:2] == ['files'] and argv[2:]:
    paths = [pathlib.Path(name) for name in argv[2:]]
    text, passed = files_table(
      found
      for path in paths
      for found in (sorted(path.rglob('*.tflite')) if path.is_dir() else [path])
    )
  elif len(argv) == 2 and argv[1] in kinds:
    found = list(kinds[argv[1]]())
    details = {'versions': highest_versions, 'kernels': refusals}
    text = f'{matrix(found)}\n\n{details[argv[1]](found)}'
    passed = all(one.runtime == one.ours for one in found)
  else:
    raise ValueError('Give versions, kernels, or files and their folders.')
  print(text)
  return 0 if passed else 1


if __name__ == '__main__':
  program.run(main)
