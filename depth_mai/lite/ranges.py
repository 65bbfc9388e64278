# SPDX-License-Identifier: Apache-2.0
"""Measures the ranges of activations, without TensorFlow's calibrator.

The calibrator of TensorFlow 2.21 reads an operator's inputs once more after the
operator has run. Where the memory planner let the operator write its output
over its input (ADD, MUL and other elementwise operators), it records the
output's range for the input (tensorflow/tensorflow issue 127842). One x1000
before the output is enough to give the tensor before it a step a thousand times
too large, and the file predicts a constant. Here every tensor keeps its own
memory while it is measured.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from depth_mai.lite import clipping
from depth_mai.lite import flatbuffer
from depth_mai.lite import histogram as histogram_lib
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter as interpreter_lib


def measure(
  content: bytes,
  images: Iterable[np.ndarray],
  calibration: str = 'minmax',
  percentile: float = 99.99,
) -> dict[int, clipping.Range]:
  """Runs a float model on images and chooses a range for each activation.

  Args:
    content: a float32 .tflite file's bytes, one input [1, H, W, 3].
    images: RGB, each [H, W, 3], 0..255.
    calibration: one of clipping.METHODS. The input, whose values are known
      beforehand, always keeps its whole range.
    percentile: for calibration='percentile'.

  Returns:
    (low, high) by tensor index; for 'minmax' the smallest and the largest
    value over all images.

  Raises:
    ValueError: if there is no image, or an activation is not finite.
  """
  indices = [
    tensor.index
    for tensor in graph.read_graph(content).main.tensors
    if tensor.type_name == 'FLOAT32' and not tensor.is_constant
  ]
  interpreter = open_transparent(content)
  input_index = interpreter.get_input_details()[0]['index']
  found: dict[int, clipping.Range] = {}
  histograms = {
    index: histogram_lib.Histogram()
    for index in indices
    if calibration != 'minmax' and index != input_index
  }
  for rgb in images:
    interpreter.set_tensor(input_index, np.asarray(rgb, np.float32)[np.newaxis])
    interpreter.invoke()
    for index in indices:
      values = interpreter.get_tensor(index)
      low, high = found.get(index, (np.inf, -np.inf))
      found[index] = (
        min(low, float(values.min())),
        max(high, float(values.max())),
      )
      if index in histograms:
        histograms[index].add(values)
  if not found:
    raise ValueError(
      'No calibration image was given. Check --calibration_count and the '
      'training split of --data_dir.'
    )
  chosen = {
    index: clipping.choose_range(histogram, calibration, percentile)
    for index, histogram in histograms.items()
  }
  return {**found, **chosen}


def open_transparent(content: bytes) -> Any:
  """Opens a file so that every tensor can be read after a run.

  Args:
    content: the file's bytes.

  Returns:
    An allocated interpreter without a delegate.
  """
  module = interpreter_lib.find_runtime().module
  interpreter = module.Interpreter(
    model_content=content,
    experimental_preserve_all_tensors=True,
    experimental_op_resolver_type=(
      module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    ),
  )
  interpreter.allocate_tensors()
  return interpreter


def store(
  model: flatbuffer.schema.ModelT, found: dict[int, clipping.Range]
) -> None:
  """Writes ranges into a float model, where the quantiser looks for them.

  Args:
    model: from flatbuffer.read_model, changed in place.
    found: from `measure`. An activation without an entry gets no range, and the
      quantiser leaves it in float if it can.
  """
  tensors = model.subgraphs[0].tensors
  for tensor in tensors:
    is_constant = flatbuffer.constant_size(model, tensor)
    if flatbuffer.type_name(tensor) == 'FLOAT32' and not is_constant:
      tensor.quantization = None
  for index, (low, high) in found.items():
    stored = flatbuffer.schema.QuantizationParametersT()
    stored.min = np.array([low], np.float32)
    stored.max = np.array([high], np.float32)
    tensors[index].quantization = stored
