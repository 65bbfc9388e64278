# SPDX-License-Identifier: Apache-2.0
"""Builds tiny .tflite depth models by hand, without TensorFlow.

The model is one 1x1 convolution, depth = kernel . (R, G, B) + bias, so a test
knows the right result. It is built with the schema's own classes, and so
depends neither on the converter nor on the runtime.
"""

import json

from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import numpy as np

# Metadata of a file that takes 0..255 and gives millimetres.
MILLIMETRES = {'output_unit': 'mm'}

_TYPES = {
  'float32': schema.TensorType.FLOAT32,
  'int8': schema.TensorType.INT8,
  'uint8': schema.TensorType.UINT8,
  'int32': schema.TensorType.INT32,
}


class _Graph:
  """Collects tensors, buffers and operators."""

  def __init__(self):
    self.tensors, self.buffers = [], [schema.BufferT()]
    self.operators, self.codes = [], []

  def tensor(self, name, shape, dtype, values=None, scale=None, zero_point=0):
    """Adds a tensor, constant if values are given; returns its index."""
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, list(shape), _TYPES[dtype]
    tensor.buffer = 0
    if values is not None:
      buffer = schema.BufferT()
      buffer.data = np.frombuffer(
        np.ascontiguousarray(values, dtype).tobytes(), np.uint8
      )
      tensor.buffer = len(self.buffers)
      self.buffers.append(buffer)
    if scale is not None:
      tensor.quantization = schema.QuantizationParametersT()
      tensor.quantization.scale = [scale]
      tensor.quantization.zeroPoint = [zero_point]
    self.tensors.append(tensor)
    return len(self.tensors) - 1

  def operator(self, builtin, version, inputs, outputs, options, options_type):
    """Adds an operator of its own operator code."""
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = version
    self.codes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(self.codes) - 1
    operator.inputs, operator.outputs = inputs, outputs
    operator.builtinOptions, operator.builtinOptionsType = options, options_type
    self.operators.append(operator)

  def pack(self, inputs, outputs, metadata):
    """Returns the flatbuffer; metadata: dict from name to bytes."""
    subgraph = schema.SubGraphT()
    subgraph.tensors, subgraph.operators = self.tensors, self.operators
    subgraph.inputs, subgraph.outputs = inputs, outputs
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes, model.subgraphs = self.codes, [subgraph]
    model.metadata = []
    for name, content in metadata.items():
      buffer = schema.BufferT()
      buffer.data = np.frombuffer(content, np.uint8)
      entry = schema.MetadataT()
      entry.name, entry.buffer = name, len(self.buffers)
      model.metadata.append(entry)
      self.buffers.append(buffer)
    model.buffers = self.buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b'TFL3')
    return bytes(builder.Output())


def _convolution(graph, version, inputs, output):
  options = schema.Conv2DOptionsT()
  options.padding = schema.Padding.SAME
  options.strideH = options.strideW = 1
  graph.operator(
    schema.BuiltinOperator.CONV_2D,
    version,
    inputs,
    [output],
    options,
    schema.BuiltinOptions.Conv2DOptions,
  )


def float_model(
  size=(6, 8),
  kernel=(1.0, 0.0, 0.0),
  bias=0.0,
  outputs=1,
  metadata=MILLIMETRES,
  other_metadata=None,
  version=1,
):
  """Returns a float32 model [1, H, W, 3] -> [1, H, W, outputs].

  Args:
    size: (height, width).
    kernel: weights of R, G and B, the same for every output channel.
    bias: added to every output.
    outputs: number of output channels; a depth model has 1.
    metadata: a dict (as JSON) or bytes to store under 'depth_mai'; None for
      none.
    other_metadata: dict from names of other buffers to bytes.
    version: version of the operator CONV_2D.
  """
  graph, (height, width) = _Graph(), size
  image = graph.tensor('image', (1, height, width, 3), 'float32')
  weights = graph.tensor(
    'kernel', (outputs, 1, 1, 3), 'float32', [kernel] * outputs
  )
  offset = graph.tensor('bias', (outputs,), 'float32', [bias] * outputs)
  depth = graph.tensor('depth', (1, height, width, outputs), 'float32')
  _convolution(graph, version, [image, weights, offset], depth)
  return graph.pack([image], [depth], _metadata(metadata, other_metadata))


def quantised_model(
  dtype, size, input_scale, input_zero_point, output_scale, output_zero_point
):
  """Returns an int8 or uint8 model whose depth is 2 * R + 1 * B (metadata: m).

  Args:
    dtype: 'int8' or 'uint8', of input, weights and output.
    size: (height, width).
    input_scale: real value of one step of the input.
    input_zero_point: input number that stands for 0.
    output_scale: real value of one step of the output, metres.
    output_zero_point: output number that stands for 0.
  """
  graph, (height, width) = _Graph(), size
  weight_zero_point = 128 if dtype == 'uint8' else 0
  weights = np.array([2, 0, 1]) + weight_zero_point
  image = graph.tensor(
    'image',
    (1, height, width, 3),
    dtype,
    scale=input_scale,
    zero_point=input_zero_point,
  )
  kernel = graph.tensor(
    'kernel', (1, 1, 1, 3), dtype, weights, 1.0, weight_zero_point
  )
  bias = graph.tensor('bias', (1,), 'int32', [0], input_scale)
  depth = graph.tensor(
    'depth',
    (1, height, width, 1),
    dtype,
    scale=output_scale,
    zero_point=output_zero_point,
  )
  version = 3 if dtype == 'int8' else 1
  _convolution(graph, version, [image, kernel, bias], depth)
  return graph.pack([image], [depth], _metadata({'output_unit': 'm'}, None))


def split_model(size=(8, 8)):
  """Returns a convolution, a nearest resize to twice the size, a convolution.

  XNNPACK does not take the nearest resize, so it takes the graph in two pieces.
  """
  graph, (height, width) = _Graph(), size
  image = graph.tensor('image', (1, height, width, 3), 'float32')
  same = graph.tensor('same', (3, 1, 1, 3), 'float32', np.eye(3))
  zeros = graph.tensor('zeros', (3,), 'float32', np.zeros(3))
  features = graph.tensor('features', (1, height, width, 3), 'float32')
  _convolution(graph, 1, [image, same, zeros], features)
  large = (1, 2 * height, 2 * width)
  larger = graph.tensor('size', (2,), 'int32', large[1:])
  grown = graph.tensor('grown', (*large, 3), 'float32')
  graph.operator(
    schema.BuiltinOperator.RESIZE_NEAREST_NEIGHBOR,
    1,
    [features, larger],
    [grown],
    schema.ResizeNearestNeighborOptionsT(),
    schema.BuiltinOptions.ResizeNearestNeighborOptions,
  )
  kernel = graph.tensor('kernel', (1, 1, 1, 3), 'float32', [1.0, 1.0, 1.0])
  bias = graph.tensor('bias', (1,), 'float32', [0.0])
  depth = graph.tensor('depth', (*large, 1), 'float32')
  _convolution(graph, 1, [grown, kernel, bias], depth)
  return graph.pack([image], [depth], _metadata(MILLIMETRES, None))


def _metadata(ours, others):
  metadata = dict(others or {})
  if ours is not None:
    metadata['depth_mai'] = (
      ours if isinstance(ours, bytes) else json.dumps(ours).encode()
    )
  return metadata
