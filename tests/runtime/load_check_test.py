# SPDX-License-Identifier: Apache-2.0
"""Tests of graphs that no runtime can compute, and of weights with NaN."""

import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema
import numpy as np

from depth_mai.files import ready_models
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter
from depth_mai.runtime import load_check
from depth_mai.runtime import model_file
from tests.judging import edited_model
from tests.judging import hostile_graphs
from tests.runtime import tiny_model

_HALF = schema.TensorType.FLOAT16


def _cycle():
  model = edited_model.open_model()
  main = model.subgraphs[0]
  one, two = (
    edited_model.add_tensor(model, main, (1, 24, 32, 1)) for _ in range(2)
  )
  edited_model.add_operator(model, main, 'ABS', [two], [one])
  edited_model.add_operator(model, main, 'ABS', [one], [two])
  return edited_model.packed(model)


def _graph(**fields):
  model = edited_model.open_model()
  for field, value in fields.items():
    setattr(model.subgraphs[0], field, value)
  return edited_model.packed(model)


def _operator(**fields):
  model = edited_model.open_model()
  for field, value in fields.items():
    setattr(model.subgraphs[0].operators[0], field, value)
  return edited_model.packed(model)


def _call(subgraph):
  model = edited_model.open_model()
  main = model.subgraphs[0]
  result = edited_model.add_tensor(model, main, (1, 24, 32, 1))
  options = schema.CallOptionsT()
  options.subgraph = subgraph
  kind = schema.BuiltinOptions.CallOptions
  edited_model.add_operator(model, main, 'CALL', [3], [result], options, kind)
  return edited_model.packed(model)


def _without_weights():
  model = edited_model.open_model()
  model.buffers[1].data = []
  return edited_model.packed(model)


def _clamped(weight=1.0, name='RELU6', half=False):
  """Returns a file whose last operator may swallow NaN.

  Args:
    weight: the weight of green.
    name: the last operator; MINIMUM takes a bound of infinity, QUANTIZE makes
      int8 of steps of 50.
    half: whether the weights are float16.
  """
  kernel = (20.0, weight, 0.0)
  model = edited_model.open_model(kernel)
  main = model.subgraphs[0]
  if half:
    stored = edited_model.add_tensor(
      model, main, (1, 1, 1, 3), np.array(kernel, np.float16), _HALF
    )
    main.tensors[1].buffer = 0
    edited_model.add_operator(model, main, 'DEQUANTIZE', [stored], [1])
    main.operators.reverse()
  inputs = [3]
  if name == 'MINIMUM':
    bound = np.full((1,), np.inf, np.float32)
    inputs.append(edited_model.add_tensor(model, main, (1,), bound))
  result = edited_model.add_tensor(model, main, (1, 24, 32, 1))
  if name == 'QUANTIZE':
    main.tensors[result].type = schema.TensorType.INT8
    main.tensors[result].quantization = schema.QuantizationParametersT()
    main.tensors[result].quantization.scale = [50.0]
    main.tensors[result].quantization.zeroPoint = [-128]
  edited_model.add_operator(model, main, name, inputs, [result])
  return edited_model.packed(model)


def _unpacked(shape):
  model = edited_model.open_model()
  main = model.subgraphs[0]
  half = np.ones((1, 1, 1, 3), np.float16)
  stored = edited_model.add_tensor(model, main, half.shape, half, _HALF)
  main.tensors[1].buffer, main.tensors[1].shape = 0, list(shape)
  edited_model.add_operator(model, main, 'DEQUANTIZE', [stored], [1])
  main.operators.reverse()
  main.outputs = [3]
  return edited_model.packed(model)


class OrderTest(parameterized.TestCase):
  @parameterized.named_parameters(
    ('cycle', _cycle(), r'operator 1 reads tensor 5 \(added\) before'),
    ('no_weights', _without_weights(), r'reads tensor 1 \(kernel\) before'),
    ('constant', _operator(outputs=[1]), r'overwrites tensor 1 \(kernel\)'),
    ('input', _operator(outputs=[0]), r'overwrites tensor 0 \(image\)'),
    ('twice', _operator(outputs=[3, 3]), r'overwrites tensor 3 \(depth\)'),
    ('no_operators', _graph(operators=[]), r'nothing computes its output'),
    ('constant_input', _graph(inputs=[1]), 'its input, .* is a constant'),
    ('unpacked', _unpacked((1, 9, 1, 3)), r'unpacks .* \[1, 1, 1, 3\] to'),
    ('itself', _call(0), 'subgraph 0 calls itself'),
    ('outside', _call(4), 'operator 1 calls subgraph 4, but there are 1'),
    ('far_outside', _call((1 << 32) - 1), 'operator 1 calls subgraph -1'),
  )
  def test_refuses(self, content, message):
    with self.assertRaisesRegex(ValueError, f'x is damaged: .*{message}'):
      load_check.check('x', content)
    with self.assertRaisesRegex(ValueError, f'is damaged: .*{message}'):
      interpreter.load_interpreter(content)
    graph.read_graph(content)  # A summary needs no order.

  def test_loop_in_itself(self):
    graphs = dict(hostile_graphs.all_graphs())
    with self.assertRaisesRegex(ValueError, 'calls itself'):
      load_check.check('x', graphs['loop_in_itself'])
    load_check.check('x', graphs['endless_loop'])

  def test_no_graph(self):
    empty = schema.ModelT()
    empty.subgraphs = []
    with self.assertRaisesRegex(ValueError, 'x contains no graph'):
      load_check.check('x', edited_model.packed(empty))


