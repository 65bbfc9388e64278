# SPDX-License-Identifier: Apache-2.0
"""Tests of the check of whole files, each with one value that is wrong."""

from absl.testing import absltest
from absl.testing import parameterized
from ai_edge_litert import schema_py_generated as schema
import numpy as np

from depth_mai.files import ready_models
from depth_mai.runtime import file_check
from depth_mai.runtime import graph_summary
from depth_mai.runtime import interpreter
from tests.judging import edited_model
from tests.runtime import tiny_model


def _tensor(field, value, index=1):
  return lambda model: setattr(model.subgraphs[0].tensors[index], field, value)


def _operator(field, value):
  return lambda model: setattr(model.subgraphs[0].operators[0], field, value)


def _graph(field, value):
  return lambda model: setattr(model.subgraphs[0], field, value)


def _outside(offset, size):
  def edit(model):
    buffer = model.buffers[1]
    buffer.data, buffer.offset, buffer.size = None, offset, size

  return edit


def _metadata(model):
  entry = schema.MetadataT()
  entry.name, entry.buffer = 'x', 99
  model.metadata = [entry]


def _signature(subgraph, tensor):
  def edit(model):
    signature, entry = schema.SignatureDefT(), schema.TensorMapT()
    entry.name, entry.tensorIndex = 'image', tensor
    signature.inputs, signature.outputs = [entry], []
    signature.signatureKey, signature.subgraphIndex = 'serving', subgraph
    model.signatureDefs = [signature]

  return edit


def _scales(count, zero_points, dimension=0, value=0.5):
  def edit(model):
    quantisation = schema.QuantizationParametersT()
    quantisation.scale = [value] * count
    quantisation.zeroPoint = [0] * zero_points
    quantisation.quantizedDimension = dimension
    model.subgraphs[0].tensors[1].quantization = quantisation

  return edit


def _blocks(model):
  quantisation = schema.QuantizationParametersT()
  quantisation.detailsType = schema.QuantizationDetails.BlockwiseQuantization
  quantisation.details = schema.BlockwiseQuantizationT()
  quantisation.details.scales = 77
  model.subgraphs[0].tensors[1].quantization = quantisation


def _strings(words):
  def edit(model):
    model.subgraphs[0].tensors[1].type = schema.TensorType.STRING
    content = np.array(words, '<i4').tobytes() + b'ab'
    model.buffers[1].data = np.frombuffer(content, np.uint8)

  return edit


_LARGEST = (1 << 31) - 1


