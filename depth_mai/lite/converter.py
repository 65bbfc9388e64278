# SPDX-License-Identifier: Apache-2.0
"""Converts Keras models to .tflite bytes; calls TensorFlow's TFLiteConverter.

This is the only file that calls it. `from_keras_model` on a functional model
with a fixed batch of one is the only path that folds BatchNorm, freezes the
weights and calls the model with training=False. TFLITE_BUILTINS alone makes an
unsupported operator an error here instead of a missing Flex operator on the
device.

Around the call:

- Before it, passes.py rewrites the network into operators that cost less.
- 'fp32', 'fp16' and 'dynamic' files are the converter's own.
- For 'int8' and 'int16x8' the converter only prepares the float graph.
  ranges.py measures the activations, because the converter's calibrator gives
  some of them the range of another tensor: if a multiplication by 1000 follows
  a network in metres, the file predicts a constant. TensorFlow's quantiser,
  called in quantiser.py, then writes the file. Quantisation chooses the
  operators that stay in float.
- A network that was trained with rounding (quantisation_aware.py) contains its
  ranges. The converter reads them from the graph; nothing is measured.
- After it, passes.py shortens the file, and export.py adds the metadata.
"""

from collections.abc import Sequence
import contextlib
import os
import sys
import tempfile
import warnings

import keras
import numpy as np
import tensorflow as tf

from depth_mai.lite import flatbuffer
from depth_mai.lite import quantisation as quantisation_lib
from depth_mai.lite import quantiser
from depth_mai.lite import ranges
from depth_mai.runtime import metadata as metadata_lib

PRECISIONS = metadata_lib.PRECISIONS
CALIBRATED_PRECISIONS = ('int8', 'int16x8')

_OPERATOR_SETS = {
  'int8': tf.lite.OpsSet.TFLITE_BUILTINS_INT8,
  'int16x8': (
    tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
  ),
}


@contextlib.contextmanager
def _captured_output():
  """Redirects the output of Python and C++ to a file; yields its reader.

  The converter prints the model's signature and its own progress even with
  verbose off.
  """
  sys.stdout.flush()
  sys.stderr.flush()
  with tempfile.TemporaryFile() as sink, contextlib.ExitStack() as stack:
    for descriptor in (1, 2):
      original = os.dup(descriptor)
      stack.callback(os.close, original)
      stack.callback(os.dup2, original, descriptor)
      os.dup2(sink.fileno(), descriptor)
    text = stack.enter_context(
      open(os.dup(sink.fileno()), 'w', encoding='utf-8', errors='replace')
    )
    stack.enter_context(contextlib.redirect_stdout(text))
    stack.enter_context(contextlib.redirect_stderr(text))

    def read() -> str:
      text.flush()
      sink.seek(0)
      return sink.read().decode('utf-8', 'replace')

    yield read


def check_choices(
  precisions: Sequence[str], io_type: str, has_images: bool = True
) -> None:
  """Checks the choices of a conversion.

  Args:
    precisions: the precisions of the files.
    io_type: type of the 'int8' file's input and output.
    has_images: whether there are calibration images.

  Raises:
    ValueError: for an unknown precision or type, a type that no file will have,
      or missing calibration images.
  """
  if not precisions or not set(precisions) <= set(PRECISIONS):
    raise ValueError(
      f'precisions={list(precisions)} must be among {PRECISIONS}. Change '
      '--precision.'
    )
  if io_type not in metadata_lib.IO_TYPES:
    raise ValueError(
      f'io_type={io_type!r} is not one of {metadata_lib.IO_TYPES}. Change '
      '--io_type.'
    )
  if io_type != 'float32' and 'int8' not in precisions:
    raise ValueError(
      f"--io_type={io_type} applies to 'int8' only, which is not among the "
      f'precisions {list(precisions)}. Drop it or change --precision.'
    )
  if not has_images and not set(precisions).isdisjoint(CALIBRATED_PRECISIONS):
    raise ValueError(
      f'precisions={list(precisions)} need calibration images. Give a data set '
      'with --data_dir, or remove int8 and int16x8 from --precision.'
    )


def _check_shape(model: flatbuffer.schema.ModelT) -> None:
  shape = model.input_shape
  if len(shape) != 4 or any(side is None for side in shape) or shape[0] != 1:
    raise ValueError(
      f'The model to convert takes {shape}; a TFLite file needs a fixed shape '
      '(1, height, width, 3). Build it with '
      'deployment_model(network, batch_size=1).'
    )


@contextlib.contextmanager
def _quiet_tensorflow(model, precision):
  """Silences TensorFlow; its errors then end with its last output."""
  with _captured_output() as printed, warnings.catch_warnings():
    warnings.simplefilter('ignore')
    try:
      yield
    except Exception as error:
      raise RuntimeError(
        f'TensorFlow cannot convert {model.name!r} to {precision}: {error}\n'
        f'It printed last:\n{printed()[-2000:]}'
      ) from error


