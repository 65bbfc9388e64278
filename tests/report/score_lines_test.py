# SPDX-License-Identifier: Apache-2.0
"""Tests of the lines of equal score, against the report's Table 1."""

from absl.testing import absltest
from absl.testing import parameterized
from matplotlib import figure as figure_lib
import numpy as np

from depth_mai.report import score_lines


def _axis(runtimes_ms, si_rmse):
  figure = figure_lib.Figure(figsize=(6, 6), dpi=100)
  axis = figure.subplots()
  axis.set_xscale('log')
  axis.set_xlim(runtimes_ms)
  axis.set_ylim(si_rmse)
  return axis


class RuntimesTest(parameterized.TestCase):
  # Score, si-RMSE and runtime of the report's Table 1; the score is rounded.
  @parameterized.parameters(
    (298, 0.2773, 46), (188, 0.299, 54), (122, 0.2836, 103), (42, 0.338, 142)
  )
  def test_table_1(self, score, si_rmse, runtime_ms):
    got = score_lines.runtimes_ms(score, si_rmse)
    self.assertAlmostEqual(got / runtime_ms, 1.0, delta=0.6 / score)

  def test_half_the_runtime_for_each_twentieth(self):
    got = score_lines.runtimes_ms(100.0, np.array([0.0, 0.05, 0.1, 0.2]))
    np.testing.assert_allclose(got, [6400, 3200, 1600, 400])


class DrawTest(absltest.TestCase):
  def test_lines_are_where_the_formula_puts_them(self):
    axis = _axis((30.0, 160.0), (0.26, 0.36))
    score_lines.draw(axis)
    scores = [float(line.get_gid().split()[1]) for line in axis.lines]
    self.assertBetween(len(scores), 3, 8)
    for line, score in zip(axis.lines, scores, strict=True):
      for runtime_ms, si_rmse in zip(*line.get_data(), strict=True):
        got = 640000 / (2 ** (20 * si_rmse) * runtime_ms)
        self.assertAlmostEqual(got / score, 1.0)
    # Highest and lowest score in the panel: its lower left, upper right corner.
    self.assertLess(max(scores), 640000 / (2**5.2 * 30))
    self.assertGreater(min(scores), 640000 / (2**7.2 * 160))

  def test_each_label_lies_on_its_line_and_inside(self):
    axis = _axis((30.0, 160.0), (0.26, 0.36))
    boxes = score_lines.draw(axis)
    self.assertLen(boxes, len(axis.lines))
    panel = axis.get_window_extent()
    to_data = axis.transData.inverted()
    for box, text, line in zip(boxes, axis.texts, axis.lines, strict=True):
      left, bottom, right, top = box
      middle = ((left + right) / 2, (bottom + top) / 2)
      self.assertTrue(panel.contains(*middle))
      runtime_ms, si_rmse = to_data.transform(middle)
      score = float(text.get_text().removeprefix('score ').replace(',', ''))
      self.assertEqual(line.get_gid(), f'score {score:g}')
      got = 640000 / (2 ** (20 * si_rmse) * runtime_ms)
      self.assertAlmostEqual(got / score, 1.0, delta=0.01)

  def test_lines_look_straight(self):
    axis = _axis((2.0, 500.0), (0.1, 0.5))
    score_lines.draw(axis)
    line = axis.lines[0]
    score = float(line.get_gid().split()[1])
    si_rmse = np.linspace(0.1, 0.5, 9)
    way = axis.transData.transform(
      np.stack((640000 * 0.5 ** (20 * si_rmse) / score, si_rmse), axis=-1)
    )
    ends = axis.transData.transform(line.get_xydata())
    slope = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    offset = np.cross(np.append(slope, 0), np.c_[way - ends[0], np.zeros(9)])
    np.testing.assert_allclose(offset[:, 2], 0.0, atol=1e-6)


class NumberTest(parameterized.TestCase):
  @parameterized.parameters(
    (5489.3, '5,489'),
    (297.8, '298'),
    (10.0, '10'),
    (4.56, '4.6'),
    (0.1234, '0.12'),
  )
  def test_forms(self, score, expected):
    self.assertEqual(score_lines.number(score), expected)


if __name__ == '__main__':
  absltest.main()
