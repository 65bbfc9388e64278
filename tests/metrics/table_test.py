# SPDX-License-Identifier: Apache-2.0
"""Tests of the text tables."""

from absl.testing import absltest
import numpy as np

from depth_mai.metrics import depth_metrics
from depth_mai.metrics import table


class TextTableTest(absltest.TestCase):
  def test_alignment(self):
    got = table.text_table(
      ('system', 'si-RMSE', 'ms'), [('tcl', 0.2773, 46), ('icl', None, 142)]
    )
    self.assertEqual(
      got,
      'system  si-RMSE   ms\n'
      '------  -------  ---\n'
      'tcl      0.2773   46\n'
      'icl           -  142',
    )

  def test_formats(self):
    got = table.text_table(
      ('a', 'b'), [(1234567, 0.5), (-1, np.float64(0.25))], (',d', '.1%')
    )
    self.assertEqual(
      got.splitlines()[2:], ['1,234,567  50.0%', '       -1  25.0%']
    )

  def test_no_rows(self):
    self.assertEqual(table.text_table(('a', 'bc'), []), 'a  bc\n-  --')

  def test_wrong_number_of_cells(self):
    with self.assertRaisesRegex(ValueError, '1 entries .* 2 columns'):
      table.text_table(('a', 'b'), [('x',)])
    with self.assertRaisesRegex(ValueError, 'formats has 3'):
      table.text_table(('a', 'b'), [], ('', '', ''))


class MarkdownTableTest(absltest.TestCase):
  def test_alignment_and_formats(self):
    got = table.markdown_table(
      ('system', 'MMACs', 'a|b'),
      [('tcl', 80.25, 'x|y'), ('icl', None, 'z')],
      ('', '.1f', ''),
    )
    self.assertEqual(
      got,
      '| system | MMACs | a\\|b |\n'
      '| --- | ---: | --- |\n'
      '| tcl | 80.2 | x\\|y |\n'
      '| icl | - | z |',
    )

  def test_wrong_number_of_cells(self):
    with self.assertRaisesRegex(ValueError, '1 entries .* 2 columns'):
      table.markdown_table(('a', 'b'), [('x',)])


class MetricsTablesTest(absltest.TestCase):
  def test_metrics_and_ranges(self):
    depth_mm = np.array([[1500, 1500, 9000, 0]])
    pred_mm = np.array([[3000, 1500, 9000, 5]])
    metrics = depth_metrics.DepthMetrics()
    metrics.add(pred_mm, depth_mm)
    metrics.add(pred_mm, depth_mm * 0)
    lines = table.metrics_tables(metrics.result()).splitlines()
    self.assertEqual(
      lines[0], '1 images, 3 known pixels; 1 skipped (no known pixel)'
    )
    cells = {line.split('  ')[0]: line.split() for line in lines if line}
    self.assertEqual(cells['RMSE [m]'][2:], ['0.8660', '0.8660'])
    self.assertEqual(
      cells['1-2 m'][2:],
      ['2', '66.7%', '1.0607', '+0.7500', '0.1505', '0.5000', '0.5000'],
    )
    self.assertEqual(cells['2-4 m'][2:], ['0', '0.0%'] + ['-'] * 5)


if __name__ == '__main__':
  absltest.main()
