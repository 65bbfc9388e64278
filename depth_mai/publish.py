# SPDX-License-Identifier: Apache-2.0
r"""Keeps a trained network as ready weights, with its model card.

  python -m depth_mai.publish --workdir=runs/tcl \
      --tflite=tflite/tcl_fp16.tflite --data_dir=DIR \
      --trained_on='what data' --licence='of it' --command='how it was trained'

Writes pretrained/<system>/: the .tflite file, <system>.npz to go on training
from, and README.md with the metrics of both on --split.
"""

import os
import pathlib
import shutil

# Before TensorFlow is imported: its start-up notices would bury the result.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import app
from absl import flags

from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.evaluation import keras_predictor
from depth_mai.evaluation import model_card
from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib
from depth_mai.models import compact_weights
from depth_mai.models import network_file
from depth_mai.runtime import metadata as metadata_lib

_STRING = flags.DEFINE_string
_WORKDIR = _STRING('workdir', None, 'Of the training.', required=True)
_TFLITE = _STRING('tflite', None, 'Its converted file.', required=True)
_DATA_DIR = _STRING('data_dir', None, 'To measure on.', required=True)
_SPLIT = _STRING('split', 'validation', 'To measure on.')
_TRAINED_ON = _STRING('trained_on', None, 'Name the data.', required=True)
_LICENCE = _STRING('licence', None, 'Of that data.', required=True)
_COMMAND = _STRING('command', None, 'That trained it.', required=True)
_OUTPUT_DIR = _STRING('output_dir', 'pretrained', 'For the folder <system>.')


def _publish() -> pathlib.Path:
  """Writes the folder and returns it."""
  network = network_file.load_network(
    os.path.join(_WORKDIR.value, workdir_lib.BEST)
  )
  metadata = metadata_lib.read_metadata(_TFLITE.value)
  system = metadata.get('system')
  if system != network.name or 'training_git_commit' not in metadata:
    raise ValueError(
      f'{_TFLITE.value} holds {system}, {_WORKDIR.value} {network.name}. Give '
      'the file that `depth_mai.convert --workdir` made of this training.'
    )
  folder = pathlib.Path(_OUTPUT_DIR.value) / system
  folder.mkdir(parents=True, exist_ok=True)
  tflite = folder / pathlib.Path(_TFLITE.value).name
  weights = folder / f'{system}.npz'
  with atomic.atomic_path(tflite) as temporary:
    shutil.copyfile(_TFLITE.value, temporary)
  compact_weights.save(weights, network)

  # What is judged is what the files hold.
  compact_weights.load(weights, network)
  predictors = {
    tflite: file_predictors.TflitePredictor(str(tflite)),
    weights: keras_predictor.KerasPredictor(network),
  }
  metrics = {}
  for path, predictor in predictors.items():
    pairs = source.evaluation_pairs(_DATA_DIR.value, _SPLIT.value)
    metrics[path.name] = evaluation.evaluate(predictor, pairs)
  card = model_card.model_card(
    system,
    metadata=metadata,
    files={path.name: path.stat().st_size for path in predictors},
    metrics=metrics,
    data=_TRAINED_ON.value,
    licence=_LICENCE.value,
    command=_COMMAND.value,
    split=_SPLIT.value,
  )
  atomic.write_text(folder / 'README.md', card)
  return folder


def main(argv):
  """Publishes, and says where."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected arguments: {argv[1:]}')
  try:
    print(_publish())
  except ValueError as error:
    raise SystemExit(f'publish: {error}') from error


if __name__ == '__main__':
  app.run(main)
