# SPDX-License-Identifier: Apache-2.0
r"""Trains a network.

  python -m depth_mai.train --gin_file=gin_configs/tcl.gin --data_dir=DIR \
      --workdir=runs/tcl [--gin_param='train.epochs = 2']

The same command resumes an interrupted run. Ctrl-C and SIGTERM save a
checkpoint first; a second Ctrl-C stops at once. Several machines train together
with train.strategy = 'multi_worker', see docs/scale.md.
"""

import os
import sys

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import logging

from depth_mai import program
from depth_mai.data import source
from depth_mai.training import cluster
from depth_mai.training import interruption

_GIN_FILE = program.flag('gin_file', required=True)
_GIN_PARAM = program.flag('gin_param')
_DATA_DIR = program.flag(
  'data_dir',
  'Pictures and depth maps to train and validate on; further --data_dir flags '
  'add data sets to train on, see Mixing.',
  repeated=True,
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
_ACCEPT_CHANGED_DATA = program.flag('accept_changed_data')


def main(argv: list[str]) -> int:
  """Parses the configuration and trains."""
  program.no_arguments(argv)
  # Imported here so that help and a wrong flag are answered at once.
  from depth_mai import gin_registry

  logging.set_verbosity(logging.WARNING)  # tfds logs every step at INFO.
  gin_registry.parse(_GIN_FILE.value, _GIN_PARAM.value)
  try:
    gin_registry.train(
      workdir=_WORKDIR.value,
      data_dir=[source.resolve(data_dir) for data_dir in _DATA_DIR.value],
      config=gin_registry.config_text(),
      operative_config=gin_registry.operative_config_text,
      accept_changed_data=_ACCEPT_CHANGED_DATA.value,
    )
  except (cluster.LostWorkerError, interruption.StoppedError) as stop:
    print(stop, file=sys.stderr)
    return stop.exit_code
  return 0


if __name__ == '__main__':
  program.run(main)
