# SPDX-License-Identifier: Apache-2.0
"""Builds .tflite depth models of other projects by hand: no metadata.

The depth is factor * mean(R, G, B) + offset of the values that the file takes,
in any layout, type and shape, so a test knows the right result.
"""

from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import numpy as np

_TYPES = {
  'float32': schema.TensorType.FLOAT32,
  'float16': schema.TensorType.FLOAT16,
  'uint8': schema.TensorType.UINT8,
  'int8': schema.TensorType.INT8,
  'int32': schema.TensorType.INT32,
}


class _Graph:
  """Collects tensors, buffers and operators."""

  def __init__(self):
    self.model = schema.ModelT()
    self.model.version, self.model.operatorCodes = 3, []
    self.model.buffers = [schema.BufferT()]
    self.graph = schema.SubGraphT()
    self.graph.tensors, self.graph.operators = [], []
    self.model.subgraphs = [self.graph]

  def tensor(self, name, shape, dtype='float32', values=None, scale=None):
    """Adds a tensor; -1 in the shape is an open size; returns its index."""
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.buffer = name, _TYPES[dtype], 0
    tensor.shape = [1 if size < 0 else size for size in shape]
    if min(shape, default=0) < 0:
      tensor.shapeSignature = list(shape)
    if values is not None:
      buffer = schema.BufferT()
      raw = np.ascontiguousarray(values, dtype).tobytes()
      buffer.data = np.frombuffer(raw, np.uint8)
      tensor.buffer = len(self.model.buffers)
      self.model.buffers.append(buffer)
    if scale is not None:
      tensor.quantization = schema.QuantizationParametersT()
      tensor.quantization.scale = [scale[0]]
      tensor.quantization.zeroPoint = [scale[1]]
    self.graph.tensors.append(tensor)
    return len(self.graph.tensors) - 1

  def operator(self, name, inputs, output, options=None, kind=0):
    """Adds an operator with one output."""
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
    self.model.operatorCodes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(self.model.operatorCodes) - 1
    operator.inputs, operator.outputs = inputs, [output]
    operator.builtinOptions, operator.builtinOptionsType = options, kind
    self.graph.operators.append(operator)

  def pack(self, inputs, outputs):
    """Returns the flatbuffer."""
    self.graph.inputs, self.graph.outputs = inputs, outputs
    builder = flatbuffers.Builder(1024)
    builder.Finish(self.model.Pack(builder), b'TFL3')
    return bytes(builder.Output())


def mean(
  shape=(1, 6, 8, 3),
  factor=1.0,
  offset=0.0,
  dtype='float32',
  scale=None,
  flat=False,
  half=None,
  inverse=False,
) -> bytes:
  """Returns a file of the depth factor * mean + offset.

  Args:
    shape: of the input; -1 is an open size; nchw if only the second is 3.
    factor: of the mean of the channels.
    offset: added to it.
    dtype: of the input; the mean is computed in float32.
    scale: (scale, zero point) of the input, None for none.
    flat: whether the output is [1, pixels].
    half: name of a second output, the depth of half the size; None for none.
    inverse: whether the depth is factor / (mean + offset) instead.
  """
  graph = _Graph()
  first = shape[1] == 3 != shape[3]
  axis = 1 if first else 3
  image = graph.tensor('image', shape, dtype, scale=scale)
  real = image
  if dtype != 'float32':
    real = graph.tensor('real', shape)
    dequantised = scale is not None or dtype == 'float16'
    if dequantised:
      graph.operator('DEQUANTIZE', [image], real)
    else:
      cast = schema.CastOptionsT()
      cast.inDataType = _TYPES[dtype]
      cast.outDataType = _TYPES['float32']
      kind = schema.BuiltinOptions.CastOptions
      graph.operator('CAST', [image], real, cast, kind)
  one = [1 if place == axis else size for place, size in enumerate(shape)]
  middle = graph.tensor('mean', one)
  axes = graph.tensor('axes', (1,), 'int32', [axis])
  keep = schema.ReducerOptionsT()
  keep.keepDims = True
  kind = schema.BuiltinOptions.ReducerOptions
  graph.operator('MEAN', [real, axes], middle, keep, kind)
  number = lambda name, value: graph.tensor(name, (), values=value)
  changed = graph.tensor('changed', one)
  depth = graph.tensor('depth', one)
  sum_, product = schema.AddOptionsT(), schema.MulOptionsT()
  add, mul = schema.BuiltinOptions.AddOptions, schema.BuiltinOptions.MulOptions
  if inverse:
    graph.operator(
      'ADD', [middle, number('offset', offset)], changed, sum_, add
    )
    graph.operator(
      'DIV', [number('factor', factor), changed], depth,
      schema.DivOptionsT(), schema.BuiltinOptions.DivOptions,
    )  # fmt: skip
  else:
    graph.operator(
      'MUL', [middle, number('factor', factor)], changed, product, mul
    )
    graph.operator('ADD', [changed, number('offset', offset)], depth, sum_, add)
  outputs = [depth]
  if flat:
    pixels = int(np.prod(one))
    outputs = [graph.tensor('flat', (1, pixels))]
    sizes = graph.tensor('sizes', (2,), 'int32', [1, pixels])
    graph.operator('RESHAPE', [depth, sizes], outputs[0])
  if half is not None:
    small = [1, shape[1] // 2, shape[2] // 2, 1]
    pool = schema.Pool2DOptionsT()
    pool.strideH = pool.strideW = pool.filterHeight = pool.filterWidth = 2
    outputs.append(graph.tensor(half, small))
    kind = schema.BuiltinOptions.Pool2DOptions
    graph.operator('AVERAGE_POOL_2D', [depth], outputs[-1], pool, kind)
  return graph.pack([image], outputs)
