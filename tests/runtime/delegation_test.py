# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/delegation.py."""

from absl.testing import absltest

from depth_mai.runtime import delegation
from depth_mai.runtime import graph as graph_lib
from depth_mai.runtime import interpreter
from tests.runtime import tiny_model


def _describe(content, xnnpack=True):
  return delegation.describe_delegation(
    interpreter.load_interpreter(content, xnnpack=xnnpack)
  )


class DelegationTest(absltest.TestCase):
  def test_whole_graph(self):
    self.assertEqual(
      _describe(tiny_model.float_model()),
      delegation.Delegation(operators=1, partitions=1, outside={}),
    )

  def test_graph_cut_in_two(self):
    taken = _describe(tiny_model.split_model())
    self.assertEqual(
      taken,
      delegation.Delegation(
        operators=3, partitions=2, outside={'RESIZE_NEAREST_NEIGHBOR': 1}
      ),
    )
    self.assertEqual(taken.outside_text(), '1 RESIZE_NEAREST_NEIGHBOR')

  def test_delegate_off(self):
    taken = _describe(tiny_model.split_model(), xnnpack=False)
    self.assertEqual(
      taken,
      delegation.Delegation(
        operators=3,
        partitions=0,
        outside={'CONV_2D': 2, 'RESIZE_NEAREST_NEIGHBOR': 1},
      ),
    )
    self.assertEqual(
      taken.outside_text(), '2 CONV_2D, 1 RESIZE_NEAREST_NEIGHBOR'
    )

  def test_nothing_outside(self):
    self.assertEqual(delegation.Delegation(4, 1, {}).outside_text(), 'none')

  def test_runtime_without_details(self):
    self.assertIsNone(delegation.describe_delegation(object()))


class PartitionsTest(absltest.TestCase):
  def _file(self, content):
    return self.create_tempfile('m.tflite', content, mode='wb').full_path

  def test_whole_graph(self):
    described = delegation.describe_partitions(
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
    described = delegation.describe_partitions(
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
    self.assertIsNone(delegation.find_pieces(graph, object()))

  def test_without_a_delegate_all_is_one_piece_outside(self):
    content = tiny_model.split_model()
    (piece,) = delegation.find_pieces(
      graph_lib.read_graph(content),
      interpreter.load_interpreter(content, xnnpack=False),
    )
    self.assertIsNone(piece['partition'])
    self.assertEqual(piece['operators'], 3)

  def test_refuses_other_files(self):
    with self.assertRaisesRegex(ValueError, 'm.tflite'):
      delegation.describe_partitions(self._file(b'no model'))


if __name__ == '__main__':
  absltest.main()
