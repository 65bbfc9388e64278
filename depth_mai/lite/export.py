# SPDX-License-Identifier: Apache-2.0
"""Exports a network to .tflite files: convert, check, compare, write.

Every file is named `<network>_<precision>.tflite`. Next to it is
`<network>_<precision>.json` with its sizes, operators, runtime check and
parity. A file that the chosen runtime cannot run is not written.

A file is unpacked once. After the file passes, its graph is final: it is
checked and compared with Keras. Then the metadata, which contains the results,
is added, and the file is written.
"""

from collections.abc import Sequence
import dataclasses
import json
import pathlib

import keras

from depth_mai import challenge
from depth_mai.files import atomic
from depth_mai.files import workdir as workdir_lib
from depth_mai.lite import calibration
from depth_mai.lite import collapse
from depth_mai.lite import converter
from depth_mai.lite import exported_file
from depth_mai.lite import file_passes
from depth_mai.lite import flatbuffer
from depth_mai.lite import layer_error
from depth_mai.lite import parity
from depth_mai.lite import passes
from depth_mai.lite import quantisation as quantisation_lib
from depth_mai.lite import quantisation_aware
from depth_mai.models import deployment
from depth_mai.models import depth_recoding
from depth_mai.models import finite_check
from depth_mai.runtime import operators
from depth_mai.runtime import target_run as target_run_lib

METADATA_VERSION = 1

# Rounding explains at most this mean relative difference; more is a fault.
_LARGEST_MEAN_RELATIVE = {'fp32': 1e-3, 'fp16': 2e-2}


@dataclasses.dataclass(frozen=True)
class ExportOptions:
  """The choices of an export.

  Attributes:
    precisions: see converter.PRECISIONS.
    image_size: (height, width) of the image and the depth map, pixels.
    output_unit: 'mm' (the challenge's) or 'm'.
    output_upsampling: one of upsample.OUTPUT_UPSAMPLINGS; None for the
      cheapest form of the system's own.
    io_type: type of the 'int8' file's input and output: 'float32', 'int8' or
      'uint8'.
    quantisation: ranges and float parts of 'int8' and 'int16x8'.
    layer_errors: writes `<network>_int8_layers.md`, too, with the error that
      each operator adds.
    whole_graph: keeps files in one piece for XNNPACK; see passes.py.
    target_runtime: oldest TFLite release that must run the files.
    allow_incompatible: writes files that `target_runtime` cannot run, too.
    run_in_target: runs a file in `target_runtime` itself; None if it is not set
      up, and the table of operators decides alone.
  """

  precisions: Sequence[str] = ('fp32',)
  image_size: tuple[int, int] = challenge.IMAGE_SIZE
  output_unit: str = 'mm'
  output_upsampling: str | None = None
  io_type: str = 'float32'
  quantisation: quantisation_lib.Quantisation = quantisation_lib.Quantisation()
  layer_errors: bool = False
  whole_graph: bool = False
  target_runtime: str = challenge.RUNTIME
  allow_incompatible: bool = False
  run_in_target: target_run_lib.RunInTarget | None = None

  def __post_init__(self):
    """Checks the options."""
    converter.check_choices(self.precisions, self.io_type)
    operators.parse_release(self.target_runtime)
    if self.layer_errors and 'int8' not in self.precisions:
      raise ValueError(
        "--layer_errors applies to 'int8' only, which is not among the "
        f'precisions {list(self.precisions)}. Drop it or change --precision.'
      )
    if self.layer_errors:
      layer_error.check_io_type(self.io_type)

  @property
  def needs_calibration(self) -> bool:
    """Whether a precision needs calibration images."""
    return any(p in converter.CALIBRATED_PRECISIONS for p in self.precisions)


def _output_upsampling(network: keras.Model, options: ExportOptions) -> str:
  return options.output_upsampling or deployment.default_upsampling(network)


def _describe(
  network: keras.Model,
  options: ExportOptions,
  precision: str,
  origin: dict,
  calibrated_with: calibration.ImageSample | None,
) -> dict:
  """Returns the metadata of one file, except for its check and parity."""
  return {
    **origin,
    'metadata_version': METADATA_VERSION,
    'system': network.name,
    'precision': precision,
    'output_unit': options.output_unit,
    'output_upsampling': _output_upsampling(network, options),
    'whole_graph': options.whole_graph,
    'image_size': list(options.image_size),
    'network_size': list(network.input_shape[1:3]),
    'input': {
      'range': [0, 255],
      'channels': 'RGB',
      'layout': 'NHWC',
      'type': options.io_type if precision == 'int8' else 'float32',
    },
    'calibration': calibrated_with.record() if calibrated_with else None,
    'quantisation': dataclasses.asdict(options.quantisation)
    if calibrated_with
    else None,
    'versions': workdir_lib.package_versions(),
  }


def _check_parity(name: str, precision: str, distance: parity.Parity) -> None:
  limit = _LARGEST_MEAN_RELATIVE.get(precision)
  if limit is not None and distance.mean_relative > limit:
    raise ValueError(
      f'{name}: the file differs from Keras by {distance.mean_relative:.2g} '
      f'(mean relative); rounding explains {limit:g} at most. A layer computes '
      'other values at inference: look for one that ignores training=False.'
    )


def _deploy(
  network: keras.Model, options: ExportOptions, output_upsampling: str | None
) -> keras.Model:
  return deployment.deployment_model(
    network,
    image_size=options.image_size,
    batch_size=1,
    output_upsampling=output_upsampling,
    output_unit=options.output_unit,
  )


