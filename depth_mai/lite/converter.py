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
from tensorflow.lite.python import convert as tf_convert

from depth_mai.lite import ranges
from depth_mai.runtime import precision as precision_lib

PRECISIONS = precision_lib.PRECISIONS
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


def _check_arguments(model, precision, representative, int8_io):
  if precision not in PRECISIONS:
    raise ValueError(
      f'precision={precision!r} is not one of {PRECISIONS}. Change --precision.'
    )
  if precision in CALIBRATED_PRECISIONS and not representative:
    raise ValueError(
      f'precision={precision!r} needs calibration images. Give a data set with '
      '--data_dir, or leave this precision out of --precision.'
    )
  if int8_io and precision != 'int8':
    raise ValueError(
      f'int8 inputs and outputs were asked for with precision={precision!r}; '
      "only 'int8' has them. Drop --int8_io or change --precision."
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
    # Ranges of int8 files are measured apart; TensorFlow's only make the
    # converter prepare the graph.
    images = representative[:1] if precision == 'int8' else representative

    def batches():
      for rgb in images:
        yield [np.asarray(rgb, np.float32)[np.newaxis]]

    converter.representative_dataset = batches
    # There is no public name for "prepare, but do not quantise yet".
    converter._experimental_calibrate_only = precision == 'int8'
  return converter


def _quantise_int8(prepared: bytes, representative, int8_io: bool) -> bytes:
  """Quantises a prepared float graph with ranges measured by `ranges`."""
  found = ranges.measure(prepared, representative)
  io_type = tf.int8 if int8_io else tf.float32
  return tf_convert.mlir_quantize(
    ranges.store(prepared, found),
    input_data_type=io_type,
    output_data_type=io_type,
  )


def convert(
  model: keras.Model,
  precision: str,
  representative: Sequence[np.ndarray] | None = None,
  int8_io: bool = False,
) -> bytes:
  """Converts a deployment model.

  Args:
    model: functional, [1, H, W, 3] float32 0..255 to [1, H, W, 1].
    precision: 'fp32'; 'fp16' (weights stored in half precision, computed in
      float32); 'int8' (weights and activations); 'dynamic' (int8 weights,
      float activations); 'int16x8' (16-bit activations: slow, and calibrated
      by TensorFlow itself, whose ranges ranges.py tells of, so a model in
      metres keeps more of its accuracy than one in millimetres).
    representative: for 'int8' and 'int16x8', RGB images [H, W, 3], 0..255.
    int8_io: with 'int8', whether the file's input and output are int8 tensors
      instead of float32 ones.

  Returns:
    The .tflite file's bytes.

  Raises:
    ValueError: for an unknown precision, missing calibration images, or a
      model without fixed shape.
    RuntimeError: if TensorFlow refuses; holds the end of what it printed.
  """
  _check_arguments(model, precision, representative, int8_io)
  with _captured_output() as printed:
    try:
      with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        content = bytes(
          _make_converter(model, precision, representative).convert()
        )
        if precision == 'int8':
          content = _quantise_int8(content, representative, int8_io)
        return bytes(content)
    except Exception as error:
      raise RuntimeError(
        f'TensorFlow cannot convert {model.name!r} to {precision}: {error}\n'
        f'It printed last:\n{printed()[-2000:]}'
      ) from error
