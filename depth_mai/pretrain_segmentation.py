# SPDX-License-Identifier: Apache-2.0
r"""Pre-trains a network on semantic segmentation.

  python -m depth_mai.pretrain_segmentation \
      --gin_file=gin_configs/icl_segmentation.gin \
      --dataset=procedural_rooms --workdir=runs/icl_segmentation

A training then starts from it with
--gin_param="train.initial_network = 'runs/icl_segmentation/last.keras'". The
same command resumes an interrupted run after its last complete pass.
"""

import os
import pathlib

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags
from absl import logging

from depth_mai import program
from depth_mai.files import workdir as workdir_lib

_GIN_FILE = program.flag('gin_file', required=True)
_GIN_PARAM = program.flag('gin_param')
_DATASET = flags.DEFINE_string(
  'dataset',
  'procedural_rooms',
  'Pictures and their label maps: a folder that tensorflow_datasets has '
  'prepared, or a name as it takes it, such as oxford_iiit_pet or '
  'cityscapes/semantic_segmentation; procedural_rooms needs no download.',
)
_WORKDIR = program.written(
  program.flag(
    'workdir',
    'Folder of the run, e.g. runs/icl_segmentation; it is created, or resumed '
    'if it exists.',
    required=True,
  ),
  folder=True,
)
_ACCEPT_CHANGED_DATA = program.flag('accept_changed_data')


def main(argv: list[str]) -> None:
  """Parses the configuration and pre-trains."""
  program.no_arguments(argv)
  # Imported here so that help and a wrong flag are answered at once.
  from depth_mai import gin_registry

  logging.set_verbosity(logging.WARNING)  # tfds logs every step at INFO.
  gin_registry.parse(_GIN_FILE.value, _GIN_PARAM.value)
  gin_registry.pretrain_segmentation(
    workdir=_WORKDIR.value,
    dataset=_DATASET.value,
    config=gin_registry.config_text(),
    accept_changed_data=_ACCEPT_CHANGED_DATA.value,
  )
  workdir_lib.write_operative_config(
    pathlib.Path(_WORKDIR.value), gin_registry.operative_config_text()
  )


if __name__ == '__main__':
  program.run(main)
