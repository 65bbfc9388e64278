# SPDX-License-Identifier: Apache-2.0
"""Tests of the metadata and the precision read from a file."""

from absl.testing import absltest
from absl.testing import parameterized
import keras

from depth_mai.lite import converter
from depth_mai.runtime import graph
from depth_mai.runtime import metadata
from tests.judging import hostile_files
from tests.lite import small_network
from tests.runtime import hand_drawn
from tests.runtime import tiny_model


class MetadataTest(parameterized.TestCase):
  def test_reads_metadata_written_with_the_schema_classes(self):
    written = {'output_unit': 'm', 'system': 'tcl', 'note': 'ä', 'nested': [1]}
    content = tiny_model.float_model(
      metadata=written,
      other_metadata={'min_runtime_version': b'2.3.0', 'x': b'\x00' * 50},
    )
    path = self.create_tempfile('m.tflite', content).full_path
    self.assertEqual(metadata.read_metadata(content), written)
    self.assertEqual(metadata.read_metadata(path), written)

  @parameterized.parameters((None,), ({'min_runtime_version': b'2.3.0'},))
  def test_model_of_another_program_has_no_metadata(self, other):
    content = tiny_model.float_model(metadata=None, other_metadata=other)
    self.assertEqual(metadata.read_metadata(content), {})

  @parameterized.parameters(
    (b'{"output_unit": ', 'is not JSON'),
    (b'\xff\xfe', 'is not JSON'),
    (b'["mm"]', 'contains a list'),
    (b'[' * 100_000, 'is not JSON'),
    (b'{"a":' * 100_000, 'is not JSON'),
    (b'9' * 10_000, 'is not JSON'),
  )
  def test_bad_content(self, content, message):
    path = self.create_tempfile(
      'bad.tflite', tiny_model.float_model(metadata=content)
    ).full_path
    with self.assertRaisesRegex(ValueError, f'bad.tflite.*{message}'):
      metadata.read_metadata(path)

  @parameterized.parameters(8, 40, 100)
  def test_incomplete_file(self, size):
    content = tiny_model.float_model(metadata={'output_unit': 'm'})[:size]
    path = self.create_tempfile('half.tflite', content).full_path
    with self.assertRaisesRegex(ValueError, 'half.tflite is damaged'):
      metadata.read_metadata(path)


class PrecisionTest(parameterized.TestCase):
  def test_precision_given_to_the_converter(self):
    image = keras.Input((32, 40, 3), batch_size=1)
    # Kernels below 1024 numbers stay in float, as in every real network.
    x = keras.layers.Conv2D(64, 3)(image)
    x = keras.layers.ReLU()(x)
    x = keras.layers.Conv2D(64, 3)(x)
    model = keras.Model(image, keras.layers.Conv2D(1, 1)(x))
    pictures = small_network.pictures(2, (32, 40))
    for name in metadata.PRECISIONS:
      calibrated = name in converter.CALIBRATED_PRECISIONS
      content = converter.convert(model, name, pictures if calibrated else None)
      self.assertEqual(
        metadata.precision_of(graph.read_graph(content)), name, name
      )

  def test_old_unsigned_files_are_8_bit(self):
    self.assertEqual(self.of_convolution('UINT8', 'UINT8'), 'int8')

  @parameterized.parameters(
    ('FLOAT32', 'BFLOAT16'), ('FLOAT16', 'FLOAT16'), ('INT32', 'INT8')
  )
  def test_other_types_have_no_precision(self, activation, weight):
    self.assertIsNone(self.of_convolution(activation, weight))

  @parameterized.parameters(
    ('FLOAT32', 'fp32'), ('INT8', 'int8'), ('INT16', 'int16x8'), ('BOOL', None)
  )
  def test_graph_without_weights_has_that_of_its_activations(self, kind, want):
    tensors = [hand_drawn.tensor(i, 4, type_name=kind) for i in (0, 1)]
    drawn = hand_drawn.draw(('ADD', tensors[:1], tensors[1:]))
    self.assertEqual(metadata.precision_of(drawn), want)

  def test_hostile_files_have_some_precision_or_none(self):
    for name, content in hostile_files.all_files():
      with self.subTest(name=name):
        try:
          read = graph.read_graph(content)
        except ValueError:
          continue
        self.assertIn(metadata.precision_of(read), (None, *metadata.PRECISIONS))

  def of_convolution(self, activation, weight):
    tensor = hand_drawn.tensor(0, 1, 4, 4, 2, type_name=activation)
    kernel = hand_drawn.weights(1, 3, 1, 1, 2, type_name=weight)
    return metadata.precision_of(
      hand_drawn.draw(('CONV_2D', [tensor, kernel], [tensor]))
    )


if __name__ == '__main__':
  absltest.main()
