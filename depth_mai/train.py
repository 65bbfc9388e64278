# SPDX-License-Identifier: Apache-2.0
r"""Trains a network.

  python -m depth_mai.train --gin_file=gin_configs/tcl.gin --data_dir=DIR \
      --workdir=runs/tcl [--gin_param='train.epochs = 2']

The same command resumes an interrupted run.
"""

import os
import pathlib

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import logging

from depth_mai import gin_registry
from depth_mai import program
from depth_mai.data import source
from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib

_GIN_FILE = program.flag('gin_file', required=True)
_GIN_PARAM = program.flag('gin_param')
_DATA_DIR = program.flag(
  'data_dir',
  'Pictures and depth maps to train and validate on.',
  default='procedural_rooms',
)
_WORKDIR = program.written(
  program.flag(
    'workdir',
    'Folder of the run, e.g. runs/tcl; it is created, or resumed if it exists.',
    required=True,
  ),
  folder=True,
)


def main(argv: list[str]) -> None:
  """Parses the configuration and trains."""
  program.no_arguments(argv)
  logging.set_verbosity(logging.WARNING)  # tfds logs every step at INFO.
  workdir = pathlib.Path(_WORKDIR.value)
  gin_registry.parse(_GIN_FILE.value, _GIN_PARAM.value)
  workdir_lib.claim(workdir, gin_registry.config_text())
  workdir_lib.write_versions(workdir)
  data_dir = source.resolve(_DATA_DIR.value)
  gin_registry.train(workdir=str(workdir), data_dir=data_dir)
  atomic.write_text(
    workdir / workdir_lib.OPERATIVE_CONFIG,
    gin_registry.operative_config_text(),
  )


if __name__ == '__main__':
  program.run(main)
