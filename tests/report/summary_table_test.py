# SPDX-License-Identifier: Apache-2.0
"""Tests of the summary's text."""

from absl.testing import absltest

from depth_mai.report import summary_table


def _operator(index, kind, **changes):
  return {
    'index': index,
    'kind': kind,
    'output': f'layer_{index}',
    'input_shapes': [[1, 8, 10, 3]],
    'output_shape': [1, 4, 5, 16],
    'kernel': None,
    'macs': 0,
    'macs_share': 0.0,
    'output_elements': 320,
    'parameters': 0,
    'weight_bytes': 0,
    'activation_bytes': 2240,
    'at_load': False,
  } | changes


def _summary():
  operators = [
    _operator(0, 'DEQUANTIZE', at_load=True),
    _operator(
      1,
      'CONV_2D',
      kernel=[3, 5],
      macs=14400,
      macs_share=1.0,
      parameters=736,
      weight_bytes=2944,
    ),
    _operator(
      2, 'CONCATENATION', input_shapes=[[1, 4, 5, 8]] * 3, output_shape=[1, 24]
    ),
    _operator(3, 'CUSTOM:Erf', macs=None),
  ]
  sums = {
    'macs': 14400,
    'output_elements': 1280,
    'parameters': 736,
    'weight_bytes': 2944,
    'activation_bytes': 8960,
  }
  return {
    'model': {
      'file': 'tcl_fp16.tflite',
      'bytes': 1507424,
      'sha256': 'abc',
      'metadata': {'system': 'tcl', 'input': {'range': [0, 255]}},
    },
    'system': 'tcl',
    'precision': None,
    'inputs': [{'name': 'rgb', 'type': 'FLOAT32', 'shape': [1, 8, 10, 3]}],
    'outputs': [{'name': 'd', 'type': 'FLOAT32', 'shape': [1, 4, 5, 1]}],
    'operators': operators,
    'kinds': [{'kind': 'CONV_2D', 'operators': 1, 'macs_share': 1.0, **sums}],
    'totals': {'operators': 4, **sums},
    'notes': ['The MACs of 1 CUSTOM:Erf are not known.'],
  }


class SummaryTextTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.lines = summary_table.summary_text(_summary()).splitlines()

  def cells_of(self, start):
    """Returns the words of the line that starts with a text."""
    return next(
      line for line in self.lines if line.strip().startswith(start)
    ).split()

  def test_head(self):
    self.assertEqual(
      self.cells_of('file'), ['file', 'tcl_fp16.tflite,', '1.507', 'MB']
    )
    self.assertEqual(self.cells_of('precision'), ['precision', '-'])
    self.assertEqual(self.cells_of('MACs')[1:], ['14,400', '(0.0', 'M)'])
    self.assertIn('[1, 8, 10, 3]', ' '.join(self.cells_of('input ')))

  def test_operators(self):
    self.assertEqual(
      self.cells_of('1  CONV_2D'),
      '1 CONV_2D 8x10x3 -> 4x5x16 3x5 14,400 100.0% 320 736 2,944'.split()
      + ['2,240'],
    )
    self.assertEqual(
      self.cells_of('2  CONCATENATION')[2:9],
      '4x5x8 + 4x5x8 + ... -> 1x24'.split(),
    )
    # Unknown is not 0.
    self.assertEqual(self.cells_of('3  CUSTOM:Erf')[5:8], ['-', '-', '0.0%'])

  def test_operators_at_load_are_counted_but_not_listed(self):
    listed = [line for line in self.lines if 'DEQUANTIZE' in line]
    self.assertEqual(
      listed, ['(Not listed: 1 DEQUANTIZE that prepare weights at load time.)']
    )

  def test_kinds_end_with_the_totals(self):
    self.assertEqual(
      self.cells_of('all'),
      'all 4 14,400 100.0% 1,280 736 2,944 8,960'.split(),
    )

  def test_notes_and_metadata(self):
    self.assertIn('The MACs of 1 CUSTOM:Erf are not known.', self.lines)
    self.assertEqual(
      self.cells_of('input.range'), ['input.range', '[0,', '255]']
    )


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


class PartitionTextTest(absltest.TestCase):
  def test_whole_graph(self):
    self.assertEqual(
      summary_table.partition_text(_delegation([_piece(0, 0, 4)])),
      'XNNPACK of litert 2.3 takes the whole graph: 5 operators, one piece.',
    )

  def test_pieces_and_causes(self):
    pieces = [
      _piece(0, 0, 1),
      _piece(None, 2, 3, ('TILE', 'up', 'Join.'), ('TILE', 'up_2', 'Join.')),
      _piece(1, 4, 4),
    ]
    lines = summary_table.partition_text(
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
    text = summary_table.partition_text(
      _delegation(
        [_piece(None, 0, 0, ('EXP', 'depth', ''))], operators_outside=1
      )
    )
    self.assertEndsWith(text, '1 EXP (INT8): No cure is known.')

  def test_runtime_without_partitions(self):
    self.assertEqual(
      summary_table.partition_text(_delegation(None)),
      'litert 2.3 does not report what its delegate takes.',
    )


if __name__ == '__main__':
  absltest.main()
