# SPDX-License-Identifier: Apache-2.0
"""Tests of the summary of a file, counted by hand."""

import hashlib
import json
import pathlib

from absl.testing import absltest
from ai_edge_litert import schema_py_generated as schema
import keras
import numpy as np

from depth_mai.lite import converter
from depth_mai.report import summary_table
from depth_mai.runtime import graph_summary
from tests.judging import edited_model
from tests.judging import hostile_files
from tests.lite import hand_made
from tests.lite import small_network
from tests.runtime import tiny_model


class SummariseTest(absltest.TestCase):
  def summary_of(self, content):
    path = self.create_tempfile('m.tflite', content).full_path
    return graph_summary.summarise(path)

  def test_graph_of_three_operators(self):
    content = tiny_model.split_model((8, 10))
    summary = self.summary_of(content)
    self.assertEqual(json.loads(json.dumps(summary)), summary)
    self.assertEqual(
      summary['model'],
      {
        'file': 'm.tflite',
        'bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest(),
        'metadata': tiny_model.MILLIMETRES,
      },
    )
    self.assertEqual((summary['system'], summary['precision']), (None, 'fp32'))
    self.assertEqual(
      summary['inputs'],
      [{'name': 'image', 'type': 'FLOAT32', 'shape': [1, 8, 10, 3]}],
    )
    self.assertEqual(summary['outputs'][0]['shape'], [1, 16, 20, 1])
    first, grown, last = summary['operators']
    self.assertEqual(
      first,
      {
        'index': 0,
        'kind': 'CONV_2D',
        'output': 'features',
        'input_shapes': [[1, 8, 10, 3]],
        'output_shape': [1, 8, 10, 3],
        'kernel': [1, 1],
        'macs': 80 * 3 * 3,
        'macs_share': 720 / (720 + 960),
        'output_elements': 240,
        'parameters': 9 + 3,
        'weight_bytes': 4 * 12,
        'activation_bytes': 4 * (240 + 240),
        'at_load': False,
      },
    )
    self.assertEqual((grown['macs'], grown['kernel']), (0, None))
    self.assertEqual(grown['activation_bytes'], 4 * (240 + 960))
    self.assertEqual(last['macs'], 320 * 3)
    self.assertEqual(
      summary['totals'],
      {
        'operators': 3,
        'macs': 720 + 960,
        'output_elements': 240 + 960 + 320,
        'parameters': 12 + 4,
        'weight_bytes': 4 * 16,
        'activation_bytes': 4 * (480 + 1200 + 960 + 320),
      },
    )
    convolutions, resizes = summary['kinds']
    self.assertEqual(
      (convolutions['kind'], convolutions['operators']), ('CONV_2D', 2)
    )
    self.assertEqual(convolutions['macs'], 720 + 960)
    self.assertEqual(convolutions['macs_share'], 1.0)
    self.assertEqual(resizes['kind'], 'RESIZE_NEAREST_NEIGHBOR')
    self.assertEqual(summary['notes'], [])

  def test_system_and_precision_of_the_metadata(self):
    summary = self.summary_of(
      tiny_model.float_model(metadata={'system': 'tcl', 'precision': 'int8'})
    )
    self.assertEqual((summary['system'], summary['precision']), ('tcl', 'int8'))
    self.assertEqual(
      summary['notes'],
      ['The metadata state int8, but the weights are stored as fp32.'],
    )

  def test_notes_on_unknown_figures(self):
    summary = self.summary_of(
      hand_made.model(
        ('CUSTOM', 1, ('FLOAT32',)),
        ('CUSTOM', 1, ('FLOAT32',)),
        ('WHILE', 1, ('FLOAT32',)),
        custom='Erf',
      )
    )
    self.assertEqual([one['macs'] for one in summary['operators']], [None] * 3)
    self.assertEqual(summary['totals']['macs'], 0)
    self.assertLen(summary['notes'], 2)
    self.assertStartsWith(summary['notes'][0], 'The MACs of 2 CUSTOM:Erf are')

  def test_half_precision_weights_are_not_activations(self):
    network = small_network.small_network()
    image = keras.Input((32, 40, 3), batch_size=1)
    content = converter.convert(keras.Model(image, network(image)), 'fp16')
    summary = self.summary_of(content)
    at_load = [one for one in summary['operators'] if one['at_load']]
    self.assertNotEmpty(at_load)
    for one in at_load:
      self.assertEqual(one['kind'], 'DEQUANTIZE')
      self.assertEqual(
        [one['macs'], one['output_elements'], one['activation_bytes']], [0] * 3
      )
    stem = next(o for o in summary['operators'] if o['kind'] == 'CONV_2D')
    self.assertEqual(stem['input_shapes'], [[1, 32, 40, 3]])
    self.assertEqual(stem['macs'], 16 * 20 * 8 * 27)
    self.assertEqual(stem['parameters'], 27 * 8 + 8)

  def test_refuses_other_files(self):
    path = self.create_tempfile('m.tflite', b'PK\x03\x04 keras').full_path
    with self.assertRaisesRegex(ValueError, 'm.tflite .* is not a .tflite'):
      graph_summary.summarise(path)

  def test_texts_of_the_file_are_printable(self):
    rude = '\x1b[2J\x1b]0;owned\x07\u202e\n'
    model = edited_model.open_model()
    for tensor in model.subgraphs[0].tensors:
      tensor.name = rude
    model.operatorCodes[0].builtinCode = schema.BuiltinOperator.CUSTOM
    model.operatorCodes[0].deprecatedBuiltinCode = 32
    model.operatorCodes[0].customCode = rude
    metadata = schema.MetadataT()
    metadata.name, metadata.buffer = 'depth_mai', len(model.buffers)
    buffer = schema.BufferT()
    # JSON may escape a lone surrogate, which no terminal can encode.
    text = json.dumps({'system': rude, rude: [rude, '\ud800']})
    buffer.data = np.frombuffer(text.encode(), np.uint8)
    model.metadata, model.buffers = [metadata], [*model.buffers, buffer]
    path = self.create_tempfile(
      'm.tflite', edited_model.packed(model)
    ).full_path
    named = f'{path}{rude}'
    pathlib.Path(path).rename(named)
    summary = graph_summary.summarise(named)
    for line in summary_table.summary_text(summary).splitlines():
      self.assertTrue(line.isprintable(), line)
    written = json.dumps(summary, ensure_ascii=False)
    self.assertTrue(written.isprintable())
    written.encode()
    shown = r'\x1b[2J\x1b]0;owned\x07\u202e\n'
    self.assertEqual(summary['inputs'][0]['name'], shown)
    self.assertEqual(summary['operators'][0]['kind'], f'CUSTOM:{shown}')
    self.assertEqual(
      summary['model']['metadata'], {'system': shown, shown: [shown, r'\ud800']}
    )

  def test_stands_any_file(self):
    path = pathlib.Path(self.create_tempdir().full_path, 'm.tflite')
    refused = 0
    for name, content in list(hostile_files.all_files())[::2]:
      with self.subTest(name=name):
        path.write_bytes(content)
        try:
          summary = graph_summary.summarise(path)
        except ValueError as error:
          self.assertIn('m.tflite', str(error))
          refused += 1
          continue
        json.dumps(summary, allow_nan=False)
        summary_table.summary_text(summary)
    self.assertGreater(refused, 100)


if __name__ == '__main__':
  absltest.main()
