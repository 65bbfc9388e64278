# SPDX-License-Identifier: Apache-2.0
"""Tests of depth boundary errors, on maps made so that they are known."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.metrics import boundary_error


def _steps(*columns, size=(40, 160)):
  """Returns depth in steps, alternately 2 m and 1 m."""
  depth_mm = np.full(size, 1000.0)
  for column in columns:
    depth_mm[:, column:] = 3000 - depth_mm[:, column:]
  return depth_mm


def _error(pred_mm, depth_mm):
  truth = boundary_error.TrueEdges.of(depth_mm)
  assert truth is not None
  return truth.error(pred_mm)


class ErrorTest(parameterized.TestCase):
  @parameterized.parameters(0, 1, 4, 9)
  def test_a_shift(self, pixels):
    for shift in (-pixels, pixels):
      error = _error(_steps(70 + shift), _steps(70))
      self.assertEqual(error, (pixels, pixels, 1.0))

  @parameterized.parameters(10, 11, 40)
  def test_an_edge_10_pixels_away_is_another_edge(self, pixels):
    self.assertEqual(_error(_steps(70 + pixels), _steps(70)), (10, 10, 1))

  def test_no_edge(self):
    self.assertEqual(_error(_steps(), _steps(70)), (10, 10, 0))

  def test_a_missing_edge_is_incomplete(self):
    # One edge is 2 pixels away, the other 10 or more.
    self.assertEqual(_error(_steps(42), _steps(40, 120)), (2, 6, 0.5))

  def test_an_additional_edge_is_in_the_amount(self):
    self.assertEqual(_error(_steps(40, 120), _steps(40)), (0, 0, 2))

  def test_a_common_factor_does_not_matter(self):
    self.assertEqual(
      _error(5 * _steps(43), _steps(40)), _error(_steps(43), _steps(40))
    )

  def test_coarse_maps_have_worse_edges(self):
    rows, columns = np.indices((240, 320))
    depth_mm = np.where(np.hypot(rows - 120, columns - 150) < 70, 1200, 3000)
    errors = []
    for block in (1, 4, 8, 16):
      means = depth_mm.reshape(240 // block, block, 320 // block, block)
      coarse_mm = np.kron(means.mean(axis=(1, 3)), np.ones((block, block)))
      errors.append(_error(coarse_mm, depth_mm))
    for name in ('accuracy', 'completeness'):
      values = [getattr(error, name) for error in errors]
      self.assertEqual(values[0], 0)
      self.assertEqual(values, sorted(values))
      self.assertGreater(values[-1], 1)

  def test_edges_where_truth_is_unknown_do_not_count(self):
    depth_mm = _steps(40)
    depth_mm[:, 100:] = 0
    self.assertEqual(_error(_steps(40, 130), depth_mm), (0, 0, 1))

  def test_depth_below_a_millimetre_is_a_millimetre(self):
    pred_mm = np.where(_steps(70) > 1500, -7.0, 0.0)
    self.assertEqual(_error(pred_mm, _steps(70)), (10, 10, 0))

  def test_undefined(self):
    sparse_mm = _steps(70)
    sparse_mm[:, ::2] = 0
    self.assertIsNotNone(boundary_error.TrueEdges.of(sparse_mm))
    sparse_mm[0] = 0
    for depth_mm in (_steps(), np.zeros((40, 160)), sparse_mm):
      self.assertIsNone(boundary_error.TrueEdges.of(depth_mm))

  def test_inputs_do_not_change(self):
    depth_mm = _steps(70).astype(np.uint16)
    depth_mm[3, 60:80] = 0
    pred_mm = _steps(72)
    copies = depth_mm.copy(), pred_mm.copy()
    _error(pred_mm, depth_mm)
    np.testing.assert_array_equal(depth_mm, copies[0])
    np.testing.assert_array_equal(pred_mm, copies[1])

  def test_a_wrong_prediction_is_refused(self):
    with self.assertRaisesRegex(ValueError, r'shape \(20, 160\)'):
      _error(_steps(70)[:20], _steps(70))
    with self.assertRaisesRegex(ValueError, 'not finite'):
      _error(np.full((40, 160), np.nan), _steps(70))


class SquaredDistancesTest(parameterized.TestCase):
  @parameterized.parameters((30, 40, 9), (7, 50, 2), (50, 7, 3), (1, 1, 1))
  def test_agrees_with_all_distances(self, height, width, count):
    rng = np.random.default_rng(count)
    edges = np.zeros((height, width), bool)
    edges.flat[rng.choice(edges.size, count, replace=False)] = True
    places = np.argwhere(np.ones_like(edges))
    offsets = places[:, None] - np.argwhere(edges)[None]
    expected = np.square(offsets).sum(-1).min(1).clip(max=100)
    np.testing.assert_array_equal(
      boundary_error.squared_distances(edges), expected.reshape(edges.shape)
    )

  def test_no_edge(self):
    self.assertTrue(
      (boundary_error.squared_distances(np.zeros((20, 30), bool)) == 100).all()
    )


class MeanTest(absltest.TestCase):
  def test_undefined_errors_are_left_out(self):
    errors = [boundary_error.BoundaryError(1.0, 2.0, 3.0), None]
    errors.append(boundary_error.BoundaryError(2.0, 6.0, 0.0))
    self.assertEqual(boundary_error.mean(errors), (1.5, 4.0, 1.5))
    self.assertIsNone(boundary_error.mean([None]))


if __name__ == '__main__':
  absltest.main()
