# SPDX-License-Identifier: Apache-2.0
r"""Converts a network to .tflite files for the device.

  python -m depth_mai.convert --workdir=runs/tcl --data_dir=DIR \
    --precision=fp32,fp16,int8,dynamic,int16x8 --output_dir=DIR

Instead of --workdir: --model=FILE.keras; --model=tcl for ready weights; or
--untrained with --gin_file=FILE. The gin's Quantisation says how INT8 is made.
"""

import os

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')  # Before the import.

from absl import app
from absl import flags

from depth_mai import gin_registry
from depth_mai.data import source
from depth_mai.files import ready_models
from depth_mai.files import workdir as workdir_lib
from depth_mai.lite import calibration
from depth_mai.lite import export
from depth_mai.lite import exported_file
from depth_mai.lite import provenance

_STRING, _BOOL = flags.DEFINE_string, flags.DEFINE_bool
_WORKDIR = _STRING('workdir', None, 'Folder of a training.')
_MODEL = _STRING('model', None, 'A .keras file, or a system of pretrained/.')
_GIN_FILE = flags.DEFINE_multi_string('gin_file', [], 'For Quantisation.')
_GIN_PARAM = flags.DEFINE_multi_string('gin_param', [], 'The same.')
_UNTRAINED = _BOOL('untrained', False, 'Converts random weights.')
_OUTPUT_DIR = _STRING('output_dir', None, 'For the files.', required=True)
_PRECISION = flags.DEFINE_list('precision', ['fp32'], 'Comma-separated.')
_DATA_DIR = _STRING('data_dir', None, 'For calibration and parity check.')
_COUNT = flags.DEFINE_integer('calibration_count', 128, 'Training images.')
_SEED = flags.DEFINE_integer('calibration_seed', 1, 'Of their draw.')
_UNIT = _STRING('output_unit', 'mm', 'Of the depth: mm or m.')
_UPSAMPLING = _STRING('output_upsampling', None, 'See layers/upsample.py.')
_RUNTIME = _STRING('target_runtime', '2.5.0', 'TFLite that must run the files.')
_IO_TYPE = _STRING('io_type', 'float32', 'Of int8 files: or int8, uint8.')
_LAYERS = _BOOL('layer_errors', False, 'Writes a table about the int8 file.')
_WHOLE = _BOOL('whole_graph', False, 'Keeps int8, dynamic files in one piece.')
_ALLOW = _BOOL('allow_incompatible', False, 'Writes refused files, too.')


def _network_and_origin(ready):
  """Returns the network the flags ask for, and where it comes from."""
  if (_WORKDIR.value, _MODEL.value, _UNTRAINED.value or None).count(None) != 2:
    raise ValueError('Give exactly one of --workdir, --model, --untrained.')
  if _UNTRAINED.value or ready:
    network, config, origin = gin_registry.load_network(_MODEL.value)
  else:
    network, config, origin = provenance.load(_WORKDIR.value, _MODEL.value)
  origin['gin_hash'] = gin_registry.config_hash(config) if config else 'unknown'
  return network, {**origin, 'git_commit': workdir_lib.git_commit()}


def _convert():
  ready = ready_models.config_files(_MODEL.value)
  gin_registry.parse([*ready, *_GIN_FILE.value], _GIN_PARAM.value)
  network, origin = _network_and_origin(bool(ready))
  config = provenance.given_config_text(_WORKDIR.value)
  options = export.ExportOptions(
    precisions=tuple(_PRECISION.value),
    output_unit=_UNIT.value,
    output_upsampling=_UPSAMPLING.value,
    io_type=_IO_TYPE.value,
    quantisation=gin_registry.parsed_quantisation(config),
    whole_graph=_WHOLE.value,
    layer_errors=_LAYERS.value,
    target_runtime=_RUNTIME.value,
    allow_incompatible=_ALLOW.value,
  )
  samples = calibration.draw_samples(
    source.resolve(_DATA_DIR.value),
    calibrate=options.needs_calibration,
    count=_COUNT.value,
    seed=_SEED.value,
    image_size=options.image_size,
  )
  return export.export(network, _OUTPUT_DIR.value, options, origin, *samples)


def main(argv):
  """Converts, prints the table, fails if a file was refused."""
  if argv[1:]:
    raise app.UsageError(f'Unexpected arguments: {argv[1:]}')
  try:
    files = _convert()
  except (ValueError, RuntimeError) as error:
    raise SystemExit(f'error: {error}') from error
  print(exported_file.table(files))
  if not all(file.written for file in files):
    raise SystemExit('error: not every file is written; see above.')


if __name__ == '__main__':
  app.run(main)
