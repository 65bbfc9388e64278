# SPDX-License-Identifier: Apache-2.0
"""Tests of the plot: points, sizes, legends and lines of equal score."""

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


def _systems(axis):
  """Returns the points of a panel."""
  return [one for one in axis.collections if one.get_gid() == 'system']


def _numbers(axis):
  """Returns the numbers next to the points."""
  return [text for text in axis.texts if text.get_gid() == 'number']


def _contours(axis):
  return next(one for one in axis.collections if hasattr(one, 'levels'))


def _scores(axis):
  """Returns the lines of equal score, score to [N, 2]."""
  lines = _contours(axis)
  return {
    round(float(np.exp(-level)), 6): path.vertices
    for level, path in zip(lines.levels, lines.get_paths(), strict=True)
  }


def _score_labels(axis):
  return _contours(axis).labelTexts


def _legend(axis):
  return [text.get_text() for text in axis.get_legend().get_texts()]


def _places(axis):
  """Returns (runtime, si-RMSE) of the points of a panel, a set."""
  return {
    tuple(float(value) for value in points.get_offsets()[0])
    for points in _systems(axis)
  }


class DrawTest(parameterized.TestCase):
  def test_points_are_the_rows(self):
    board = small_leaderboard.leaderboard()
    ours, theirs = _drawn().axes
    self.assertEqual(
      _places(ours),
      {(row['runtime_ms'], row['si_rmse']) for row in board['rows']},
    )
    self.assertEqual(
      _places(theirs), {(row[8], row[4]) for row in small_leaderboard.TABLE_1}
    )
    self.assertEqual(ours.get_xscale(), 'log')

  def test_legend_gives_names_and_scores(self):
    _, theirs = _drawn().axes
    self.assertEqual(
      _legend(theirs),
      [
        f'{number}  {row[1]} · {row[-1]}'
        for number, row in enumerate(reversed(small_leaderboard.TABLE_1), 1)
      ],
    )

  def test_points_have_the_number_and_colour_of_their_legend_entry(self):
    for axis in _drawn().axes:
      entries = zip(
        _systems(axis),
        _numbers(axis),
        axis.get_legend().legend_handles,
        _legend(axis),
        strict=True,
      )
      for points, text, handle, entry in entries:
        self.assertEqual(text.get_text(), entry.split()[0])
        self.assertEqual(text.xy, tuple(points.get_offsets()[0]))
        for colour in ('get_facecolor', 'get_edgecolor'):
          np.testing.assert_array_equal(
            getattr(points, colour)(), getattr(handle, colour)()
          )

  def test_the_best_score_is_bold(self):
    for axis, best in zip(_drawn().axes, ('JMU-CVLab', 'TCL'), strict=True):
      texts = axis.get_legend().get_texts()
      bold = [one for one in texts if one.get_fontweight() == 'bold']
      self.assertLen(bold, 1)
      self.assertIn(best, bold[0].get_text())

  def test_legends_lie_outside_the_panels(self):
    figure = _drawn()
    boxes = [axis.get_window_extent() for axis in figure.axes]
    for axis in figure.axes:
      boxes.append(axis.get_legend().get_window_extent())
    boxes.append(figure.legends[0].get_window_extent())
    for first, second in itertools.combinations(boxes, 2):
      self.assertFalse(first.overlaps(second))
    for box in boxes:
      self.assertTrue(figure.bbox.contains(*box.min))
      self.assertTrue(figure.bbox.contains(*box.max))

  def test_area_is_the_size_of_the_file(self):
    board = small_leaderboard.leaderboard()
    figure = _drawn()
    for axis, sizes_mb in (
      (figure.axes[0], [row['size_mb'] for row in board['rows']]),
      (figure.axes[1], [row['report']['size_mb'] for row in board['rows']]),
    ):
      areas = np.array([points.get_sizes()[0] for points in _systems(axis)])
      np.testing.assert_allclose(
        areas / areas.sum(), np.array(sizes_mb) / sum(sizes_mb)
      )
    (legend,) = figure.legends
    for line, text in zip(
      legend.legend_handles, legend.get_texts(), strict=True
    ):
      size_mb = float(text.get_text().removesuffix(' MB'))
      # The largest file, 7.1 MB in Table 1, sets the scale of both panels.
      largest = max(
        points.get_sizes()[0] for points in _systems(figure.axes[1])
      )
      self.assertAlmostEqual(
        line.get_markersize() ** 2 / largest, size_mb / 7.1
      )

  def test_ours_are_filled_and_the_paper_s_are_hollow(self):
    ours, theirs = _drawn().axes
    for filled, hollow in zip(_systems(ours), _systems(theirs), strict=True):
      self.assertEqual(colors.to_hex(hollow.get_facecolor()[0]), '#ffffff')
      # One system has one colour in both panels.
      np.testing.assert_array_equal(
        filled.get_facecolor(), hollow.get_edgecolor()
      )

  def test_panels_name_data_and_device(self):
    ours, theirs = _drawn().axes
    texts = ' '.join(text.get_text() for text in ours.texts)
    self.assertIn('rooms, validation split, 40 pictures', texts)
    self.assertIn('Testing board', texts)
    self.assertIn('Table 1 of the paper', theirs.get_title(loc='left'))
    texts = ' '.join(text.get_text() for text in theirs.texts)
    self.assertIn('Raspberry Pi 4: other data, another device', texts)

  def test_without_the_paper(self):
    board = small_leaderboard.leaderboard()
    for row in board['rows']:
      row['report'] = None
    self.assertLen(leaderboard_plot.draw(board).axes, 1)

  def test_rows_without_a_figure_are_left_out(self):
    board = small_leaderboard.leaderboard()
    board['rows'][0]['runtime_ms'] = None
    board['rows'][1]['si_rmse'] = float('nan')
    board['rows'][2]['size_mb'] = None
    ours, theirs = leaderboard_plot.draw(board).axes
    self.assertLen(_systems(ours), 6)
    self.assertLen(_legend(ours), 6)
    self.assertLen(_systems(theirs), 8)

  def test_one_row(self):
    board = small_leaderboard.leaderboard()
    del board['rows'][1:]
    ours, _ = leaderboard_plot.draw(board).axes
    low, high = ours.get_xlim()
    self.assertGreater(high / low, 2.0)
    self.assertNotEmpty(_scores(ours))

  def test_errors(self):
    board = small_leaderboard.leaderboard()
    for row in board['rows']:
      row['runtime_ms'] = None
    with self.assertRaisesRegex(ValueError, 'None of the 8 rows'):
      leaderboard_plot.draw(board)


