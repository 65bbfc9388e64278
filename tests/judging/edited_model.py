# SPDX-License-Identifier: Apache-2.0
"""Edits a small .tflite file as objects."""

from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import numpy as np

from tests.runtime import tiny_model

SIZE = (24, 32)


def open_model(kernel=(20.0, 0.0, 0.0), bias=500.0) -> schema.ModelT:
  """Returns a network: depth = kernel . (R, G, B) + bias, 24 x 32 pixels.

  Its tensors are 0, the input; 1 and 2, kernel and bias; 3, the output.
  """
  content = tiny_model.float_model(SIZE, kernel, bias, metadata=None)
  return schema.ModelT.InitFromPackedBuf(bytearray(content), 0)


def add_tensor(
  model, graph, shape, values=None, type_=schema.TensorType.FLOAT32
) -> int:
  """Adds a tensor, constant if there are values; returns its index."""
  tensor = schema.TensorT()
  tensor.name, tensor.shape, tensor.type = 'added', list(shape), type_
  tensor.buffer = 0
  if values is not None:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(np.asarray(values).tobytes(), np.uint8)
    tensor.buffer = len(model.buffers)
    model.buffers.append(buffer)
  graph.tensors.append(tensor)
  return len(graph.tensors) - 1


def add_operator(
  model, graph, name, inputs, outputs, options=None, kind=0
) -> schema.OperatorT:
  """Appends an operator; its last output becomes the output of the graph."""
  code = schema.OperatorCodeT()
  code.builtinCode = getattr(schema.BuiltinOperator, name)
  code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
  model.operatorCodes.append(code)
  operator = schema.OperatorT()
  operator.opcodeIndex = len(model.operatorCodes) - 1
  operator.inputs, operator.outputs = list(inputs), list(outputs)
  operator.builtinOptions, operator.builtinOptionsType = options, kind
  graph.operators.append(operator)
  graph.outputs = [operator.outputs[-1]]
  return operator


def packed(model: schema.ModelT) -> bytes:
  """Returns the flatbuffer of a model."""
  builder = flatbuffers.Builder(1024)
  builder.Finish(model.Pack(builder), b'TFL3')
  return bytes(builder.Output())


def variant(
  layout='nhwc', input_range='0..255', unit='mm', input_type='float32'
) -> bytes:
  """Returns the network 20 R + 500, millimetres, with another interface.

  Args:
    layout: 'nhwc', or 'nchw' of input and output.
    input_range: of the input: '0..255', '0..1' or '-1..1'.
    unit: of the output, 'mm' or 'm'.
    input_type: 'float32', or 'uint8' with a scale.
  """
  # x of the range is (R - black) / step.
  step, black = {'0..255': (1, 0), '0..1': (255, 0), '-1..1': (127.5, 127.5)}[
    input_range
  ]
  scale = {'mm': 1.0, 'm': 1e-3}[unit]
  model = open_model(
    (20.0 * step * scale, 0.0, 0.0), (500.0 + 20.0 * black) * scale
  )
  graph = model.subgraphs[0]
  if input_type == 'uint8':
    _before(model, graph, 'DEQUANTIZE', (1, *SIZE, 3))
    tensor = graph.tensors[graph.inputs[0]]
    tensor.type = schema.TensorType.UINT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = [1.0 / step]
    tensor.quantization.zeroPoint = [round(black)]
  if layout == 'nchw':
    order = np.array([0, 2, 3, 1], np.int32)
    _before(model, graph, 'TRANSPOSE', (1, 3, *SIZE), order)
    given = add_tensor(model, graph, (1, 1, *SIZE))
    sizes = np.array([1, 1, *SIZE], np.int32)
    shape = add_tensor(model, graph, (4,), sizes, schema.TensorType.INT32)
    add_operator(model, graph, 'RESHAPE', [3, shape], [given])
  return packed(model)


def _before(model, graph, name, shape, values=None):
  """Prepends an operator; its input becomes the input of the graph."""
  old, outputs = graph.inputs[0], graph.outputs
  taken = add_tensor(model, graph, shape, type_=graph.tensors[old].type)
  graph.tensors[taken].quantization = graph.tensors[old].quantization
  inputs = [taken]
  if values is not None:
    kind = schema.TensorType.INT32
    inputs.append(add_tensor(model, graph, values.shape, values, kind))
  operator = add_operator(model, graph, name, inputs, [old])
  graph.operators.remove(operator)
  graph.operators.insert(0, operator)
  graph.inputs, graph.outputs = [taken], outputs
