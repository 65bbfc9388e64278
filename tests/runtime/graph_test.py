# SPDX-License-Identifier: Apache-2.0
"""Tests of the graph reader against the schema's own classes."""

import time

from absl.testing import absltest
from absl.testing import parameterized
from ai_edge_litert import schema_py_generated as schema
import flatbuffers
import numpy as np

from depth_mai.runtime import graph
from tests.judging import hostile_files
from tests.lite import hand_made
from tests.runtime import tiny_model


class ReadGraphTest(parameterized.TestCase):
  @parameterized.named_parameters(
    ('float', tiny_model.float_model()),
    ('two_outputs', tiny_model.float_model(outputs=2, version=3)),
    ('int8', tiny_model.quantised_model('int8', (6, 8), 1.0, 0, 1.0, 0)),
    ('split', tiny_model.split_model()),
    (
      'hand_made',
      hand_made.model(
        ('CONV_2D', 6, ('FLOAT32', 'INT4')),
        ('CUSTOM', 1, ('INT64',)),
        (9999, 1, ('FLOAT16',)),
        custom='FlexErf',
      ),
    ),
  )
  def test_reads_what_the_schema_classes_read(self, content):
    want = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    main = graph.read_graph(content).main
    want_tensors = want.subgraphs[0].tensors
    self.assertLen(main.tensors, len(want_tensors))
    for got, tensor in zip(main.tensors, want_tensors, strict=True):
      self.assertEqual(got.name, tensor.name.decode())
      self.assertEqual(list(got.shape), list(tensor.shape))
      self.assertEqual(getattr(schema.TensorType, got.type_name), tensor.type)
      data = want.buffers[tensor.buffer].data
      self.assertEqual(got.constant_bytes, 0 if data is None else len(data))
      self.assertEqual(got.is_constant, data is not None)
    want_operators = want.subgraphs[0].operators
    self.assertLen(main.operators, len(want_operators))
    for got, operator in zip(main.operators, want_operators, strict=True):
      self.assertEqual(
        [tensor.index for tensor in got.inputs], list(operator.inputs)
      )
      self.assertEqual(
        [tensor.index for tensor in got.outputs], list(operator.outputs)
      )
      code = want.operatorCodes[operator.opcodeIndex]
      self.assertEqual(got.version, code.version)
    self.assertEqual(
      [tensor.index for tensor in main.inputs], list(want.subgraphs[0].inputs)
    )
    self.assertEqual(
      [tensor.index for tensor in main.outputs],
      list(want.subgraphs[0].outputs),
    )

  def test_names(self):
    main = graph.read_graph(tiny_model.split_model()).main
    self.assertEqual(
      [operator.name for operator in main.operators],
      ['CONV_2D', 'RESIZE_NEAREST_NEIGHBOR', 'CONV_2D'],
    )
    custom = hand_made.model(
      ('CUSTOM', 1, ('FLOAT32',)), (9999, 1, ('FLOAT32',)), custom='FlexErf'
    )
    self.assertEqual(
      [operator.name for operator in graph.read_graph(custom).main.operators],
      ['CUSTOM:FlexErf', 'BUILTIN_9999'],
    )

  def test_sizes(self):
    content = tiny_model.float_model((6, 8))
    read = graph.read_graph(content)
    image, kernel, bias, depth = read.main.tensors
    self.assertEqual((image.elements, image.size_bytes), (144, 576))
    self.assertEqual((kernel.elements, kernel.constant_bytes), (3, 12))
    self.assertEqual((bias.elements, depth.elements), (1, 48))
    self.assertEqual(read.file_bytes, len(content))
    self.assertFalse(image.open_sizes)

  def test_metadata_buffers(self):
    content = tiny_model.float_model(
      metadata={'system': 'tcl'},
      other_metadata={'min_runtime_version': b'1.5.0\0'},
    )
    self.assertEqual(
      graph.read_graph(content).metadata,
      {'min_runtime_version': b'1.5.0\0', 'depth_mai': b'{"system": "tcl"}'},
    )

  def test_optional_inputs_constants_and_open_sizes(self):
    model = schema.ModelT.InitFromPackedBuf(
      bytearray(tiny_model.float_model()), 0
    )
    subgraph = model.subgraphs[0]
    subgraph.tensors[0].shapeSignature = [1, -1, -1, 3]
    subgraph.operators[0].inputs = [0, 1, -1]
    # A second operator works on constants only, a third on its output.
    subgraph.tensors += [_activation('folded'), _activation('again')]
    for inputs, output in (([1, 2], 4), ([4], 5)):
      operator = schema.OperatorT()
      operator.opcodeIndex = 0
      operator.inputs, operator.outputs = inputs, [output]
      subgraph.operators.append(operator)
    main = graph.read_graph(_packed(model)).main
    first, second, third = main.operators
    self.assertTrue(main.inputs[0].open_sizes)
    self.assertFalse(main.outputs[0].open_sizes)
    self.assertIsNone(first.inputs[2])
    self.assertLen(first.given_inputs, 2)
    self.assertEqual(
      [first.at_load, second.at_load, third.at_load], [False, True, True]
    )

  def test_file_and_content_are_the_same(self):
    content = tiny_model.float_model()
    path = self.create_tempfile('m.tflite', content).full_path
    self.assertEqual(
      graph.read_graph(path).subgraphs, graph.read_graph(content).subgraphs
    )

  def test_refuses_other_files(self):
    with self.assertRaisesRegex(ValueError, 'no model file /x/y.tflite'):
      graph.read_graph('/x/y.tflite')
    with self.assertRaisesRegex(ValueError, 'is not a .tflite model'):
      graph.read_graph(b'PK\x03\x04 a .keras file')
    empty = schema.ModelT()
    empty.subgraphs = []
    with self.assertRaisesRegex(ValueError, 'contains no graph'):
      graph.read_graph(_packed(empty))

  @parameterized.parameters(12, 100, 200, 300)
  def test_message_names_an_incomplete_file(self, size):
    content = tiny_model.float_model()[:size]
    path = self.create_tempfile('half.tflite', content).full_path
    with self.assertRaisesRegex(ValueError, 'half.tflite is damaged'):
      graph.read_graph(path)

  def test_refuses_tables_that_repeat_without_end(self):
    # 160 kB that would become 400 million tensors.
    content = dict(hostile_files.all_files())['same_table_without_end']
    start = time.monotonic()
    with self.assertRaisesRegex(ValueError, 'repeats itself'):
      graph.read_graph(content)
    self.assertLess(time.monotonic() - start, 5)

  def test_inputs_and_outputs_that_are_not_tensors(self):
    for side in ('inputs', 'outputs'):
      model = schema.ModelT.InitFromPackedBuf(
        bytearray(tiny_model.float_model()), 0
      )
      setattr(model.subgraphs[0], side, [-1])
      with self.assertRaisesRegex(ValueError, 'is damaged'):
        graph.read_graph(_packed(model))

  def test_hostile_files_are_read_or_refused(self):
    for name, content in hostile_files.all_files():
      with self.subTest(name=name):
        try:
          graph.read_graph(content)
        except ValueError:
          pass


def _activation(name):
  tensor = schema.TensorT()
  tensor.name, tensor.shape, tensor.buffer = name, np.array([1]), 0
  return tensor


def _packed(model):
  builder = flatbuffers.Builder(1024)
  builder.Finish(model.Pack(builder), b'TFL3')
  return bytes(builder.Output())


if __name__ == '__main__':
  absltest.main()