class ScoreLinesTest(parameterized.TestCase):
  def test_lines_are_where_the_formula_puts_them(self):
    for axis in _drawn().axes:
      scores = _scores(axis)
      self.assertBetween(len(scores), 3, 8)
      for score, path in scores.items():
        runtimes_ms, si_rmse = path.T
        got = 640000 / (2 ** (20 * si_rmse) * runtimes_ms)
        np.testing.assert_allclose(got, score, rtol=1e-3)
      # The corners of the panel have the highest and the lowest score.
      (fast_ms, slow_ms), (low, high) = axis.get_xlim(), axis.get_ylim()
      self.assertLess(max(scores), 640000 / (2 ** (20 * low) * fast_ms))
      self.assertGreater(min(scores), 640000 / (2 ** (20 * high) * slow_ms))

  def test_each_line_has_its_label_inside_the_panel(self):
    for axis in _drawn().axes:
      panel, to_data = axis.get_window_extent(), axis.transData.inverted()
      labels = _score_labels(axis)
      self.assertLen(labels, len(_scores(axis)))
      for text in labels:
        box = text.get_window_extent()
        middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        self.assertTrue(panel.contains(*middle))
        runtime_ms, si_rmse = to_data.transform(middle)
        score = float(text.get_text().removeprefix('score ').replace(',', ''))
        got = 640000 / (2 ** (20 * si_rmse) * runtime_ms)
        self.assertAlmostEqual(got / score, 1.0, delta=0.02)

  def test_lines_look_straight(self):
    axis = _drawn().axes[0]
    for path in _scores(axis).values():
      way = axis.transData.transform(path)
      start, end = way[np.argmin(way[:, 0])], way[np.argmax(way[:, 0])]
      slope = (end - start) / np.hypot(*(end - start))
      offsets = (way - start) @ np.array([-slope[1], slope[0]])
      np.testing.assert_allclose(offsets, 0.0, atol=0.5)

  # Score, si-RMSE and runtime in Table 1 of the paper; the score is rounded.
  @parameterized.parameters(
    (298, 0.2773, 46), (188, 0.299, 54), (122, 0.2836, 103), (42, 0.338, 142)
  )
  def test_legend_scores_are_those_of_table_1(self, score, si_rmse, runtime_ms):
    entries = _legend(_drawn().axes[1])
    got = 640000 / (2 ** (20 * si_rmse) * runtime_ms)
    self.assertAlmostEqual(got / score, 1.0, delta=0.6 / score)
    self.assertTrue(any(entry.endswith(f' {score}') for entry in entries))

  @parameterized.parameters(
    (5489.3, '5,489'),
    (297.8, '298'),
    (10.0, '10'),
    (4.56, '4.6'),
    (0.1234, '0.12'),
  )
  def test_number(self, score, expected):
    self.assertEqual(leaderboard_plot.number(score), expected)


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
    self.assertIn("pip install '.[report]'", done.stderr)


if __name__ == '__main__':
  absltest.main()
