# SPDX-License-Identifier: Apache-2.0
"""Converts and measures the runs of quantisation_training.sh.

    python benchmarks/quantisation_training_table.py DATA_DIR RUNS_DIR

Writes the FP32 and INT8 files of every finished run to RUNS_DIR/tflite, next to
their measurements, and prints a table; later calls measure new runs only. INT8
is compared with the FP32 file of the same run. A run with rounding has two INT8
files: one with the ranges of its training, and one calibrated like those of the
other runs.
"""

import json
import pathlib

from depth_mai import challenge
from depth_mai import program
from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib
from depth_mai.lite import calibration
from depth_mai.lite import collapse
from depth_mai.lite import export
from depth_mai.lite import quantisation_aware
from depth_mai.metrics import paper_results
from depth_mai.metrics import table
from depth_mai.models import network_file

_VARIANTS = ('linear', 'log', 'inverse', 'rounded', 'longer', 'relu')
_HEADER = (
  'system', 'trained', 'FP32', 'INT8', 'change', 'calibrated INT8', 'change',
  'partitions', 'runs from TFLite',
)  # fmt: skip
_FORMATS = ('', '', '.4f', '.4f', '+.2%', '.4f', '+.2%', '', '')


def _judge(path: pathlib.Path, data_dir: str) -> float:
  """Returns the si-RMSE of a file on the validation split."""
  predictor = file_predictors.TflitePredictor(str(path), 1)
  pairs = source.evaluation_pairs(data_dir, 'validation')
  return evaluation.evaluate(predictor, pairs)['si_rmse']


def _measure(
  workdir: pathlib.Path,
  folder: pathlib.Path,
  data_dir: str,
  sample: calibration.ImageSample,
) -> dict:
  """Converts the best network of a run and measures its files."""
  network = network_file.load_network(workdir / workdir_lib.BEST)
  precisions = export.ExportOptions(precisions=('fp32', 'int8'))
  fp32, int8 = export.export(
    network, folder, precisions, calibration_sample=sample
  )
  found = {
    'fp32': _judge(fp32.path, data_dir),
    'int8': _judge(int8.path, data_dir),
    'partitions': int8.partitions,
    'min_runtime': int8.report.min_runtime,
  }
  if quantisation_aware.rounds(network):
    (calibrated,) = export.export(
      collapse.collapse(network),
      folder / 'calibrated',
      export.ExportOptions(precisions=('int8',)),
      calibration_sample=sample,
    )
    found['calibrated'] = _judge(calibrated.path, data_dir)
  return found


def _row(system: str, variant: str, found: dict) -> tuple:
  calibrated = found.get('calibrated')
  return (
    system,
    variant,
    found['fp32'],
    found['int8'],
    found['int8'] / found['fp32'] - 1,
    calibrated,
    calibrated and calibrated / found['fp32'] - 1,
    found['partitions'],
    found['min_runtime'],
  )


def main(argv: list[str]) -> None:
  """Measures new runs and prints the table."""
  if len(argv) != 3:
    raise ValueError('Give two folders: DATA_DIR and RUNS_DIR.')
  data_dir, runs_dir = argv[1], pathlib.Path(argv[2])
  sample = None
  rows = []
  for system in paper_results.SYSTEMS:
    for variant in _VARIANTS:
      workdir = runs_dir / f'{system}_{variant}'
      folder = runs_dir / 'tflite' / workdir.name
      measured = folder / 'measured.json'
      if not (workdir / workdir_lib.OPERATIVE_CONFIG).exists():
        continue  # The run is not complete.
      if not measured.exists():
        sample = sample or calibration.sample_images(
          data_dir, count=128, seed=1, image_size=challenge.IMAGE_SIZE
        )
        found = _measure(workdir, folder, data_dir, sample)
        atomic.write_text(measured, json.dumps(found, indent=2) + '\n')
      rows.append(_row(system, variant, json.loads(measured.read_text())))
  print(table.markdown_table(_HEADER, rows, _FORMATS))


if __name__ == '__main__':
  program.run(main)
