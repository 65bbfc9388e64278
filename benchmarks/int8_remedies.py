# SPDX-License-Identifier: Apache-2.0
r"""Measures how each choice in making INT8 files changes the accuracy.

  python benchmarks/int8_remedies.py --data_dir=DIR --output_dir=DIR

Converts the ready weights of each system in each of the --ways, measures the
files on the validation split, and prints the changes of si-RMSE. The files, a
line of JSON for each and a table are written to --output_dir; the same command
resumes an interrupted run. A system takes about four minutes of one core.
"""

import collections
from collections.abc import Iterable
from collections.abc import Sequence
import functools
import json
import os
import pathlib
import re
import sys
from typing import NamedTuple

# Before TensorFlow is imported, whose start-up messages would bury the table.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
import numpy as np

from depth_mai import gin_registry
from depth_mai import program
from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import atomic
from depth_mai.files import ready_models
from depth_mai.lite import calibration
from depth_mai.lite import converter
from depth_mai.lite import export
from depth_mai.lite import file_passes
from depth_mai.lite import flatbuffer
from depth_mai.lite import quantisation
from depth_mai.lite import quantiser
from depth_mai.lite import ranges
from depth_mai.metrics import paper_results
from depth_mai.metrics import table
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators

_DATA_DIR = program.flag(
  'data_dir', 'Pairs to calibrate on and to measure.', required=True
)
_OUTPUT_DIR = program.flag('output_dir', 'the files and results', required=True)
_SYSTEMS = flags.DEFINE_list(
  'systems',
  list(paper_results.SYSTEMS),
  'Systems to convert, with commas.',
)
_WAYS = flags.DEFINE_list(
  'ways', None, 'Ways to convert them, separated by commas; all by default.'
)
_CALIBRATION_COUNT = flags.DEFINE_integer(
  'calibration_count', 100, 'Number of training images to calibrate on.', 1
)
_LIMIT = program.flag('limit')

_REFERENCE = 'fp32'
_Q = quantisation.Quantisation
_ENDS = functools.partial(_Q, float_input=True, float_tail=0)


class _Way(NamedTuple):
  """A way to make a file.

  Attributes:
    choices: how it is quantised; None for files that are not calibrated.
    precision: of the file.
    io_type: type of its input and output.
  """

  choices: _Q | None
  precision: str = 'int8'
  io_type: str = 'float32'


_ALL_WAYS = {
  'fp32': _Way(None, 'fp32'),
  'int8': _Way(_Q()),
  'float ends': _Way(_ENDS()),
  'float ends + 99.99 %': _Way(_ENDS('percentile', percentile=99.99)),
  'float ends + mse': _Way(_ENDS('mse')),
  'float ends + entropy': _Way(_ENDS('entropy')),
  'float ends + last conv float': _Way(_ENDS(float_tail=1)),
  'float input': _Way(_Q(float_input=True)),
  'float input + 99.99 %': _Way(_Q('percentile', 99.99, float_input=True)),
  'float tail': _Way(_Q(float_tail=0)),
  'float ends + 99.9 %': _Way(_ENDS('percentile', percentile=99.9)),
  'float ends + 99.999 %': _Way(_ENDS('percentile', percentile=99.999)),
  'float ends + last 3 convs float': _Way(_ENDS(float_tail=3)),
  '99.99 %': _Way(_Q('percentile', percentile=99.99)),
  'mse': _Way(_Q('mse')),
  'entropy': _Way(_Q('entropy')),
  'int8 in and out': _Way(_Q(), io_type='int8'),
  'uint8 in and out': _Way(_Q(), io_type='uint8'),
  'fp16': _Way(None, 'fp16'),
  'dynamic': _Way(None, 'dynamic'),
  'int16x8': _Way(_Q(), 'int16x8'),
}
_HEADER = (
  'system', 'way', 'si-RMSE', 'change', 'RMSE, m', 'MB', 'partitions',
  'outside XNNPACK', 'runs from TFLite',
)  # fmt: skip
_FORMATS = ('', '', '.4f', '+.2%', '.4f', '.3f', '', '', '')


