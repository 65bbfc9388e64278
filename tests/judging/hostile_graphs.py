# SPDX-License-Identifier: Apache-2.0
"""Well-formed .tflite files with hostile graphs and metadata."""

from collections.abc import Callable
from collections.abc import Iterator
import json

from ai_edge_litert import schema_py_generated as schema
import numpy as np

from tests.judging import edited_model
from tests.runtime import tiny_model

_SIZE = edited_model.SIZE
_INT = schema.TensorType.INT32
_NAN, _INFINITY = float('nan'), float('inf')


def all_graphs() -> Iterator[tuple[str, bytes]]:
  """Yields (name, content), the same ones in every run."""
  for name, edit in _edits():
    model = edited_model.open_model()
    edit(model, model.subgraphs[0])
    yield name, edited_model.packed(model)
  for name, operator in _operators():
    model = edited_model.open_model()
    operator(model, model.subgraphs[0])
    yield name, edited_model.packed(model)
  yield from _declarations()


def endless_loop() -> bytes:
  """Returns a file with a WHILE that never ends."""
  model = edited_model.open_model()
  _loop(model, model.subgraphs[0])
  return edited_model.packed(model)


def _edits() -> Iterator[tuple[str, Callable]]:
  """Yields (name, edit): an edit changes a model and its main graph."""

  def shape(index, sizes):
    return lambda _, graph: setattr(graph.tensors[index], 'shape', list(sizes))

  huge = (1 << 31) - 1
  for index, tensor in (
    (0, 'input'),
    (1, 'kernel'),
    (2, 'bias'),
    (3, 'output'),
  ):
    for sizes in (
      (),
      (0, 0, 0, 0),
      (-1, -1, -1, -1),
      (1, huge, huge, 3),
      (1, 1 << 16, 1 << 16, 3),
      (1, 1 << 14, 1 << 14, 3),
      (huge,),
      (1, 24, 32, 4),
      (2, 24, 32, 3),
      (1,) * 9,
    ):
      label = 'x'.join(map(str, sizes)) or 'scalar'
      yield f'{tensor}_shape_{label}', shape(index, sizes)
  for index in range(4):
    for code in (1, 2, 5, 9, 13, 14, 17, 19):
      yield (
        f'type_{index}_{code}',
        lambda _, graph, i=index, c=code: setattr(graph.tensors[i], 'type', c),
      )
  for field, values in (
    ('inputs', ([-1, -1, -1], [0], [], [3, 1, 2], [0, 0, 0], [999, 1, 2])),
    ('outputs', ([0], [], [1], [-1], [999], [3, 3, 3])),
    ('opcodeIndex', (7, 1 << 31)),
  ):
    for value in values:
      yield (
        f'operator_{field}_{value}',
        lambda _, graph, f=field, v=value: setattr(graph.operators[0], f, v),
      )
  for field in ('inputs', 'outputs'):
    for value in ([], [-1], [999], [0, 0], [1], [0, 3], [2]):
      yield (
        f'graph_{field}_{value}',
        lambda _, graph, f=field, v=value: setattr(graph, f, v),
      )
  for value in (_NAN, _INFINITY, -_INFINITY, 3e38, -20.0, 0.0, 1e-45):
    yield (
      f'weights_{value}',
      lambda model, _, v=value: _fill(model.buffers[1], v),
    )
  yield 'no_operators', lambda _, graph: setattr(graph, 'operators', [])
  yield 'no_subgraphs', lambda model, _: setattr(model, 'subgraphs', [])
  yield 'no_codes', lambda model, _: setattr(model, 'operatorCodes', [])
  yield 'empty_weights', lambda model, _: setattr(model.buffers[1], 'data', [])
  yield (
    'buffer_outside',
    lambda _, graph: setattr(graph.tensors[1], 'buffer', 1 << 30),
  )
  yield (
    'name_obeyed_by_terminals',
    lambda _, graph: setattr(
      graph.tensors[0], 'name', '\x1b[2J\x1b]0;owned\x07\n' * 100
    ),
  )
  yield (
    'name_of_a_megabyte',
    lambda _, graph: setattr(graph.tensors[0], 'name', 'A' * (1 << 20)),
  )
  yield (
    'open_sizes',
    lambda _, graph: setattr(
      graph.tensors[0], 'shapeSignature', [1, -1, -1, 3]
    ),
  )
  for code in (32, 51, 117, 118, 119, 150, 205, 9999, -5):
    yield f'operator_code_{code}', lambda model, _, c=code: _recode(model, c)
  yield 'flex', lambda model, _: _recode(model, 32, b'FlexErf')
  for scale, zero in ((0.0, 0), (_NAN, 0), (-1.0, 0), (1e-38, 1 << 40)):
    yield (
      f'quantised_{scale}_{zero}',
      lambda _, graph, s=scale, z=zero: _quantise(graph, s, z),
    )
  yield 'outside_of_the_file', _outside


