# SPDX-License-Identifier: Apache-2.0
"""Tests of the edges of depth maps, on maps whose edges are known."""

import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.metrics import depth_edges

# Next to the border, no edges are looked for.
_MARGIN = 12


def _step(ratio=2.0, column=40, size=(60, 90)):
  """Returns depth that jumps by a ratio between column - 1 and column."""
  depth_mm = np.full(size, 1000.0)
  depth_mm[:, column:] *= ratio
  return depth_mm


def _gradient_by_loops(values):
  """Returns the smoothed map's gradients, one convolution for each line."""
  kernel, box = np.ones(1), np.full(7, 1 / 7)
  for _ in range(4):
    kernel = np.convolve(kernel, box)
  smooth = np.log(values)
  for _ in range(2):  # Rows, then columns.
    # The weights beyond the border are left out.
    smooth = np.array(
      [
        np.convolve(line, kernel, 'same')
        / np.convolve(np.ones(line.size), kernel, 'same')
        for line in smooth
      ]
    ).T
  padded = np.pad(smooth, 1, 'edge')
  return (
    (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2,
    (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2,
    kernel[12:14].sum() / 2,
  )


class FindTest(parameterized.TestCase):
  @parameterized.parameters(2.0, 0.5)
  def test_a_step_is_one_pixel_wide(self, ratio):
    expected = np.zeros((60, 90), bool)
    expected[_MARGIN:-_MARGIN, 39] = True
    depth_mm = _step(ratio)
    np.testing.assert_array_equal(depth_edges.find(depth_mm), expected)
    np.testing.assert_array_equal(depth_edges.find(depth_mm.T), expected.T)

  @parameterized.parameters(100.0, 1000.0, 50000.0)
  def test_a_jump_is_a_ratio(self, near_mm):
    scale = near_mm / 1000
    self.assertTrue(depth_edges.find(scale * _step(1.101)).any())
    self.assertFalse(depth_edges.find(scale * _step(1.099)).any())

  def test_a_diagonal_step_is_followed(self):
    rows, columns = np.indices((90, 90))
    found = depth_edges.find(np.where(rows > columns, 3000, 1000))
    self.assertLessEqual(np.abs(rows - columns)[found].max(), 1)
    self.assertTrue(found[_MARGIN:-_MARGIN].any(axis=1).all())

  def test_a_smeared_jump_must_be_higher(self):
    ramp = np.clip((np.arange(90) - 35) / 20, 0, 1)  # 20 pixels, middle 45.
    high, low = (np.tile(1000 * ratio**ramp, (30, 1)) for ratio in (2, 1.15))
    self.assertEqual(np.nonzero(depth_edges.find(high)[15])[0].tolist(), [45])
    self.assertFalse(depth_edges.find(low).any())
    self.assertTrue(depth_edges.find(_step(1.15)).any())

  def test_a_floor_has_no_edges(self):
    # A camera 1.5 m above it, 525 pixels of focal length, up to 10 m away.
    rows = np.arange(79, 400)
    floor_mm = np.tile(1500 * 525 / rows[:, None], (1, 50))
    self.assertFalse(depth_edges.find(floor_mm).any())

  def test_the_smoothing_has_4_pixels_of_standard_deviation(self):
    variance_of_one = (depth_edges.AVERAGE_PX**2 - 1) / 12
    self.assertEqual(depth_edges.AVERAGES * variance_of_one, 4**2)

  def test_agrees_with_loops(self):
    rng = np.random.default_rng(3)
    depth_mm = np.kron(rng.uniform(1000, 4000, (6, 8)), np.ones((12, 13)))
    down, right, response = _gradient_by_loops(depth_mm)
    size = np.round(np.hypot(down, right), 9)
    padded = np.pad(size, 1)
    expected = np.zeros(depth_mm.shape, bool)
    for row, column in np.ndindex(depth_mm.shape):
      degrees = np.degrees(np.arctan2(down[row, column], right[row, column]))
      step = {0: (0, 1), 1: (1, 1), 2: (1, 0), 3: (1, -1)}
      y, x = step[round(degrees / 45) % 4]
      before = padded[row + 1 - y, column + 1 - x]
      after = padded[row + 1 + y, column + 1 + x]
      here = size[row, column]
      expected[row, column] = (
        here >= math.log(1.1) * response and before < here >= after
      )
    expected &= np.pad(np.ones((72 - 24, 104 - 24), bool), _MARGIN)
    self.assertGreater(expected.sum(), 100)
    np.testing.assert_array_equal(depth_edges.find(depth_mm), expected)

  def test_unknown_pixels_are_no_edges(self):
    depth_mm = np.full((60, 90), 2000.0)
    depth_mm[20:40, 30:70] = 0
    self.assertFalse(depth_edges.find(depth_mm).any())
    self.assertFalse(depth_edges.find(np.zeros((60, 90))).any())
    depth_mm = _step()
    depth_mm[40:, 30:50] = 0
    found = depth_edges.find(depth_mm)
    self.assertTrue(found[_MARGIN : 40 - _MARGIN, 39].all())
    self.assertFalse(found[40 - _MARGIN // 2 :].any())
    self.assertFalse((found & ~depth_edges.searched(depth_mm)).any())


class FilledTest(absltest.TestCase):
  def test_small_holes_belong_to_the_farther_surface(self):
    most = depth_edges.MOST_HOLE_PX
    row = [0, 0, 900] + [0] * most + [2000] + [0] * (most + 1) + [700, 0, 600]
    expected = [0, 0, 900] + [2000] * (most + 1) + [0] * (most + 1)
    expected += [700, 700, 600]
    got = depth_edges.filled(np.array([row, row[::-1]], np.uint16))
    np.testing.assert_array_equal(got, [expected, expected[::-1]])

  def test_a_shadow_has_the_edge_of_the_near_thing(self):
    depth_mm = _step(2.0, 40)
    depth_mm[:, 40:55] = 0
    found = depth_edges.find(depth_edges.filled(depth_mm))
    self.assertTrue(found.any())
    np.testing.assert_array_equal(found, depth_edges.find(_step(2.0, 40)))

  def test_nothing_known(self):
    self.assertFalse(depth_edges.filled(np.zeros((5, 6), np.uint16)).any())


if __name__ == '__main__':
  absltest.main()