class _Files:
  """Makes the files of one network; shared steps run once."""

  def __init__(self, system: str, images: Sequence[np.ndarray]):
    gin_registry.parse(ready_models.config_files(system))
    network, _, _ = gin_registry.load_network(system)
    self._model = functools.cache(
      lambda precision: export.model_to_convert(
        network, export.ExportOptions(), precision
      )
    )
    self._prepare = functools.cache(
      lambda precision: converter.prepare(
        self._model(precision), precision, images
      )
    )
    self._measure = functools.cache(
      lambda precision, *how: ranges.measure(
        self._prepare(precision), images, *how
      )
    )

  def make(self, way: str) -> bytes:
    """Returns the content of the file that is made in one way."""
    choices, precision, io_type = _ALL_WAYS[way]
    if choices is None:
      file = flatbuffer.read_model(
        converter.convert(self._model(precision), precision)
      )
    else:
      prepared = self._prepare(precision)
      found = self._measure(precision, choices.calibration, choices.percentile)
      if precision == 'int16x8':
        file = flatbuffer.read_model(
          quantiser.quantise_int16x8(prepared, found)
        )
      else:
        graph = quantiser.mark(prepared, found, choices, io_type)
        file = converter.quantise(self._model(precision), graph)
    file_passes.slim(file)
    file_passes.add_metadata(file, {'output_unit': 'mm'})
    return flatbuffer.write_model(file)


def _judge(path: pathlib.Path, pairs: Iterable[tuple]) -> dict:
  """Measures a file."""
  result = evaluation.evaluate(
    file_predictors.TflitePredictor(path), pairs, limit=_LIMIT.value
  )
  delegated = delegation.describe_delegation(interpreter.load_interpreter(path))
  return {
    'si_rmse': result['si_rmse'],
    'rmse': result['rmse'],
    'images': result['images'],
    'bytes': path.stat().st_size,
    'partitions': delegated and delegated.partitions,
    'outside': delegated and delegated.outside_text(),
    'min_runtime': operators.check(path.read_bytes()).min_runtime,
  }


def _read(path: pathlib.Path) -> list[dict]:
  if not path.is_file():
    return []
  return [json.loads(line) for line in path.read_text().splitlines()]


def _by_system(results: Iterable[dict]) -> dict[str, dict[str, dict]]:
  """Returns the results by system and way, of systems with a reference."""
  found: dict[str, dict[str, dict]] = collections.defaultdict(dict)
  for result in results:
    found[result['system']][result['way']] = result
  return {name: ways for name, ways in found.items() if _REFERENCE in ways}


def _changes(results: Iterable[dict]) -> str:
  """Returns the change of si-RMSE, a row for each system."""
  by_system = _by_system(results)
  ways = [
    way
    for way in _ALL_WAYS
    if way != _REFERENCE and any(way in found for found in by_system.values())
  ]
  rows = []
  for system, found in by_system.items():
    reference = found[_REFERENCE]['si_rmse']
    changes = [
      found[way]['si_rmse'] / reference - 1 if way in found else None
      for way in ways
    ]
    rows.append((system, reference, *changes))
  return table.markdown_table(
    ('system', 'FP32', *ways), rows, ('', '.4f', *['+.2%'] * len(ways))
  )


def _markdown(results: Iterable[dict]) -> str:
  """Returns the table; the best way of each system comes first."""
  rows = []
  for found in _by_system(results).values():
    reference = found[_REFERENCE]['si_rmse']
    for result in sorted(found.values(), key=lambda x: x['si_rmse']):
      rows.append(
        (
          result['system'],
          result['way'],
          result['si_rmse'],
          result['si_rmse'] / reference - 1,
          result['rmse'],
          result['bytes'] / 1e6,
          result['partitions'],
          result['outside'],
          result['min_runtime'],
        )
      )
  return table.markdown_table(_HEADER, rows, _FORMATS)


def main(argv: list[str]) -> None:
  """Makes and measures the missing files and prints the changes."""
  program.no_arguments(argv)
  folder = pathlib.Path(_OUTPUT_DIR.value)
  log = folder / 'remedies.jsonl'
  results = _read(log)
  done = {(result['system'], result['way']) for result in results}
  sample = calibration.sample_images(
    _DATA_DIR.value,
    count=_CALIBRATION_COUNT.value,
    seed=1,
    image_size=export.ExportOptions().image_size,
  )
  pairs = list(source.evaluation_pairs(_DATA_DIR.value, 'validation'))
  for system in _SYSTEMS.value:
    ways = [
      way for way in _WAYS.value or _ALL_WAYS if (system, way) not in done
    ]
    if not ways:
      continue
    files = _Files(system, sample.images)
    for way in ways:
      name = '_'.join(re.findall(r'\w+', way))
      path = folder / f'{system}_{name}.tflite'
      with atomic.atomic_path(path) as temporary:
        pathlib.Path(temporary).write_bytes(files.make(way))
      result = {'system': system, 'way': way, **_judge(path, pairs)}
      results.append(result)
      with log.open('a') as stream:
        stream.write(json.dumps(result) + '\n')
      atomic.write_text(folder / 'remedies.md', _markdown(results) + '\n')
      print(json.dumps(result), file=sys.stderr)
  print(_changes(results))


if __name__ == '__main__':
  program.run(main)
