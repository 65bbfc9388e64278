# SPDX-License-Identifier: Apache-2.0
r"""Measures a network, a .tflite file or a folder of predictions.

  python -m depth_mai.evaluate --workdir=runs/tcl --data_dir=DIR
  python -m depth_mai.evaluate --model=tcl.tflite --data_dir=DIR --json=OUT.json
  python -m depth_mai.evaluate --predictions=DIR --data_dir=DIR

The numbers are means of per-image values; the table also shows them over all
pixels at once and by distance. Give exactly one of --workdir, --model and
--predictions.
"""

import os

# Before TensorFlow is imported: its start-up notices would bury the table.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import app
from absl import flags

from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.files import ready_models
from depth_mai.metrics import table

_STRING = flags.DEFINE_string
_WORKDIR = _STRING('workdir', None, 'Of a training; measures its best.keras.')
_MODEL = _STRING('model', None, 'A .keras or .tflite file, or a system.')
_PREDICTIONS = _STRING('predictions', None, 'Folder of 16-bit PNGs <id>.png.')
_DATA_DIR = _STRING(
  'data_dir',
  None,
  'Folder with {train,validation}/{rgb,depth}, a prepared tfds folder, or '
  'procedural_rooms.',
  required=True,
)
_SPLIT = _STRING('split', 'validation', 'What to measure on.')
_JSON = _STRING('json', None, 'File to write the result to.')
_LIMIT = flags.DEFINE_integer('limit', None, 'Measure the first N images only.')
_PICTURES_DIR = _STRING('pictures_dir', None, 'Folder for a picture of each.')
_UPSAMPLING = _STRING(
  'output_upsampling', None, 'For .keras files: see layers/upsample.py.'
)
_NUM_THREADS = flags.DEFINE_integer('num_threads', 1, 'For .tflite files.')


def _open_predictor(data_dir):
  """Returns what the flags ask for, and its name."""
  given = [_WORKDIR.value, _MODEL.value, _PREDICTIONS.value]
  if sum(value is not None for value in given) != 1:
    raise ValueError(
      'Give exactly one of --workdir=DIR, --model=FILE.keras, '
      '--model=FILE.tflite or --predictions=DIR.'
    )
  if _PREDICTIONS.value is not None:
    names = evaluation.split_ids(data_dir, _SPLIT.value)
    return file_predictors.PngPredictor(
      _PREDICTIONS.value, names, names[: _LIMIT.value]
    ), _PREDICTIONS.value
  if _MODEL.value is None:
    path = os.path.join(_WORKDIR.value, 'best.keras')
  else:
    path = ready_models.model_path(_MODEL.value)
  if path.endswith('.tflite'):
    return file_predictors.TflitePredictor(path, _NUM_THREADS.value), path
  if path.endswith('.keras'):
    # Imported here because a device has no TensorFlow.
    from depth_mai.evaluation import keras_predictor

    return keras_predictor.KerasPredictor(path, _UPSAMPLING.value), path
  raise ValueError(f'--model={path} must end with .keras or .tflite.')


def main(argv: list[str]) -> None:
  """Measures, prints the table and writes the JSON file."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected arguments: {argv[1:]}')
  try:
    data_dir = source.resolve(_DATA_DIR.value)
    pairs = source.evaluation_pairs(data_dir, _SPLIT.value)
    predictor, name = _open_predictor(data_dir)
    result = evaluation.evaluate(
      predictor, pairs, _LIMIT.value, _PICTURES_DIR.value
    )
  except ValueError as error:
    raise SystemExit(f'error: {error}') from error
  result |= {'model': name, 'data_dir': data_dir, 'split': _SPLIT.value}
  print(f'{name} on {_SPLIT.value}: {table.metrics_tables(result)}')
  if _JSON.value is not None:
    evaluation.write_json(_JSON.value, result)


if __name__ == '__main__':
  app.run(main)