class FiniteTest(parameterized.TestCase):
  def test_nan_may_look_plausible_without_the_check(self):
    content = _clamped(np.nan, 'QUANTIZE')
    loaded = litert.Interpreter(model_content=content)
    loaded.allocate_tensors()
    loaded.set_tensor(0, np.ones((1, 24, 32, 3), np.float32))
    loaded.invoke()
    (output,) = loaded.get_output_details()
    depth = 50.0 * (loaded.get_tensor(output['index']) + 128.0)
    self.assertTrue(np.isfinite(depth).all())
    with self.assertRaisesRegex(ValueError, 'not finite'):
      model_file.TfliteModel(content)

  @parameterized.product(
    weight=(np.nan, -np.nan, np.inf, -np.inf),
    name=('RELU6', 'QUANTIZE', 'MINIMUM'),
    half=(False, True),
  )
  def test_refuses(self, weight, name, half):
    content = _clamped(weight, name, half)
    tensor = r'tensor 4 \(added\)' if half else r'tensor 1 \(kernel\)'
    message = f'm.tflite: 1 of the 3 values of {tensor} is not finite'
    path = self.create_tempfile('m.tflite', content).full_path
    for load in (model_file.TfliteModel, interpreter.load_interpreter):
      with self.assertRaisesRegex(ValueError, message):
        load(path)

  def test_a_bias(self):
    with self.assertRaisesRegex(ValueError, r'1 of the 1 .* tensor 2 \(bias\)'):
      load_check.check('x', tiny_model.float_model(bias=np.nan))

  def test_a_tensor_without_a_name(self):
    model = edited_model.open_model()
    model.subgraphs[0].tensors[1].name = None
    values = np.frombuffer(
      bytes(model.buffers[model.subgraphs[0].tensors[1].buffer].data), '<f4'
    )
    model.buffers[model.subgraphs[0].tensors[1].buffer].data = np.full_like(
      values, np.nan
    ).tobytes()
    with self.assertRaisesRegex(ValueError, 'values of tensor 1 are not'):
      load_check.check('x', edited_model.packed(model))

  @parameterized.parameters(np.nan, np.inf)
  def test_an_option(self, alpha):
    model = edited_model.open_model()
    main = model.subgraphs[0]
    result = edited_model.add_tensor(model, main, (1, 24, 32, 1))
    options = schema.LeakyReluOptionsT()
    options.alpha = alpha
    kind = schema.BuiltinOptions.LeakyReluOptions
    edited_model.add_operator(
      model, main, 'LEAKY_RELU', [3], [result], options, kind
    )
    with self.assertRaisesRegex(
      ValueError, 'x: option 0 of operator 1 is not finite'
    ):
      load_check.check('x', edited_model.packed(model))

  @parameterized.product(half=(False, True), name=('RELU6', 'MINIMUM'))
  def test_accepts(self, half, name):
    # 65504 is the largest float16; a bound may be infinite.
    content = _clamped(65504.0, name, half)
    load_check.check('x', content)
    interpreter.load_interpreter(content)

  def test_one_flipped_weight_of_a_real_file(self):
    with open(ready_models.model_path('tcl'), 'rb') as stream:
      content = bytearray(stream.read())
    load_check.check('x', bytes(content))
    half = max(
      (one for one in graph.read_graph(bytes(content)).main.tensors),
      key=lambda one: one.constant_bytes,
    )
    self.assertEqual(half.type_name, 'FLOAT16')
    read = schema.ModelT.InitFromPackedBuf(content, 0)
    values = read.buffers[read.subgraphs[0].tensors[half.index].buffer].data
    place = bytes(content).index(values.tobytes())
    content[place + 2000 : place + 2002] = np.float16(np.nan).tobytes()
    start = time.monotonic()
    with self.assertRaisesRegex(
      ValueError, rf'1 of the \d+ values of tensor {half.index} '
    ):
      load_check.check('x', bytes(content))
    self.assertLess(time.monotonic() - start, 1)

  def test_needs_no_tensorflow(self):
    program = (
      'import sys; sys.modules["tensorflow"] = None; '
      'from depth_mai.runtime import load_check'
    )
    subprocess.run([sys.executable, '-c', program], check=True)


if __name__ == '__main__':
  absltest.main()
