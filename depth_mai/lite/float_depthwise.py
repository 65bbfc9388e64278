# SPDX-License-Identifier: Apache-2.0
"""Depthwise kernels of a dynamic-range file, back in float.

XNNPACK takes convolutions of float activations with int8 weights, but not
depthwise ones: each cuts the graph. Their kernels are a small part of the
weights. In float they cost some of the file's size and leave the graph whole;
their values stay those of the int8 weights.
"""

import copy

import numpy as np

from depth_mai.lite import flatbuffer

_SCHEMA = flatbuffer.schema
# The release of DEPTHWISE_CONV_2D that every runtime has, in float.
_FLOAT_VERSION = 1
_DILATED_VERSION = 2


def float_depthwise(content: bytes) -> bytes:
  """Stores the kernels of depthwise convolutions on float data in float.

  Args:
    content: a .tflite file's bytes; depthwise convolutions of int8 data stay
      as they are.

  Returns:
    The new file's bytes.
  """
  model = flatbuffer.read_model(content)
  for subgraph in model.subgraphs:
    for operator in subgraph.operators:
      if flatbuffer.operator_name(model, operator) != 'DEPTHWISE_CONV_2D':
        continue
      data, kernel = (subgraph.tensors[i] for i in operator.inputs[:2])
      if (data.type, kernel.type) == (
        _SCHEMA.TensorType.FLOAT32,
        _SCHEMA.TensorType.INT8,
      ):
        _to_float(model, kernel)
        operator.opcodeIndex = _float_code(model, operator)
  return flatbuffer.write_model(model)


def _to_float(model, kernel) -> None:
  """Replaces a constant [1, h, w, c] of int8, scaled by channel."""
  stored = np.asarray(model.buffers[kernel.buffer].data, np.uint8)
  values = stored.view(np.int8).reshape(kernel.shape).astype(np.float32)
  values *= np.asarray(kernel.quantization.scale, np.float32)
  buffer = _SCHEMA.BufferT()
  buffer.data = np.frombuffer(values.tobytes(), np.uint8)
  model.buffers.append(buffer)
  kernel.buffer = len(model.buffers) - 1
  kernel.type = _SCHEMA.TensorType.FLOAT32
  kernel.quantization = None


def _float_code(model, operator) -> int:
  """Returns the index of an operator code of the float kernel."""
  options = operator.builtinOptions
  dilated = max(options.dilationHFactor, options.dilationWFactor) > 1
  code = copy.deepcopy(model.operatorCodes[operator.opcodeIndex])
  code.version = _DILATED_VERSION if dilated else _FLOAT_VERSION
  for index, known in enumerate(model.operatorCodes):
    if (known.builtinCode, known.version) == (code.builtinCode, code.version):
      return index
  model.operatorCodes.append(code)
  return len(model.operatorCodes) - 1
