# SPDX-License-Identifier: Apache-2.0
"""Keras model in, .tflite bytes out: one call, five precisions.

`from_keras_model` on a functional model with a fixed batch of one is the only
path that folds BatchNorm, freezes the weights and calls the model with
training=False. TFLITE_BUILTINS alone makes an unsupported operator an error
here instead of a missing Flex operator on the device.
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

from depth_mai.lite import learned_ranges
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
  """Sends what Python and C++ print to a file; yields a reader of it.

  The converter prints the model's signature and its own progress even when
  asked to be quiet.
  """
  sys.stdout.flush()
  sys.stderr.flush()
  with tempfile.TemporaryFile() as sink, contextlib.ExitStack() as stack:
    for descriptor in (1, 2):
      kept = os.dup(descriptor)
      stack.callback(os.close, kept)
      stack.callback(os.dup2, kept, descriptor)
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


def _check_arguments(model, precision, representative, io_type):
  if precision not in PRECISIONS:
    raise ValueError(
      f'precision={precision!r} is not one of {PRECISIONS}. Change --precision.'
    )
  if precision in CALIBRATED_PRECISIONS and not representative:
    raise ValueError(
      f'precision={precision!r} needs calibration images. Give a data set with '
      '--data_dir, or leave this precision out of --precision.'
    )
  if io_type not in quantiser.IO_TYPES:
    raise ValueError(
      f'io_type={io_type!r} is not one of {quantiser.IO_TYPES}. Change '
      '--io_type.'
    )
  if io_type != 'float32' and precision != 'int8':
    raise ValueError(
      f'{io_type} inputs and outputs were asked for with '
      f"precision={precision!r}; only 'int8' has them. Drop --io_type or "
      'change --precision.'
    )
  shape = model.input_shape
  if len(shape) != 4 or any(side is None for side in shape) or shape[0] != 1:
    raise ValueError(
      f'The model to convert takes {shape}; a TFLite file needs a fixed shape '
      '(1, height, width, 3). Build it with '
      'deployment_model(network, batch_size=1).'
    )


def _make_converter(model, precision, representative):
  """Returns TensorFlow's converter, set up for a precision."""
  converter = tf.lite.TFLiteConverter.from_keras_model(model)
  converter.target_spec.supported_ops = [
    _OPERATOR_SETS.get(precision, tf.lite.OpsSet.TFLITE_BUILTINS)
  ]
  if precision != 'fp32':
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  if precision == 'fp16':
    converter.target_spec.supported_types = [tf.float16]
  if precision in CALIBRATED_PRECISIONS:
    # TensorFlow's ranges only make the converter prepare the graph.
    def batches():
      for rgb in representative[:1]:
        yield [np.asarray(rgb, np.float32)[np.newaxis]]

    converter.representative_dataset = batches
    # There is no public name for "prepare, but do not quantise yet".
    converter._experimental_calibrate_only = True
  return converter


@contextlib.contextmanager
def _told(model, precision):
  """Keeps TensorFlow quiet; its errors end with what it had printed."""
  with _captured_output() as printed, warnings.catch_warnings():
    warnings.simplefilter('ignore')
    try:
      yield
    except Exception as error:
      raise RuntimeError(
        f'TensorFlow cannot convert {model.name!r} to {precision}: {error}\n'
        f'It printed last:\n{printed()[-2000:]}'
      ) from error


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
      float activations); 'int16x8' (16-bit activations: slow, and what it
      does not know stays in float; tells how much of the loss is due to
      activations).
    representative: for 'int8' and 'int16x8', RGB images [H, W, 3], 0..255.
    quantisation: for those two; the plain one if None.
    io_type: of the 'int8' file's input and output: 'float32', 'int8' or
      'uint8'.

  Returns:
    The .tflite file's bytes.

  Raises:
    ValueError: for an unknown precision, missing calibration images, or a
      model without fixed shape.
    RuntimeError: if TensorFlow refuses; holds the end of what it printed.
  """
  quantisation = quantisation or quantisation_lib.Quantisation()
  _check_arguments(model, precision, representative, io_type)
  if precision == 'int8':
    graph = calibrate(model, representative, quantisation, io_type)
    return quantise(model, graph)
  if precision == 'int16x8':
    content = prepare(model, precision, representative)
    found = _measure(content, representative, quantisation)
    with _told(model, precision):
      return quantiser.quantise_int16x8(content, found)
  with _told(model, precision):
    return bytes(_make_converter(model, precision, None).convert())


def convert_rounded(model: keras.Model) -> bytes:
  """Converts a model to 'int8' with the ranges that it was trained with.

  Args:
    model: as learned_ranges.convert takes it.

  Returns:
    The .tflite file's bytes; float32 in and out.

  Raises:
    RuntimeError: if TensorFlow refuses; holds the end of what it printed.
  """
  with _told(model, 'int8'):
    return learned_ranges.convert(model)


def prepare(
  model: keras.Model, precision: str, representative: Sequence[np.ndarray]
) -> bytes:
  """Makes the float graph that an integer file begins with.

  Args:
    model: as `convert` takes it.
    precision: one of CALIBRATED_PRECISIONS.
    representative: RGB images [H, W, 3], 0..255, of which one is used.

  Returns:
    The graph's bytes: a .tflite file in which BatchNorm is folded and the
    operators are those of the integer file.

  Raises:
    RuntimeError: if TensorFlow refuses; holds the end of what it printed.
  """
  with _told(model, precision):
    return bytes(_make_converter(model, precision, representative).convert())


def calibrate(
  model: keras.Model,
  representative: Sequence[np.ndarray],
  quantisation: quantisation_lib.Quantisation,
  io_type: str = 'float32',
) -> quantiser.CalibratedGraph:
  """Does the first part of an 'int8' conversion.

  Args:
    model: as `convert` takes it.
    representative: RGB images [H, W, 3], 0..255.
    quantisation: ranges and float parts.
    io_type: of the file's input and output.

  Returns:
    What `quantise` makes the file of, and layer_error.py the table.

  Raises:
    ValueError: as `convert`; or if a layer that shall stay in float is not
      there.
    RuntimeError: if TensorFlow refuses; holds the end of what it printed.
  """
  _check_arguments(model, 'int8', representative, io_type)
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


def quantise(model: keras.Model, graph: quantiser.CalibratedGraph) -> bytes:
  """Does the second part of an 'int8' conversion.

  Args:
    model: whose file it is; named in errors.
    graph: from `calibrate`.

  Returns:
    The .tflite file's bytes.

  Raises:
    RuntimeError: if TensorFlow refuses; holds the end of what it printed.
  """
  with _told(model, 'int8'):
    return quantiser.quantise_int8(graph)
