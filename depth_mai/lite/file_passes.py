# SPDX-License-Identifier: Apache-2.0
"""Shrinks converted files, keeps them in one piece and adds metadata.

All functions change a model that flatbuffer.read_model has unpacked in place.
"""

from collections.abc import Sequence
import copy
import json

import numpy as np

from depth_mai.lite import flatbuffer

# The device reads it in depth_mai/runtime/model_file.py; runtimes ignore it.
METADATA_NAME = 'depth_mai'

_CONVERTER_NOTES = 'CONVERSION_METADATA'
# Versions of the float DEPTHWISE_CONV_2D that every runtime has.
_FLOAT_VERSION = 1
_DILATED_VERSION = 2


def float_depthwise(model: flatbuffer.schema.ModelT) -> None:
  """Stores the kernels of a dynamic-range file's depthwise layers in float.

  XNNPACK runs convolutions with float activations and int8 weights, but not
  depthwise ones, which split the graph. Their kernels are a small part of the
  weights: in float they enlarge the file a little, and the graph stays in one
  piece. Their values stay those of the int8 weights.

  Args:
    model: Depthwise convolutions with int8 activations stay as they are.
  """
  for subgraph in model.subgraphs:
    for operator in subgraph.operators:
      if flatbuffer.operator_name(model, operator) != 'DEPTHWISE_CONV_2D':
        continue
      data, kernel = (subgraph.tensors[i] for i in operator.inputs[:2])
      if (data.type, kernel.type) == (
        flatbuffer.schema.TensorType.FLOAT32,
        flatbuffer.schema.TensorType.INT8,
      ):
        _to_float(model, kernel)
        operator.opcodeIndex = _float_code(model, operator)


def _to_float(
  model: flatbuffer.schema.ModelT, kernel: flatbuffer.schema.TensorT
) -> None:
  """Replaces a constant [1, h, w, c] of int8, scaled for each channel."""
  stored = np.asarray(model.buffers[kernel.buffer].data, np.uint8)
  values = stored.view(np.int8).reshape(kernel.shape).astype(np.float32)
  values *= np.asarray(kernel.quantization.scale, np.float32)
  kernel.buffer = _add_buffer(model, values.tobytes())
  kernel.type = flatbuffer.schema.TensorType.FLOAT32
  kernel.quantization = None


def _float_code(
  model: flatbuffer.schema.ModelT, operator: flatbuffer.schema.OperatorT
) -> int:
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


def _add_buffer(model: flatbuffer.schema.ModelT, data: bytes) -> int:
  """Appends a buffer; returns its index."""
  buffer = flatbuffer.schema.BufferT()
  buffer.data = np.frombuffer(data, np.uint8)
  model.buffers.append(buffer)
  return len(model.buffers) - 1


def slim(model: flatbuffer.schema.ModelT) -> None:
  """Shortens tensor names and drops data that no runtime reads.

  The converter names every tensor after all operators fused into it, each with
  the path of its layer, and gives every activation an empty buffer and an empty
  quantisation. In a network of 1.5 MB that is 2 %. The graph stays as it is.
  TFLite 2.5.0 for 32-bit ARM crashes on the signature that today's converter
  writes, which names the only input and output; it is dropped as well.

  Args:
    model: Its activations are then named after their layers, with `:2` and so
      on where a layer has several; its constants have no names.
  """
  # Drops the converter's notes, but not the oldest runtime that it declares.
  model.metadata = [
    entry
    for entry in model.metadata or []
    if flatbuffer.text(entry.name) != _CONVERTER_NOTES
  ]
  model.signatureDefs = None
  for subgraph in model.subgraphs:
    _shorten_names(model, subgraph.tensors)
    for tensor in subgraph.tensors:
      if _is_empty(tensor.quantization):
        tensor.quantization = None
  _drop_empty_buffers(model)


def _shorten_names(
  model: flatbuffer.schema.ModelT, tensors: Sequence[flatbuffer.schema.TensorT]
) -> None:
  used: dict[str, int] = {}
  for tensor in tensors:
    if flatbuffer.constant_size(model, tensor):
      tensor.name = None
      continue
    name = flatbuffer.layer_name(flatbuffer.tensor_name(tensor))
    used[name] = used.get(name, 0) + 1
    tensor.name = name if used[name] == 1 else f'{name}:{used[name]}'


def _is_empty(
  quantization: flatbuffer.schema.QuantizationParametersT | None,
) -> bool:
  return quantization is None or all(
    value is None or not len(value)
    for value in (
      quantization.scale,
      quantization.zeroPoint,
      quantization.min,
      quantization.max,
    )
  )


def _drop_empty_buffers(model: flatbuffer.schema.ModelT) -> None:
  """Makes tensors without data share buffer 0, which the schema keeps empty.

  Buffers that nothing refers to any more are dropped as well.
  """
  tensors = [t for subgraph in model.subgraphs for t in subgraph.tensors]
  owners = [*tensors, *model.metadata]
  used = {owner.buffer for owner in owners}
  buffers = [model.buffers[0]]
  numbers = {0: 0}
  for number, buffer in enumerate(model.buffers[1:], start=1):
    if number not in used or buffer.data is None or not len(buffer.data):
      numbers[number] = 0
      continue
    numbers[number] = len(buffers)
    buffers.append(buffer)
  model.buffers = buffers
  for owner in owners:
    owner.buffer = numbers[owner.buffer]


def add_metadata(model: flatbuffer.schema.ModelT, metadata: dict) -> None:
  """Adds a JSON document, such as the origin of the model.

  Args:
    model: It must not contain this metadata yet. Its graph and its other
      metadata stay as they are.
    metadata: anything json.dumps takes; `output_unit` ('mm' or 'm') tells
      the runtime how to read the output.

  Raises:
    ValueError: if `metadata` cannot be written as JSON, or the file contains
      metadata already.
  """
  model.metadata = list(model.metadata or [])
  names = [flatbuffer.text(entry.name) for entry in model.metadata]
  if METADATA_NAME in names:
    raise ValueError(
      f'The file has {METADATA_NAME!r} metadata already. Add it once, to the '
      'file as the TFLiteConverter made it.'
    )
  try:
    text = json.dumps(metadata, sort_keys=True, allow_nan=False)
  except (TypeError, ValueError) as error:
    raise ValueError(f'The metadata is not JSON: {error}') from error
  entry = flatbuffer.schema.MetadataT()
  entry.name = METADATA_NAME
  entry.buffer = _add_buffer(model, text.encode('utf-8'))
  model.metadata.append(entry)