def _call_converter(
  model: keras.Model,
  *,
  optimise: bool,
  representative: Sequence[np.ndarray] | None = None,
  operators: tf.lite.OpsSet = tf.lite.OpsSet.TFLITE_BUILTINS,
  types: Sequence[tf.DType] = (),
) -> bytes:
  """Calls the TFLiteConverter.

  Args:
    model: functional, of a fixed shape.
    optimise: whether weights may be stored in fewer bits.
    representative: RGB images if the result is to be quantised later.
    operators: the operators to use.
    types: allowed types of stored weights.
  """
  converter = tf.lite.TFLiteConverter.from_keras_model(model)
  converter.target_spec.supported_ops = [operators]
  converter.target_spec.supported_types = list(types)
  if optimise:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  if representative:
    # TensorFlow's ranges only make the converter prepare the graph.
    def batches():
      yield [np.asarray(representative[0], np.float32)[np.newaxis]]

    converter.representative_dataset = batches
    # There is no public name for "prepare, but do not quantise yet".
    converter._experimental_calibrate_only = True
  return bytes(converter.convert())


def convert(
  model: keras.Model,
  precision: str,
  representative: Sequence[np.ndarray] | None = None,
  quantisation: quantisation_lib.Quantisation | None = None,
  io_type: str = 'float32',
) -> bytes:
  """Converts a deployment model.

  Args:
    model: functional, [1, H, W, 3] float32 0..255 to [1, H, W, 1].
    precision: 'fp32'; 'fp16' (weights stored in half precision, computed in
      float32); 'int8' (weights and activations); 'dynamic' (int8 weights,
      float activations); 'int16x8' (16-bit activations: slow, and operators
      without an int16 version stay in float; shows how much of the loss is due
      to activations).
    representative: for 'int8' and 'int16x8', RGB images [H, W, 3], 0..255.
    quantisation: for those two; Quantisation() if None.
    io_type: type of the 'int8' file's input and output: 'float32', 'int8' or
      'uint8'.

  Returns:
    The .tflite file's bytes.

  Raises:
    ValueError: for an unknown precision, missing calibration images, or a
      model without fixed shape.
    RuntimeError: if TensorFlow refuses; contains the end of its output.
  """
  quantisation = quantisation or quantisation_lib.Quantisation()
  representative = representative or ()
  check_choices([precision], io_type, bool(representative))
  _check_shape(model)
  if precision == 'int8':
    graph = calibrate(model, representative, quantisation, io_type)
    return flatbuffer.write_model(quantise(model, graph))
  if precision == 'int16x8':
    content = prepare(model, precision, representative)
    found = _measure(content, representative, quantisation)
    with _quiet_tensorflow(model, precision):
      return quantiser.quantise_int16x8(content, found)
  with _quiet_tensorflow(model, precision):
    return _call_converter(
      model,
      optimise=precision != 'fp32',
      types=[tf.float16] if precision == 'fp16' else [],
    )


def convert_rounded(model: keras.Model) -> bytes:
  """Converts a model to 'int8' with the ranges that it was trained with.

  TensorFlow quantises the operators between two roundings. Those without one
  after them, such as the decoding of the depth, its unit and its upsampling,
  stay in float.

  Args:
    model: functional, of a fixed shape, with rounded activations and plain
      kernels; see collapse.collapse(network, keep_rounding=True).

  Returns:
    The .tflite file's bytes, with float32 input and output.

  Raises:
    RuntimeError: if TensorFlow refuses; contains the end of its output.
  """
  with _quiet_tensorflow(model, 'int8'):
    return _call_converter(model, optimise=True)


def prepare(
  model: keras.Model, precision: str, representative: Sequence[np.ndarray]
) -> bytes:
  """Makes the float graph that becomes an integer file.

  Args:
    model: see `convert`.
    precision: one of CALIBRATED_PRECISIONS.
    representative: RGB images [H, W, 3], 0..255, of which one is used.

  Returns:
    The graph's bytes: a .tflite file in which BatchNorm is folded and the
    operators are those of the integer file.

  Raises:
    RuntimeError: if TensorFlow refuses; contains the end of its output.
  """
  with _quiet_tensorflow(model, precision):
    return _call_converter(
      model,
      optimise=True,
      representative=representative,
      operators=_OPERATOR_SETS[precision],
    )


def calibrate(
  model: keras.Model,
  representative: Sequence[np.ndarray],
  quantisation: quantisation_lib.Quantisation,
  io_type: str = 'float32',
) -> quantiser.CalibratedGraph:
  """Prepares and calibrates the graph of an 'int8' file.

  Args:
    model: see `convert`.
    representative: RGB images [H, W, 3], 0..255.
    quantisation: ranges and float parts.
    io_type: type of the file's input and output.

  Returns:
    The graph, for `quantise` and layer_error.measure.

  Raises:
    ValueError: see `convert`; or if a layer that should stay in float does not
      exist.
    RuntimeError: if TensorFlow refuses; contains the end of its output.
  """
  check_choices(['int8'], io_type, bool(representative))
  _check_shape(model)
  prepared = prepare(model, 'int8', representative)
  found = _measure(prepared, representative, quantisation)
  return quantiser.mark(prepared, found, quantisation, io_type)


def _measure(prepared, representative, quantisation):
  return ranges.measure(
    prepared,
    representative,
    quantisation.calibration,
    quantisation.percentile,
  )


def quantise(
  model: keras.Model, graph: quantiser.CalibratedGraph
) -> flatbuffer.schema.ModelT:
  """Quantises a calibrated graph to an 'int8' file.

  Args:
    model: the model of the file; errors name it.
    graph: from `calibrate`.

  Returns:
    The unpacked .tflite file.

  Raises:
    RuntimeError: if TensorFlow refuses; contains the end of its output.
  """
  with _quiet_tensorflow(model, 'int8'):
    return quantiser.quantise_int8(graph)
