# SPDX-License-Identifier: Apache-2.0
r"""Converts a network to .tflite files for the device.

  python -m depth_mai.convert --workdir=runs/tcl --data_dir=DIR \
    --precision=fp32,fp16,int8,dynamic,int16x8 --output_dir=DIR

Instead of --workdir, give --model=FILE.keras, --model=tcl for ready weights, or
--untrained with --gin_file=FILE. The settings of Quantisation in the gin
configuration choose how INT8 files are made.
"""

import os
from typing import Any

# Before TensorFlow is imported, to silence its start-up messages.
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')

from absl import flags

from depth_mai import challenge
from depth_mai import program
from depth_mai.data import source
from depth_mai.devices.tflite_2_5 import target
from depth_mai.files import ready_models
from depth_mai.files import workdir as workdir_lib
from depth_mai.runtime import metadata as metadata_lib

_WORKDIR = program.flag(
  'workdir', 'Folder of the training whose network is converted.'
)
_MODEL = program.flag('model', 'A .keras file to convert.')
_UNTRAINED = flags.DEFINE_bool(
  'untrained',
  False,
  'Convert the network of --gin_file with random weights, e.g. to measure it.',
)
_GIN_FILE = program.flag('gin_file', default=[])
_GIN_PARAM = program.flag('gin_param')
_OUTPUT_DIR = program.flag('output_dir', 'the .tflite files', required=True)
_PRECISION = flags.DEFINE_list(
  'precision',
  ['fp32'],
  'Precisions of the files, separated by commas: '
  f'{", ".join(metadata_lib.PRECISIONS)}.',
)
_DATA_DIR = program.flag(
  'data_dir',
  'Pictures for calibrating int8 and int16x8, and for comparing with Keras.',
)
_CALIBRATION_COUNT = flags.DEFINE_integer(
  'calibration_count', 128, 'Number of training images to calibrate on.', 1
)
_CALIBRATION_SEED = flags.DEFINE_integer(
  'calibration_seed', 1, 'Seed for choosing the calibration images.'
)
_OUTPUT_UNIT = flags.DEFINE_enum(
  'output_unit', 'mm', list(challenge.MM_PER_UNIT), 'Unit of the depth.'
)
_OUTPUT_UPSAMPLING = program.flag('output_upsampling')
_TARGET_RUNTIME = program.flag('target_runtime')
_IO_TYPE = flags.DEFINE_enum(
  'io_type',
  'float32',
  metadata_lib.IO_TYPES,
  'Type of the input and output of int8 files.',
)
_LAYER_ERRORS = flags.DEFINE_bool(
  'layer_errors',
  False,
  'Write a table of the error that each operator adds to the int8 file.',
)
_WHOLE_GRAPH = flags.DEFINE_bool(
  'whole_graph',
  False,
  'Make int8 and dynamic files that run in one XNNPACK partition, even if '
  'that makes them slower or larger.',
)
_ALLOW_INCOMPATIBLE = flags.DEFINE_bool(
  'allow_incompatible',
  False,
  'Write even files that --target_runtime cannot run.',
)


def _network_and_origin(ready: bool) -> tuple[Any, dict]:
  """Returns the network that the flags name, and its origin."""
  # Imported here so that help and a wrong flag are answered at once.
  from depth_mai import gin_registry
  from depth_mai.lite import provenance

  if (_WORKDIR.value, _MODEL.value, _UNTRAINED.value or None).count(None) != 2:
    raise ValueError('Give exactly one of --workdir, --model, --untrained.')
  if _UNTRAINED.value or ready:
    network, config, origin = gin_registry.load_network(_MODEL.value)
  else:
    network, config, origin = provenance.load(_WORKDIR.value, _MODEL.value)
  origin['gin_hash'] = workdir_lib.config_hash(config) if config else 'unknown'
  return network, {**origin, 'git_commit': workdir_lib.git_commit()}


def _convert() -> list[Any]:
  """Writes the files and returns their descriptions."""
  from depth_mai import gin_registry
  from depth_mai.lite import calibration
  from depth_mai.lite import export
  from depth_mai.lite import provenance

  ready = ready_models.config_files(_MODEL.value)
  gin_registry.parse([*ready, *_GIN_FILE.value], _GIN_PARAM.value)
  network, origin = _network_and_origin(bool(ready))
  config = provenance.given_config_text(_WORKDIR.value)
  options = export.ExportOptions(
    precisions=tuple(_PRECISION.value),
    output_unit=_OUTPUT_UNIT.value,
    output_upsampling=_OUTPUT_UPSAMPLING.value,
    io_type=_IO_TYPE.value,
    quantisation=gin_registry.parsed_quantisation(config),
    whole_graph=_WHOLE_GRAPH.value,
    layer_errors=_LAYER_ERRORS.value,
    target_runtime=_TARGET_RUNTIME.value,
    allow_incompatible=_ALLOW_INCOMPATIBLE.value,
    run_in_target=target.find(_TARGET_RUNTIME.value),
  )
  samples = calibration.draw_samples(
    source.resolve(_DATA_DIR.value),
    calibrate=options.needs_calibration,
    count=_CALIBRATION_COUNT.value,
    seed=_CALIBRATION_SEED.value,
    image_size=options.image_size,
  )
  return export.export(network, _OUTPUT_DIR.value, options, origin, *samples)


def main(argv: list[str]) -> None:
  """Converts and prints the table; raises ValueError for a refused file."""
  program.no_arguments(argv)
  from depth_mai.lite import exported_file

  files = _convert()
  print(exported_file.table(files))
  if not all(file.written for file in files):
    raise ValueError('Not every file was written; see the table above.')


if __name__ == '__main__':
  program.run(main, errors=(ValueError, RuntimeError))
