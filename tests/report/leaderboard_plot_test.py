# SPDX-License-Identifier: Apache-2.0
"""Tests of the plot: which points, how large, no name covers another."""

import functools
import itertools
import os
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized
from matplotlib import colors
import numpy as np
from PIL import Image

from depth_mai.report import leaderboard_plot
from tests.report import small_leaderboard


@functools.cache
def _drawn():
  """Returns the plot of the whole leaderboard; not to be changed."""
  return leaderboard_plot.draw(small_leaderboard.leaderboard())


def _labels(axis):
  return [text for text in axis.texts if text.get_gid() == 'label']


def _points(axis):
  """Returns (runtime, si-RMSE) of the points of a panel, a set."""
  return {
    tuple(float(value) for value in points.get_offsets()[0])
    for points in axis.collections
  }


class DrawTest(parameterized.TestCase):
  def test_points_are_the_rows(self):
    board = small_leaderboard.leaderboard()
    ours, theirs = _drawn().axes
    self.assertEqual(
      _points(ours),
      {(row['runtime_ms'], row['si_rmse']) for row in board['rows']},
    )
    self.assertEqual(
      _points(theirs), {(row[8], row[4]) for row in small_leaderboard.TABLE_1}
    )
    self.assertEqual(ours.get_xscale(), 'log')

  def test_labels_carry_the_report_s_scores(self):
    _, theirs = _drawn().axes
    self.assertEqual(
      {text.get_text() for text in _labels(theirs)},
      {f'{row[1]} · {row[-1]}' for row in small_leaderboard.TABLE_1},
    )

  def test_no_label_covers_another_or_leaves_the_panel(self):
    board = small_leaderboard.leaderboard()
    for row in board['rows']:
      # Closer together than in the report.
      row['runtime_ms'] = 40 + row['runtime_ms']
      row['si_rmse'] = 0.25 + row['si_rmse'] / 20
    for axis in leaderboard_plot.draw(board).axes:
      boxes = [text.get_window_extent() for text in _labels(axis)]
      self.assertLen(boxes, 8)
      for first, second in itertools.combinations(boxes, 2):
        self.assertFalse(first.overlaps(second))
      panel = axis.get_window_extent().padded(1.0)
      for box in boxes:
        self.assertTrue(panel.contains(box.x0, box.y0))
        self.assertTrue(panel.contains(box.x1, box.y1))

  def test_labels_stand_beside_their_points(self):
    axis = _drawn().axes[1]
    places = {
      f'{row[1]} · {row[-1]}': axis.transData.transform((row[8], row[4]))
      for row in small_leaderboard.TABLE_1
    }
    for text in _labels(axis):
      box, point = text.get_window_extent(), places[text.get_text()]
      nearest = np.clip(point, (box.x0, box.y0), (box.x1, box.y1))
      self.assertLess(np.hypot(*(nearest - point)), 60)

  def test_area_is_the_size_of_the_file(self):
    board = small_leaderboard.leaderboard()
    figure = _drawn()
    for axis, sizes_mb in (
      (figure.axes[0], [row['size_mb'] for row in board['rows']]),
      (figure.axes[1], [row['report']['size_mb'] for row in board['rows']]),
    ):
      areas = np.array([points.get_sizes()[0] for points in axis.collections])
      np.testing.assert_allclose(
        areas / areas.sum(), np.array(sizes_mb) / sum(sizes_mb)
      )
    (legend,) = figure.legends
    for line, text in zip(
      legend.legend_handles, legend.get_texts(), strict=True
    ):
      size_mb = float(text.get_text().removesuffix(' MB'))
      # Table 1's 7.1 MB are the largest file: the same scale in both panels.
      largest = max(
        points.get_sizes()[0] for points in figure.axes[1].collections
      )
      self.assertAlmostEqual(
        line.get_markersize() ** 2 / largest, size_mb / 7.1
      )

  def test_ours_are_filled_and_the_report_s_are_hollow(self):
    ours, theirs = _drawn().axes
    for filled, hollow in zip(
      ours.collections, theirs.collections, strict=True
    ):
      self.assertEqual(colors.to_hex(hollow.get_facecolor()[0]), '#ffffff')
      # One system has one colour in both panels.
      np.testing.assert_array_equal(
        filled.get_facecolor(), hollow.get_edgecolor()
      )

  def test_panels_say_where_the_figures_are_from(self):
    ours, theirs = _drawn().axes
    texts = ' '.join(text.get_text() for text in ours.texts)
    self.assertIn('rooms, validation split, 40 pictures', texts)
    self.assertIn('Testing board', texts)
    self.assertIn("The report's Table 1", theirs.get_title(loc='left'))
    texts = ' '.join(text.get_text() for text in theirs.texts)
    self.assertIn('Raspberry Pi 4: other data, another device', texts)

  def test_without_the_report(self):
    board = small_leaderboard.leaderboard()
    self.assertLen(leaderboard_plot.draw(board, with_report=False).axes, 1)
    for row in board['rows']:
      row['report'] = None
    self.assertLen(leaderboard_plot.draw(board).axes, 1)

  def test_rows_without_a_figure_are_left_out(self):
    board = small_leaderboard.leaderboard()
    board['rows'][0]['runtime_ms'] = None
    board['rows'][1]['si_rmse'] = float('nan')
    board['rows'][2]['size_mb'] = None
    ours, theirs = leaderboard_plot.draw(board).axes
    self.assertLen(_labels(ours), 6)
    self.assertLen(_labels(theirs), 8)

  def test_one_row(self):
    board = small_leaderboard.leaderboard()
    del board['rows'][1:]
    ours, _ = leaderboard_plot.draw(board).axes
    low, high = ours.get_xlim()
    self.assertGreater(high / low, 2.0)
    self.assertNotEmpty(ours.lines)

  def test_errors(self):
    board = small_leaderboard.leaderboard()
    for row in board['rows']:
      row['runtime_ms'] = None
    with self.assertRaisesRegex(ValueError, 'None of the 8 rows'):
      leaderboard_plot.draw(board)


class SavePlotTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.create_tempdir().full_path, 'plot.png')

  def test_writes_a_picture(self):
    leaderboard_plot.save_plot(self.path, small_leaderboard.leaderboard())
    with Image.open(self.path) as saved:
      self.assertGreater(min(saved.size), 500)
    self.assertEqual(os.listdir(os.path.dirname(self.path)), ['plot.png'])

  def test_without_matplotlib_names_what_to_install(self):
    program = (
      'import sys\n'
      "sys.modules['matplotlib'] = None\n"
      f'sys.path[:] = {sys.path!r}\n'
      'from depth_mai.report import leaderboard_plot\n'
      f'leaderboard_plot.save_plot({self.path!r}, {{}})\n'
    )
    done = subprocess.run(
      [sys.executable, '-c', program], capture_output=True, text=True
    )
    self.assertEqual(done.returncode, 1)
    self.assertIn("pip install 'depth_mai[report]'", done.stderr)


if __name__ == '__main__':
  absltest.main()
