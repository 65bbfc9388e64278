# SPDX-License-Identifier: Apache-2.0
from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.runtime import metadata
from tests.runtime import tiny_model


class MetadataTest(parameterized.TestCase):
  def test_reads_what_the_schema_classes_wrote(self):
    written = {'output_unit': 'm', 'system': 'tcl', 'note': 'ä', 'nested': [1]}
    content = tiny_model.float_model(
      metadata=written,
      other_metadata={'min_runtime_version': b'2.3.0', 'x': b'\x00' * 50},
    )
    path = self.create_tempfile('m.tflite', content).full_path
    self.assertEqual(metadata.read_metadata(content), written)
    self.assertEqual(metadata.read_metadata(path), written)

  @parameterized.parameters((None,), ({'min_runtime_version': b'2.3.0'},))
  def test_model_of_another_program_has_none(self, other):
    content = tiny_model.float_model(other_metadata=other)
    self.assertEqual(metadata.read_metadata(content), {})

  @parameterized.parameters(
    (b'{"output_unit": ', 'is not JSON'),
    (b'\xff\xfe', 'is not JSON'),
    (b'["mm"]', 'holds a list'),
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


if __name__ == '__main__':
  absltest.main()
