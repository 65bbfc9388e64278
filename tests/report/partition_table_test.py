# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/report/partition_table.py."""

from absl.testing import absltest

from depth_mai.report import partition_table


def _delegation(pieces, **changes):
  return {
    'runtime': 'litert',
    'runtime_version': '2.3',
    'partitions': 1,
    'operators': 5,
    'operators_outside': 0,
    'pieces': pieces,
    **changes,
  }


def _piece(partition, first, last, *broken_by):
  return {
    'partition': partition,
    'first': first,
    'last': last,
    'operators': last - first + 1,
    'broken_by': [
      {'kind': kind, 'type': 'INT8', 'output': output, 'cure': cure}
      for kind, output, cure in broken_by
    ],
  }


class PartitionTableTest(absltest.TestCase):
  def test_whole_graph(self):
    self.assertEqual(
      partition_table.partition_text(_delegation([_piece(0, 0, 4)])),
      'XNNPACK of litert 2.3 takes the whole graph: 5 operators, one piece.',
    )

  def test_pieces_and_causes(self):
    pieces = [
      _piece(0, 0, 1),
      _piece(None, 2, 3, ('TILE', 'up', 'Join.'), ('TILE', 'up_2', 'Join.')),
      _piece(1, 4, 4),
    ]
    lines = partition_table.partition_text(
      _delegation(pieces, partitions=2, operators_outside=2)
    ).splitlines()
    self.assertEqual(
      lines[0], 'XNNPACK of litert 2.3 takes 3 of 5 operators, in 2 partitions.'
    )
    self.assertEqual(lines[-1], '2 TILE (INT8): Join.')
    cells = [line.split() for line in lines]
    self.assertIn(
      ['2-3', '2', 'built-in', 'TILE,', 'TILE', 'up,', 'up_2'], cells
    )
    self.assertIn(['4-4', '1', 'XNNPACK', '1', '-', '-'], cells)

  def test_without_a_cure(self):
    text = partition_table.partition_text(
      _delegation(
        [_piece(None, 0, 0, ('EXP', 'depth', ''))], operators_outside=1
      )
    )
    self.assertEndsWith(text, '1 EXP (INT8): no cure is known.')

  def test_runtime_that_does_not_tell(self):
    self.assertEqual(
      partition_table.partition_text(_delegation(None)),
      'litert 2.3 does not tell what its delegate takes.',
    )


if __name__ == '__main__':
  absltest.main()