def model_to_convert(
  network: keras.Model,
  options: ExportOptions,
  precision: str = 'fp32',
  keep_rounding: bool = False,
) -> keras.Model:
  """Builds the model that becomes a file: image in, depth out.

  Args:
    network: see `export`.
    options: size, unit, upsampling, whole_graph.
    precision: precision of the file; the graph of 'int8' differs.
    keep_rounding: see passes.Target.
  """
  return passes.rewrite_network(
    _deploy(network, options, _output_upsampling(network, options)),
    passes.Target(precision, options.whole_graph, keep_rounding),
  )


def _quantisation(
  network: keras.Model, options: ExportOptions
) -> quantisation_lib.Quantisation:
  # TFLite 2.5 has no int8 EXP, and int8 is too coarse after it.
  coded = depth_recoding.depth_code(network) != 'linear'
  if coded and options.quantisation.float_tail is None:
    return dataclasses.replace(options.quantisation, float_tail=0)
  return options.quantisation


def export(
  network: keras.Model,
  output_dir: str | pathlib.Path,
  options: ExportOptions,
  origin: dict | None = None,
  calibration_sample: calibration.ImageSample | None = None,
  parity_sample: calibration.ImageSample | None = None,
) -> list[exported_file.ExportedFile]:
  """Writes the .tflite files of a network.

  Args:
    network: functional, [B, h, w, 3] RGB 0..255 to [B, h', w', 1] metres.
      Neither its weights nor its statistics are changed.
    output_dir: folder for the files; created if missing.
    options: the choices.
    origin: entries for the metadata; see provenance.py.
    calibration_sample: images for 'int8' and 'int16x8'.
    parity_sample: images on which Keras and the file are compared; synthetic
      pictures if None.

  Returns:
    One ExportedFile per precision. `written` is False for those that the
    target runtime cannot run.

  Raises:
    ValueError: for options that do not fit, missing calibration images,
      weights or statistics that are not finite, or a file that does not agree
      with Keras, which is not written.
    RuntimeError: if TensorFlow cannot convert the network.
  """
  converter.check_choices(
    options.precisions, options.io_type, calibration_sample is not None
  )
  finite_check.check(network, f'The network {network.name}')
  parity_sample = parity_sample or calibration.synthetic_sample(
    options.image_size
  )

  rounds = quantisation_aware.rounds(network)
  if rounds and options.io_type != 'float32':
    raise ValueError(
      f'{network.name} was trained with rounding, but with float input and '
      f'output: its file cannot have {options.io_type} input and output. Drop '
      '--io_type.'
    )
  # The reference is the network as it was trained: not collapsed, not folded,
  # and with the plain form of its upsampling. Only rounding is left out.
  unrounded = collapse.collapse(network) if rounds else network
  keras_mm = parity.predict_with_keras_mm(
    _deploy(unrounded, options, options.output_upsampling),
    parity_sample.images,
    options.output_unit,
  )
  files = []
  for precision in options.precisions:
    learned = rounds and precision == 'int8'
    calibrated = precision in converter.CALIBRATED_PRECISIONS and not learned
    sample = calibration_sample if calibrated else None
    images = sample.images if sample else None
    unpacked, graph = _convert(network, options, precision, learned, images)
    passes.rewrite_file(unpacked, passes.Target(precision, options.whole_graph))
    description = _describe(network, options, precision, origin or {}, sample)
    path = pathlib.Path(output_dir) / f'{network.name}_{precision}.tflite'
    file, content = _check(
      path, unpacked, description, options, parity_sample, keras_mm
    )
    if file.written:
      _write(file, content)
      if graph and options.layer_errors:
        errors = layer_error.measure(graph, parity_sample.images)
        atomic.write_text(
          path.with_name(f'{path.stem}_layers.md'),
          layer_error.markdown(errors) + '\n',
        )
    files.append(file)
  return files


def _convert(network, options, precision, learned, images):
  """Returns the unpacked file, and the calibrated graph of an 'int8' file."""
  model = model_to_convert(
    network, options, 'fp32' if learned else precision, keep_rounding=learned
  )
  if learned:
    return flatbuffer.read_model(converter.convert_rounded(model)), None
  quantisation = _quantisation(network, options)
  if precision == 'int8':
    graph = converter.calibrate(model, images, quantisation, options.io_type)
    return converter.quantise(model, graph), graph
  content = converter.convert(model, precision, images, quantisation)
  return flatbuffer.read_model(content), None


def _check(path, unpacked, description, options, parity_sample, keras_mm):
  """Checks and compares one file; returns its figures and final bytes."""
  # The metadata records the comparison, so the graph is compared without it.
  graph = flatbuffer.write_model(unpacked)
  report = operators.check(graph, options.target_runtime)
  file_mm, delegated = parity.predict_with_file_mm(
    graph, parity_sample.images, description
  )
  distance = parity.compare_depth(file_mm, keras_mm)
  _check_parity(path.name, description['precision'], distance)
  metadata = {
    **description,
    'runtime_check': exported_file.check_record(report),
    'parity': {**distance.record(), 'data': parity_sample.record()},
  }
  file_passes.add_metadata(unpacked, metadata)
  content = flatbuffer.write_model(unpacked)
  file = exported_file.ExportedFile(
    path=path,
    precision=description['precision'],
    written=False,
    size_bytes=len(content),
    parameters=operators.count_parameters(graph),
    delegated=delegated,
    report=report,
    parity=distance,
    target_run=options.run_in_target and options.run_in_target(graph),
  )
  written = file.compatible or options.allow_incompatible
  return dataclasses.replace(file, written=written), content


def _write(file: exported_file.ExportedFile, content: bytes) -> None:
  text = json.dumps(file.record(), indent=2, sort_keys=True) + '\n'
  with atomic.atomic_path(file.path) as temporary:
    pathlib.Path(temporary).write_bytes(content)
  atomic.write_text(file.path.with_suffix('.json'), text)
