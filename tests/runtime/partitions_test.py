# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/partitions.py."""

from absl.testing import absltest

from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter
from depth_mai.runtime import partitions
from tests.runtime import tiny_model


class PartitionsTest(absltest.TestCase):
  def _file(self, content):
    return self.create_tempfile('m.tflite', content, mode='wb').full_path

  def test_whole_graph(self):
    described = partitions.describe_partitions(
      self._file(tiny_model.float_model())
    )
    self.assertEqual(described['partitions'], 1)
    self.assertEqual(described['operators_outside'], 0)
    self.assertEqual(
      described['pieces'],
      [
        {
          'partition': 0,
          'first': 0,
          'last': 0,
          'operators': 1,
          'broken_by': [],
        }
      ],
    )

  def test_graph_cut_in_two(self):
    described = partitions.describe_partitions(
      self._file(tiny_model.split_model())
    )
    self.assertEqual(described['operators'], 3)
    self.assertEqual(described['operators_outside'], 1)
    self.assertEqual(described['partitions'], 2)
    first, middle, last = described['pieces']
    self.assertNotEqual(first['partition'], last['partition'])
    self.assertEqual((first['last'], last['first']), (0, 2))
    self.assertIsNone(middle['partition'])
    (cause,) = middle['broken_by']
    self.assertEqual(cause['kind'], 'RESIZE_NEAREST_NEIGHBOR')
    self.assertEqual(cause['type'], 'FLOAT32')
    self.assertIn('--output_upsampling=nearest_broadcast', cause['cure'])

  def test_runtime_without_details(self):
    graph = graph_lib.read_graph(tiny_model.float_model())
    self.assertIsNone(partitions.find_pieces(graph, object()))

  def test_without_a_delegate_all_is_one_piece_outside(self):
    content = tiny_model.split_model()
    (piece,) = partitions.find_pieces(
      graph_lib.read_graph(content),
      interpreter.load_interpreter(content, xnnpack=False),
    )
    self.assertIsNone(piece['partition'])
    self.assertEqual(piece['operators'], 3)

  def test_refuses_other_files(self):
    with self.assertRaisesRegex(ValueError, 'm.tflite'):
      partitions.describe_partitions(self._file(b'no model'))


if __name__ == '__main__':
  absltest.main()
