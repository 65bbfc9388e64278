# SPDX-License-Identifier: Apache-2.0
"""Trains a system.

  python -m depth_mai.train --gin_file=gin_configs/tcl.gin --data_dir=DIR \
      --workdir=runs/tcl [--gin_param='train.epochs = 2']

The same command goes on with a run that was interrupted.
"""

import os
import pathlib

# Before TensorFlow is imported: its start-up notices would bury our progress.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import app
from absl import flags
from absl import logging

from depth_mai import gin_registry
from depth_mai.data import source
from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib

_GIN_FILE = flags.DEFINE_multi_string(
  'gin_file', None, 'Configuration, e.g. gin_configs/tcl.gin.', required=True
)
_GIN_PARAM = flags.DEFINE_multi_string(
  'gin_param', [], "Single setting, e.g. 'train.epochs = 2'; may be repeated."
)
_DATA_DIR = flags.DEFINE_string(
  'data_dir',
  'procedural_rooms',
  'Folder with {train,validation}/{rgb,depth}, a prepared tfds folder, or '
  'procedural_rooms.',
)
_WORKDIR = flags.DEFINE_string(
  'workdir', None, 'Folder of the run, e.g. runs/tcl.', required=True
)


def main(argv):
  """Parses the configuration and trains."""
  if len(argv) > 1:
    raise app.UsageError(f'Unexpected arguments: {argv[1:]}')
  logging.set_verbosity(logging.WARNING)  # tfds is talkative.
  workdir = pathlib.Path(_WORKDIR.value)
  try:
    gin_registry.parse(_GIN_FILE.value, _GIN_PARAM.value)
    workdir_lib.claim(workdir, gin_registry.config_text())
    workdir_lib.write_versions(workdir)
    data_dir = source.resolve(_DATA_DIR.value)
    gin_registry.train(workdir=str(workdir), data_dir=data_dir)
  except (ValueError, FloatingPointError) as error:
    raise SystemExit(f'error: {error}') from error
  atomic.write_text(
    workdir / workdir_lib.OPERATIVE_CONFIG,
    gin_registry.operative_config_text(),
  )


if __name__ == '__main__':
  app.run(main)