class FileCheckTest(parameterized.TestCase):
  def test_real_files_pass(self):
    for name in ('tcl', 'smartlab'):
      path = ready_models.model_path(name)
      with open(path, 'rb') as stream:
        file_check.check(name, stream.read())

  @parameterized.named_parameters(
    ('buffer', _tensor('buffer', 99), r'tensor 1 \(kernel\).*buffer 99'),
    # 2^64 - 8: the runtime adds it to an address.
    ('outside', _outside((1 << 64) - 8, 12), 'buffer 1 has 12 bytes at byte 1'),
    ('outside_end', _outside(300, 1 << 20), 'outside the file'),
    ('outside_size', _outside(8, (1 << 64) - 4), 'outside the file'),
    ('negative', _tensor('shape', [1, -1, 1, 3]), 'negative size -1'),
    ('huge', _tensor('shape', [1, _LARGEST, _LARGEST, 3], 0), 'would need'),
    ('large', _tensor('shape', [2, 2, 2, 3]), r'12 bytes .* need 96'),
    ('type', _tensor('type', schema.TensorType.FLOAT64), 'need 24'),
    ('signature_of_a_tensor', _tensor('shapeSignature', [1, -1], 0), '4 sizes'),
    ('metadata', _metadata, 'the metadata names buffer 99'),
    ('code', _operator('opcodeIndex', 7), 'operator code 7'),
    ('input', _operator('inputs', [0, 999, 2]), 'an input of operator 0 is'),
    ('negative_input', _operator('inputs', [0, -2, 2]), 'tensor -2'),
    ('output', _operator('outputs', [999]), 'tensor 999, but there are 4'),
    ('no_output', _operator('outputs', [-1]), 'an output of operator 0 is'),
    ('between', _operator('intermediates', [44]), 'tensor 44'),
    (
      'options',
      lambda model: (
        _operator('largeCustomOptionsOffset', 1 << 63)(model),
        _operator('largeCustomOptionsSize', 1 << 63)(model),
      ),
      'the options of operator 0',
    ),
    (
      'graph_input',
      _graph('inputs', [5]),
      'an input of subgraph 0 is tensor 5',
    ),
    ('graph_output', _graph('outputs', [-7]), 'tensor -7'),
    ('signature_graph', _signature(3, 0), "'serving' names subgraph 3"),
    ('signature_tensor', _signature(0, 9), "'serving' is tensor 9"),
    ('scales', _scales(2, 2), 'along dimension 0, where its shape'),
    ('scales_dimension', _scales(3, 3, 8), 'dimension 8'),
    ('zero_points', _scales(3, 1, 3), '3 quantisation scales, but 1'),
    (
      'scale_nan',
      _scales(1, 1, value=float('nan')),
      'scale that is not finite',
    ),
    ('scale_negative', _scales(1, 1, value=-1.0), 'scale that is not finite'),
    ('blocks', _blocks, 'a scale of tensor 1'),
    ('strings', _strings([1, 12, 99]), 'strings of tensor 1'),
    ('string_count', _strings([1 << 30, 12]), 'strings of tensor 1'),
    ('string_order', _strings([2, 16, 18, 17]), 'strings of tensor 1'),
  )
  def test_refuses(self, edit, message):
    model = edited_model.open_model()
    edit(model)
    content = edited_model.packed(model)
    with self.assertRaisesRegex(
      ValueError, f'^x.tflite is damaged: .*{message}'
    ):
      file_check.check('x.tflite', content)
    # The same check is before every load, and before the graph is read.
    path = self.create_tempfile('x.tflite', content).full_path
    for use in (interpreter.load_interpreter, graph_summary.summarise):
      with self.assertRaisesRegex(
        ValueError, f'x.tflite is damaged.*{message}'
      ):
        use(path)

  @parameterized.named_parameters(
    ('scales', _scales(3, 3, 3)),
    ('one_scale', _scales(1, 1)),
    ('left_out', _operator('inputs', [0, 1, -1])),
    ('strings', _strings([1, 12, 14])),
    ('signature', _signature(0, 3)),
    ('nothing_stored', _tensor('shape', [0, 4], 3)),
  )
  def test_accepts(self, edit):
    model = edited_model.open_model()
    edit(model)
    file_check.check('x.tflite', edited_model.packed(model))

  def test_values_after_the_tables(self):
    # As in files above 2 GB.
    model = edited_model.open_model()
    _outside(1 << 20, 12)(model)
    size = len(edited_model.packed(model))
    _outside(size, 12)(model)
    content = edited_model.packed(model)
    self.assertLen(content, size)
    file_check.check('x.tflite', content + bytes(12))
    with self.assertRaisesRegex(
      ValueError, f'12 bytes at byte {size}, outside'
    ):
      file_check.check('x.tflite', content + bytes(11))

  def test_names_are_printable(self):
    model = edited_model.open_model()
    _tensor('name', '\x1b[2J\u202e\n' + 'a' * 1000)(model)
    _tensor('buffer', 99)(model)
    with self.assertRaises(ValueError) as caught:
      file_check.check('x.tflite', edited_model.packed(model))
    self.assertTrue(str(caught.exception).isprintable())
    self.assertIn(r'\x1b[2J\u202e\n', str(caught.exception))
    self.assertLess(len(str(caught.exception)), 300)

  def test_an_empty_file(self):
    with self.assertRaisesRegex(ValueError, 'is damaged'):
      file_check.check('x', b'')
    self.assertEqual(tiny_model.float_model()[4:8], b'TFL3')


if __name__ == '__main__':
  absltest.main()