def _operators() -> Iterator[tuple[str, Callable]]:
  """Yields (name, edit): an edit adds operators to a model."""
  yield 'endless_loop', _loop
  yield 'loop_in_itself', _loop_in_itself
  yield 'five_thousand_operators', lambda m, g: _chain(m, g, 5000)
  yield 'operator_cycle', _cycle
  for height in (1 << 12, 1 << 15, 1 << 20, (1 << 31) - 1, -7, 0):
    for name in ('RESIZE_BILINEAR', 'RESIZE_NEAREST_NEIGHBOR'):
      yield (
        f'{name}_{height}',
        lambda m, g, n=name, h=height: _resize(m, g, n, h),
      )
  for name in ('FILL', 'BROADCAST_TO', 'TILE', 'PAD', 'RESHAPE'):
    for side in (1 << 10, 1 << 16, 1 << 30):
      yield (
        f'{name}_{side}',
        lambda m, g, n=name, s=side: _grow(m, g, n, s),
      )
  yield 'hours_of_convolution', _slow
  yield 'seconds_of_convolution', _slow_chain


def _declarations() -> Iterator[tuple[str, bytes]]:
  """Yields files with strange metadata."""
  for number, declared in enumerate(
    (
      b'',
      b'{',
      b'[' * 100_000,
      b'{"a":' * 50_000 + b'1' + b'}' * 50_000,
      b'\xff\xfe\x00',
      b'null',
      b'{"output_unit": 5, "input": [], "system": {"a": "b"}}',
      b'{"output_unit": "parsec", "input": {"range": [NaN, Infinity]}}',
      b'{"input": {"range": [1e999, -1e999], "layout": 7}}',
      b'{"output_unit": "' + b'm' * 500_000 + b'"}',
      b'9' * 100_000,
      json.dumps({'output_unit': 'm', 'input': {'range': [0, 1]}}).encode(),
    )
  ):
    yield (
      f'metadata_{number}',
      tiny_model.float_model(_SIZE, metadata=declared),
    )
  for number, declared in enumerate((b'\xff' * 20, b'9' * 5000, b'\0' * 99)):
    yield (
      f'min_runtime_{number}',
      tiny_model.float_model(
        _SIZE, other_metadata={'min_runtime_version': declared}
      ),
    )


def _fill(buffer, value):
  buffer.data = np.frombuffer(np.full(3, value, np.float32).tobytes(), np.uint8)


def _recode(model, code, custom=b'Owned'):
  entry = model.operatorCodes[0]
  entry.builtinCode, entry.deprecatedBuiltinCode = code, min(code, 127)
  entry.customCode = custom if code == 32 else None


def _quantise(graph, scale, zero_point):
  for index in (0, 3):
    tensor = graph.tensors[index]
    tensor.type = schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale = [scale]
    tensor.quantization.zeroPoint = [zero_point]


def _outside(model, graph):
  """Places the weights after the end of the file."""
  buffer = model.buffers[graph.tensors[1].buffer]
  buffer.data, buffer.offset, buffer.size = None, 1 << 40, 12


def _resize(model, graph, name, height):
  size = edited_model.add_tensor(
    model, graph, (2,), np.array([height, 4], np.int32), _INT
  )
  grown = edited_model.add_tensor(model, graph, (1, height, 4, 1))
  options = getattr(
    schema,
    {
      'RESIZE_BILINEAR': 'ResizeBilinearOptionsT',
      'RESIZE_NEAREST_NEIGHBOR': 'ResizeNearestNeighborOptionsT',
    }[name],
  )()
  kind = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
  edited_model.add_operator(
    model, graph, name, [3, size], [grown], options, kind
  )


def _grow(model, graph, name, side):
  """Grows a small tensor to [1, side, side, 1]."""
  sizes = np.array([1, side, side, 1], np.int32)
  result = edited_model.add_tensor(model, graph, sizes.tolist())
  if name == 'PAD':
    sides = np.array([[0, 0], [0, side], [0, side], [0, 0]], np.int32)
    second = edited_model.add_tensor(model, graph, (4, 2), sides, _INT)
  else:
    second = edited_model.add_tensor(model, graph, (4,), sizes, _INT)
  if name == 'FILL':
    one = edited_model.add_tensor(model, graph, (), np.float32(1))
    inputs = [second, one]
  else:
    inputs = [3, second]
  edited_model.add_operator(model, graph, name, inputs, [result])


