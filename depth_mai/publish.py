# SPDX-License-Identifier: Apache-2.0
r"""Saves a trained network as ready weights with a model card.

  python -m depth_mai.publish --workdir=runs/tcl \
      --tflite=tflite/tcl_fp16.tflite --data_dir=DIR \
      --trained_on='NYU Depth v2' --licence='...' --command='python -m ...'

Writes into pretrained/<system>/ the .tflite file, <system>.npz from which to
train further, and README.md with the metrics of both on --split.
"""

import os
import pathlib
import shutil

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from depth_mai import program
from depth_mai.data import source
from depth_mai.evaluation import evaluation
from depth_mai.evaluation import file_predictors
from depth_mai.evaluation import model_card
from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib
from depth_mai.runtime import interface_evidence
from depth_mai.runtime import metadata as metadata_lib

_WORKDIR = program.flag(
  'workdir',
  'Folder of the training whose best.keras to publish.',
  required=True,
)
_TFLITE = flags.DEFINE_string(
  'tflite',
  None,
  'The .tflite file that depth_mai.convert made of the same training.',
  required=True,
)
_DATA_DIR = program.flag(
  'data_dir', "Pictures and depth maps for the card's metrics.", required=True
)
_SPLIT = program.flag('split')
_TRAINED_ON = flags.DEFINE_string(
  'trained_on', None, 'Name of the training data, for the card.', required=True
)
_LICENCE = flags.DEFINE_string(
  'licence', None, 'Licence of the training data, for the card.', required=True
)
_START = flags.DEFINE_string(
  'start',
  'random weights',
  'The weights from which the training started, for the card.',
)
_COMMAND = flags.DEFINE_string(
  'command', None, 'Command that trained the network.', required=True
)
_DECLARED = program.interface_flags(
  'By default the file states it.', 'input_size'
)
_OUTPUT_DIR = program.flag(
  'output_dir', '<system>/ with the weights and the card', default='pretrained'
)


def _publish() -> pathlib.Path:
  """Writes the folder and returns it."""
  # Imported here so that help and a wrong flag are answered at once.
  from depth_mai.evaluation import keras_predictor
  from depth_mai.models import compact_weights
  from depth_mai.models import network_file

  network = network_file.load_network(
    os.path.join(_WORKDIR.value, workdir_lib.BEST)
  )
  metadata = metadata_lib.read_metadata(_TFLITE.value)
  system = metadata.get('system')
  if system != network.name or 'training_git_commit' not in metadata:
    raise ValueError(
      f'{_TFLITE.value} is a file of {system}, and {_WORKDIR.value} trained '
      f'{network.name}. Give --tflite the file that `depth_mai.convert '
      '--workdir` made of this training.'
    )
  folder = pathlib.Path(_OUTPUT_DIR.value) / system
  folder.mkdir(parents=True, exist_ok=True)
  tflite = folder / pathlib.Path(_TFLITE.value).name
  weights = folder / f'{system}.npz'
  with atomic.atomic_path(tflite) as temporary:
    shutil.copyfile(_TFLITE.value, temporary)
  compact_weights.save(weights, network)

  # The metrics are those of the published files, not of best.keras.
  compact_weights.load(weights, network)
  predictors: dict[pathlib.Path, evaluation.Predictor] = {
    tflite: file_predictors.TflitePredictor(
      str(tflite), declared=interface_evidence.Declared(**_DECLARED())
    ),
    weights: keras_predictor.KerasPredictor(network),
  }
  metrics = {}
  for path, predictor in predictors.items():
    pairs = source.evaluation_pairs(_DATA_DIR.value, _SPLIT.value)
    metrics[path.name] = evaluation.evaluate(predictor, pairs)
    for warning in metrics[path.name]['warnings']:
      print(f'warning: {path.name}: {warning}')
  known = network_file.systems().get(system)
  module = known.build.__module__ if known else None
  card = model_card.model_card(
    system,
    source=f'{module.replace(".", "/")}.py' if module else system,
    metadata=metadata,
    files={path.name: path.stat().st_size for path in predictors},
    metrics=metrics,
    data=_TRAINED_ON.value,
    licence=_LICENCE.value,
    command=_COMMAND.value,
    split=_SPLIT.value,
    start=_START.value,
  )
  atomic.write_text(folder / 'README.md', card)
  return folder


def main(argv: list[str]) -> None:
  """Publishes the network and prints its folder."""
  program.no_arguments(argv)
  print(_publish())


if __name__ == '__main__':
  program.run(main)
