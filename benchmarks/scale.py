# SPDX-License-Identifier: Apache-2.0
"""Measures what grows with the number of pairs: preparation and training.

    python -m benchmarks.scale --output_dir=DIR [--pairs=1000,10000,50000]

ROOMS procedural rooms of 120 x 160 pixels are rendered once; larger data sets
repeat them under other names, as links. Each data set is prepared, and a tiny
network takes STEPS steps on it, once for each way to keep data in memory. Times
are CPU time of all threads, start included: other programs hardly change it.
Results are kept in DIR/scale.json; what is there is not measured again.
"""

import json
import os
import pathlib
import re
import sys

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from benchmarks import process_tree
from benchmarks import repeated_pairs
from depth_mai import program
from depth_mai.files import atomic
from depth_mai.metrics import table

ROOMS = 200
STEPS = 60
CACHES = ('decoded', 'none')

_PAIRS = flags.DEFINE_list(
  'pairs', ['1000', '10000'], 'Numbers of pairs of the data sets.'
)
_OUTPUT_DIR = program.flag(
  'output_dir', 'the data, the runs and scale.json', required=True
)
_SIZE = (120, 160)
_BATCH = 32
_GIN = """
train.network = @tiny
train.batch_size = {batch}
train.target_size = (16, 16)
train.evaluations = 1
train.train_eval_images = 0
train.log_every_steps = 20
train.epochs = {epochs}
train.cache = '{cache}'
"""
_HEADER = [
  'pairs',
  'preparation, CPU [s]',
  'memory [MB]',
  'records [MB]',
  *(f'training, {cache}, CPU [s]' for cache in CACHES),
  *(f'memory, {cache} [MB]' for cache in CACHES),
]


def _rooms(folder: pathlib.Path) -> pathlib.Path:
  from depth_mai.datasets.procedural_rooms import folder as rooms_folder
  from depth_mai.datasets.procedural_rooms import scene

  height, width = _SIZE
  rooms_folder.write(
    folder,
    {'train': ROOMS},
    options=scene.SceneOptions(height=height, width=width),
  )
  return folder


def _run(folder: pathlib.Path, name: str, *command: str) -> dict:
  """Runs a program; returns its CPU time and memory."""
  log = folder / f'{name}.log'
  print(name, flush=True)
  record = process_tree.run([sys.executable, '-m', *command], log, 0.2)
  if record.exit_code:
    raise ValueError(f'{name} failed; {log} says why.')
  peak = max(mb for _, mb in record.samples)
  return {'cpu_s': record.cpu_seconds, 'peak_mb': peak, 'log': str(log)}


def _training(
  folder: pathlib.Path, records: str, count: int, cache: str
) -> dict:
  gin_file = folder / 'scale.gin'
  epochs = (STEPS + 0.5) * _BATCH / count
  gin_file.write_text(_GIN.format(batch=_BATCH, epochs=epochs, cache=cache))
  name = f'training_{count}_{cache}'
  return _run(
    folder,
    name,
    'benchmarks.tiny_training',
    f'--gin_file={gin_file}',
    f'--data_dir={records}',
    f'--workdir={folder / name}',
  )


def measure(folder: pathlib.Path, counts: list[int]) -> dict[str, dict]:
  """Measures what was not measured yet.

  Args:
    folder: folder of the output.
    counts: numbers of pairs.

  Returns:
    By name, such as '1000 preparation' and '1000 none', what _run returns.

  Raises:
    ValueError: if a program fails.
  """
  folder.mkdir(parents=True, exist_ok=True)
  path = folder / 'scale.json'
  results = json.loads(path.read_text()) if path.exists() else {}
  rooms = _rooms(folder / 'rooms')
  for count in counts:
    data = folder / f'pairs_{count}'
    repeated_pairs.repeat(rooms, data, count)
    name = f'{count} preparation'
    if name not in results:
      result = _run(
        folder,
        f'preparation_{count}',
        'depth_mai.datasets.mai_depth.prepare',
        f'--data_dir={data}',
        f'--records_dir={folder / "records"}',
      )
      text = pathlib.Path(result['log']).read_text()
      (records,) = re.findall(r'^/.*mai_depth/.*$', text, re.MULTILINE)
      files = pathlib.Path(records).iterdir()
      size_mb = sum(file.stat().st_size for file in files) / 2**20
      result |= {'records': records, 'records_mb': size_mb}
      results[name] = result
      atomic.write_json(path, results)
    for cache in CACHES:
      name = f'{count} {cache}'
      if name not in results:
        records = results[f'{count} preparation']['records']
        results[name] = _training(folder, records, count, cache)
        atomic.write_json(path, results)
  return results


def main(argv: list[str]) -> None:
  """Measures and prints the table."""
  program.no_arguments(argv)
  counts = [int(text) for text in _PAIRS.value]
  results = measure(pathlib.Path(_OUTPUT_DIR.value), counts)
  rows = []
  for count in counts:
    prepared = results[f'{count} preparation']
    trained = [results[f'{count} {cache}'] for cache in CACHES]
    rows.append(
      [
        count,
        prepared['cpu_s'],
        prepared['peak_mb'],
        prepared['records_mb'],
        *(result['cpu_s'] for result in trained),
        *(result['peak_mb'] for result in trained),
      ]
    )
  formats = [',d', '.0f', ',.0f', ',.0f', *[',.0f'] * 2 * len(CACHES)]
  print(table.markdown_table(_HEADER, rows, formats))


if __name__ == '__main__':
  program.run(main)