def _chain(model, graph, count):
  last = 3
  for _ in range(count):
    result = edited_model.add_tensor(model, graph, (1, *_SIZE, 1))
    edited_model.add_operator(model, graph, 'ABS', [last], [result])
    last = result


def _cycle(model, graph):
  one = edited_model.add_tensor(model, graph, (1, *_SIZE, 1))
  two = edited_model.add_tensor(model, graph, (1, *_SIZE, 1))
  edited_model.add_operator(model, graph, 'ABS', [two], [one])
  edited_model.add_operator(model, graph, 'ABS', [one], [two])


def _slow(model, graph):
  """Adds a convolution with 10^13 products."""
  large = edited_model.add_tensor(
    model, graph, (2,), np.array([2048, 2048], np.int32), _INT
  )
  grown = edited_model.add_tensor(model, graph, (1, 2048, 2048, 1))
  options = schema.ResizeBilinearOptionsT()
  kind = schema.BuiltinOptions.ResizeBilinearOptions
  edited_model.add_operator(
    model, graph, 'RESIZE_BILINEAR', [3, large], [grown], options, kind
  )
  kernel = edited_model.add_tensor(
    model, graph, (1, 1024, 1024, 1), np.ones((1, 1024, 1024, 1), np.float32)
  )
  result = edited_model.add_tensor(model, graph, (1, 2048, 2048, 1))
  options = schema.Conv2DOptionsT()
  options.padding, options.strideH, options.strideW = 0, 1, 1
  kind = schema.BuiltinOptions.Conv2DOptions
  edited_model.add_operator(
    model, graph, 'CONV_2D', [grown, kernel, 2], [result], options, kind
  )


def _slow_chain(model, graph):
  """Adds operators of every runtime with 2 * 10^11 products in all.

  They need little memory: kernels of one pixel, 64 channels.
  """
  options = schema.ResizeBilinearOptionsT()
  kind = schema.BuiltinOptions.ResizeBilinearOptions
  sizes = np.array([256, 256], np.int32)
  size = edited_model.add_tensor(model, graph, (2,), sizes, _INT)
  last = edited_model.add_tensor(model, graph, (1, 256, 256, 1))
  edited_model.add_operator(
    model, graph, 'RESIZE_BILINEAR', [3, size], [last], options, kind
  )
  options = schema.Conv2DOptionsT()
  options.padding, options.strideH, options.strideW = 0, 1, 1
  kind = schema.BuiltinOptions.Conv2DOptions

  def constants(given, taken):
    kernel = np.full((given, 1, 1, taken), 1 / taken, np.float32)
    bias = np.zeros(given, np.float32)
    return [
      edited_model.add_tensor(model, graph, one.shape, one)
      for one in (kernel, bias)
    ]

  same = constants(64, 64)
  for kernel, bias in (constants(64, 1), *[same] * 800, constants(1, 64)):
    (given,) = graph.tensors[bias].shape
    result = edited_model.add_tensor(model, graph, (1, 256, 256, given))
    edited_model.add_operator(
      model, graph, 'CONV_2D', [last, kernel, bias], [result], options, kind
    )
    last = result


def _loop(model, graph, body=2):
  """Adds a WHILE whose condition is always true."""
  shape = (1, *_SIZE, 1)
  for is_condition in (True, False):
    function = schema.SubGraphT()
    function.tensors, function.operators = [], []
    given = edited_model.add_tensor(model, function, shape)
    function.inputs = [given]
    if is_condition:
      always = edited_model.add_tensor(
        model, function, (1,), np.array([True]), schema.TensorType.BOOL
      )
      function.outputs = [always]
    else:
      result = edited_model.add_tensor(model, function, shape)
      edited_model.add_operator(model, function, 'ABS', [given], [result])
    model.subgraphs.append(function)
  result = edited_model.add_tensor(model, graph, shape)
  options = schema.WhileOptionsT()
  options.condSubgraphIndex, options.bodySubgraphIndex = 1, body
  kind = schema.BuiltinOptions.WhileOptions
  edited_model.add_operator(model, graph, 'WHILE', [3], [result], options, kind)


def _loop_in_itself(model, graph):
  """Adds a WHILE whose body is the graph that contains it."""
  _loop(model, graph, body=0)
