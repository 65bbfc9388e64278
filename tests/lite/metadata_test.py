# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/lite/metadata.py."""

from absl.testing import absltest
import numpy as np

from depth_mai.lite import flatbuffer
from depth_mai.lite import metadata
from depth_mai.runtime import metadata as metadata_reader
from depth_mai.runtime import model_file
from tests.runtime import tiny_model

_CONTENT = {'output_unit': 'm', 'metrics': {'si_rmse': 0.25}, 'source': 'große'}


def _predict(content):
  rgb = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
  return model_file.TfliteModel(content).predict_mm(rgb)


class MetadataTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.plain = tiny_model.float_model(
      kernel=(0.5, 0.25, -0.125), bias=40.0, other_metadata={'note': b'kept'}
    )

  def test_device_reads_what_was_written(self):
    content = metadata.add_metadata(self.plain, _CONTENT)
    self.assertEqual(metadata_reader.read_metadata(content), _CONTENT)

  def test_writing_again_replaces(self):
    content = metadata.add_metadata(self.plain, {'output_unit': 'mm', 'x': 1})
    content = metadata.add_metadata(content, _CONTENT)
    self.assertEqual(metadata_reader.read_metadata(content), _CONTENT)
    names = [entry.name for entry in flatbuffer.read_model(content).metadata]
    self.assertEqual(names.count(b'depth_mai'), 1)

  def test_other_metadata_stays(self):
    model = flatbuffer.read_model(metadata.add_metadata(self.plain, _CONTENT))
    kept = [entry for entry in model.metadata if entry.name == b'note']
    self.assertEqual(bytes(model.buffers[kept[0].buffer].data), b'kept')

  def test_graph_stays(self):
    content = metadata.add_metadata(self.plain, {'output_unit': 'mm'})
    np.testing.assert_array_equal(_predict(content), _predict(self.plain))

  def test_unit_reaches_the_device(self):
    content = metadata.add_metadata(self.plain, {'output_unit': 'm'})
    np.testing.assert_array_equal(
      _predict(content), np.float32(1000) * _predict(self.plain)
    )

  def test_refuses_what_is_no_json(self):
    with self.assertRaisesRegex(ValueError, 'no JSON'):
      metadata.add_metadata(self.plain, {'rmse': float('nan')})
    with self.assertRaisesRegex(ValueError, 'no JSON'):
      metadata.add_metadata(self.plain, {'array': np.zeros(2)})

  def test_refuses_other_files(self):
    with self.assertRaisesRegex(ValueError, 'TFL3'):
      metadata.add_metadata(b'no model here', {})


if __name__ == '__main__':
  absltest.main()
