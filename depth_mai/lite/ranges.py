# SPDX-License-Identifier: Apache-2.0
"""Ranges of activations, measured without TensorFlow's calibrator.

The calibrator of TensorFlow 2.21 reads an operator's inputs once more after the
operator has run. Where the memory planner let the operator write its output
over its input (ADD, MUL and other elementwise operators), it records the
output's range for the input (tensorflow/tensorflow issue 127842). One x1000
before the output is enough to give the tensor in front of it a step a thousand
times too large, and the file predicts a constant. Here every tensor keeps its
own memory while it is measured.
"""

from collections.abc import Iterable

import numpy as np

from depth_mai.lite import flatbuffer
from depth_mai.runtime import interpreter as interpreter_lib


def _activation_indices(model) -> list[int]:
  subgraph = model.subgraphs[0]
  return [
    index
    for index, tensor in enumerate(subgraph.tensors)
    if flatbuffer.type_name(tensor) == 'FLOAT32'
    and not flatbuffer.constant_size(model, tensor)
  ]


def measure(
  content: bytes, images: Iterable[np.ndarray]
) -> dict[int, tuple[float, float]]:
  """Runs a float model on images and notes where its activations lie.

  Args:
    content: a float32 .tflite file's bytes, one input [1, H, W, 3].
    images: RGB, each [H, W, 3], 0..255.

  Returns:
    (smallest, largest) value over all images, by tensor index.

  Raises:
    ValueError: if there is no image.
  """
  indices = _activation_indices(flatbuffer.read_model(content))
  module = interpreter_lib.find_runtime().module
  interpreter = module.Interpreter(
    model_content=content,
    experimental_preserve_all_tensors=True,
    experimental_op_resolver_type=(
      module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    ),
  )
  interpreter.allocate_tensors()
  input_index = interpreter.get_input_details()[0]['index']
  found = {}
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
  if not found:
    raise ValueError(
      'No calibration image was given. Check --calibration_count and the '
      'training split of --data_dir.'
    )
  return found


def store(content: bytes, found: dict[int, tuple[float, float]]) -> bytes:
  """Writes ranges into a float model, where the quantiser looks for them.

  Args:
    content: the model's bytes.
    found: from `measure`.

  Returns:
    The new model's bytes.
  """
  model = flatbuffer.read_model(content)
  for index, (low, high) in found.items():
    tensor = model.subgraphs[0].tensors[index]
    if tensor.quantization is None:
      tensor.quantization = flatbuffer.schema.QuantizationParametersT()
    tensor.quantization.min = np.array([low], np.float32)
    tensor.quantization.max = np.array([high], np.float32)
  return flatbuffer.write_model(model)
