# SPDX-License-Identifier: Apache-2.0
"""Tests of the metrics against formulas written pixel by pixel."""

import json
import math

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.metrics import depth_metrics


def reference_metrics(pred_mm, depth_mm):
  """The definitions, one pixel at a time, in Python's own floats."""
  squared, logs, logs10, rels, worst_ratios = [], [], [], [], []
  pixels = zip(np.ravel(pred_mm).tolist(), np.ravel(depth_mm), strict=True)
  for p, d in pixels:
    p, d = max(float(p), 1.0), max(float(d), 1.0)
    if d <= 1.0:
      continue
    squared.append(((d - p) / 1000.0) ** 2)
    logs.append(math.log(p) - math.log(d))
    logs10.append(abs(math.log10(p) - math.log10(d)))
    rels.append(abs(p - d) / d)
    worst_ratios.append(max(p / d, d / p))
  n = len(squared)
  mean_log = math.fsum(logs) / n
  return {
    'rmse': math.sqrt(math.fsum(squared) / n),
    'si_rmse': math.sqrt(math.fsum((e - mean_log) ** 2 for e in logs) / n),
    'log10': math.fsum(logs10) / n,
    'rel': math.fsum(rels) / n,
    'delta1': sum(r < 1.25 for r in worst_ratios) / n,
    'delta2': sum(r < 1.25**2 for r in worst_ratios) / n,
    'delta3': sum(r < 1.25**3 for r in worst_ratios) / n,
  }


def _scene(seed, height=13, width=17):
  """A random ground truth with holes, and a prediction near it."""
  rng = np.random.default_rng(seed)
  depth_mm = np.exp(rng.uniform(np.log(400), np.log(40000), (height, width)))
  depth_mm = depth_mm.astype(np.uint16)
  depth_mm[rng.random(depth_mm.shape) < 0.2] = 0
  pred_mm = depth_mm * np.exp(rng.normal(0.1, 0.4, depth_mm.shape)) + 30.0
  return pred_mm, depth_mm


def _cases():
  pred_mm, depth_mm = _scene(0)
  extreme = np.array([[0, 1, 2, 65535, 65535, 400]], np.uint16)
  other = np.array([[65535, 65535, 65535, 0, 1, 65535]], np.uint16)
  # More pixels of one range than are measured at once.
  large_pred_mm, large_mm = _scene(5, 150, 250)
  large_mm = np.where(large_mm > 0, 4000 + large_mm % 4000, 0)
  return (
    ('float64', pred_mm, depth_mm),
    ('large', large_pred_mm, large_mm),
    ('float32', pred_mm.astype(np.float32), depth_mm),
    ('uint16', pred_mm.clip(0, 65535).astype(np.uint16), depth_mm),
    ('one_channel', pred_mm[..., None], depth_mm[..., None]),
    ('zero_prediction', np.zeros_like(pred_mm), depth_mm),
    ('negative_prediction', -pred_mm, depth_mm),
    ('mixed_signs', pred_mm - 5000.0, depth_mm),
    ('fractions_of_a_mm', pred_mm / 1e5, depth_mm),
    ('huge_prediction', pred_mm * 1e4, depth_mm),
    ('extreme_values', other, extreme),
    ('extreme_values_swapped', extreme, other),
    ('float_truth', pred_mm, depth_mm / 7.0),
    ('signed_truth', pred_mm, depth_mm.astype(np.int32) - 700),
    ('one_known_pixel', np.full((3, 3), 900.0), np.diag([0, 1000, 1])),
    ('thresholds', np.array([[1250.0, 1000.0]]), np.array([[1000, 1250]])),
  )


def _measure(pairs):
  metrics = depth_metrics.DepthMetrics()
  for pair in pairs:
    metrics.add(*pair)
  return metrics.result()


class ImageMetricsTest(parameterized.TestCase):
  @parameterized.named_parameters(*_cases())
  def test_equals_the_definition(self, pred_mm, depth_mm):
    got = depth_metrics.image_metrics(pred_mm, depth_mm)
    want = reference_metrics(pred_mm, depth_mm)
    self.assertSequenceEqual(list(got), depth_metrics.METRIC_NAMES)
    for name, value in want.items():
      self.assertIsInstance(got[name], float)
      self.assertAlmostEqual(
        got[name] / max(value, 1.0),
        value / max(value, 1.0),
        delta=1e-9,
        msg=name,
      )

  def test_known_numbers(self):
    # Errors of +1 m and -1 m at 2 m; e = ln 1.5 and -ln 2.
    got = depth_metrics.image_metrics(
      np.array([[3000.0, 1000.0, 77.0]]), np.array([[2000, 2000, 0]])
    )
    self.assertAlmostEqual(got['rmse'], 1.0, delta=1e-12)
    self.assertAlmostEqual(got['rel'], 0.5, delta=1e-12)
    self.assertAlmostEqual(got['si_rmse'], math.log(3.0) / 2, delta=1e-12)
    self.assertAlmostEqual(got['log10'], math.log10(3.0) / 2, delta=1e-12)
    self.assertEqual(got['delta1'], 0.0)
    self.assertEqual(got['delta2'], 0.5)

  def test_truth_of_one_millimetre_is_unknown(self):
    truth = np.array([[1, 2]], np.uint16)
    got = depth_metrics.image_metrics(np.array([[65535, 2]], np.uint16), truth)
    self.assertEqual(got['rmse'], 0.0)

  def test_unsigned_inputs_do_not_wrap_around(self):
    pred_mm = np.full((2, 2), 1000, np.uint16)
    depth_mm = np.full((2, 2), 3000, np.uint16)
    got = depth_metrics.image_metrics(pred_mm, depth_mm)
    self.assertAlmostEqual(got['rmse'], 2.0, delta=1e-12)
    self.assertAlmostEqual(got['rel'], 2 / 3, delta=1e-12)

  @parameterized.parameters(0.01, 1.7, 2.0, 30.0)
  def test_si_rmse_of_a_scaled_truth_is_zero(self, factor):
    depth_mm = np.exp(np.linspace(6.0, 10.0, 600)).reshape(20, 30)
    got = depth_metrics.image_metrics(depth_mm * factor, depth_mm)
    self.assertAlmostEqual(got['si_rmse'], 0.0, delta=1e-12)
    self.assertAlmostEqual(got['log10'], abs(math.log10(factor)), delta=1e-12)

  def test_inputs_are_not_modified(self):
    pred_mm, depth_mm = _scene(1)
    pred_mm -= 3000.0
    copies = pred_mm.copy(), depth_mm.copy()
    depth_metrics.image_metrics(pred_mm, depth_mm)
    np.testing.assert_array_equal(pred_mm, copies[0])
    np.testing.assert_array_equal(depth_mm, copies[1])

  def test_read_only_inputs_are_fine(self):
    pred_mm, depth_mm = _scene(1)
    pred_mm.flags.writeable = depth_mm.flags.writeable = False
    self.assertGreater(
      depth_metrics.image_metrics(pred_mm, depth_mm)['rmse'], 0.0
    )

  @parameterized.parameters(
    ((4, 4), (4, 5)),
    ((4, 4), (4, 4, 1)),
    ((1, 4), (4, 4)),
    ((), (4, 4)),
  )
  def test_shapes_must_agree(self, pred_shape, depth_shape):
    with self.assertRaisesRegex(ValueError, 'same shape'):
      depth_metrics.image_metrics(
        np.ones(pred_shape) * 900, np.ones(depth_shape) * 900
      )

  @parameterized.parameters((4,), (2, 4, 4), (4, 4, 3), (2, 4, 4, 1))
  def test_only_single_images(self, *shape):
    with self.assertRaisesRegex(ValueError, 'one by one'):
      depth_metrics.image_metrics(np.ones(shape) * 900, np.ones(shape) * 900)

  @parameterized.parameters(np.nan, np.inf, -np.inf)
  def test_refuses_predictions_that_are_not_finite(self, value):
    pred_mm, depth_mm = np.full((2, 2), 900.0), np.array([[900, 900], [900, 0]])
    pred_mm[1, 1] = value  # Unknown there: not measured.
    self.assertEqual(
      depth_metrics.image_metrics(pred_mm, depth_mm)['rmse'], 0.9 - 0.9
    )
    pred_mm[0, 0] = value
    with self.assertRaisesRegex(ValueError, 'at 1 of 3 known pixels'):
      depth_metrics.image_metrics(pred_mm, depth_mm)

  def test_refuses_ground_truth_that_is_not_finite(self):
    with self.assertRaisesRegex(ValueError, 'unknown pixels with 0'):
      depth_metrics.image_metrics(
        np.full((1, 2), 900.0), np.array([[900.0, np.nan]])
      )

  def test_refuses_masks(self):
    with self.assertRaisesRegex(ValueError, 'type bool'):
      depth_metrics.image_metrics(np.ones((2, 2), bool), np.ones((2, 2)))

  def test_no_known_pixel(self):
    with self.assertRaisesRegex(ValueError, 'no known pixel'):
      depth_metrics.image_metrics(np.ones((2, 2)), np.eye(2))


class DepthMetricsTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    # Different sizes and numbers of known pixels: the mean of images and the
    # pooled value differ.
    self.scenes = [_scene(2, 5, 7), _scene(3, 20, 9), _scene(4, 11, 1)]
    self.result = _measure(self.scenes)

  def test_mean_of_images(self):
    each = [reference_metrics(*scene) for scene in self.scenes]
    for name in depth_metrics.METRIC_NAMES:
      want = sum(image[name] for image in each) / 3
      self.assertAlmostEqual(self.result[name], want, delta=1e-9, msg=name)

  def test_pooled(self):
    pooled = reference_metrics(
      np.concatenate([np.ravel(pred_mm) for pred_mm, _ in self.scenes]),
      np.concatenate([np.ravel(depth_mm) for _, depth_mm in self.scenes]),
    )
    for name, want in pooled.items():
      got = self.result[f'pooled_{name}']
      self.assertAlmostEqual(got, want, delta=1e-9, msg=name)
      self.assertNotAlmostEqual(got, self.result[name], places=4, msg=name)

  def test_ranges(self):
    pred_mm = np.concatenate([np.ravel(pred_mm) for pred_mm, _ in self.scenes])
    depth_mm = np.concatenate([np.ravel(depth) for _, depth in self.scenes])
    bounds_m = (
      ('0-1 m', 0, 1),
      ('1-2 m', 1, 2),
      ('2-4 m', 2, 4),
      ('4-8 m', 4, 8),
      ('8-16 m', 8, 16),
      ('16+ m', 16, 1e9),
    )
    self.assertSequenceEqual(
      list(self.result['ranges']), [label for label, _, _ in bounds_m]
    )
    known = np.count_nonzero(depth_mm)
    for label, near_m, far_m in bounds_m:
      inside = (depth_mm >= near_m * 1e3) & (depth_mm < far_m * 1e3)
      inside &= depth_mm > 1
      want = reference_metrics(pred_mm[inside], depth_mm[inside])
      got = self.result['ranges'][label]
      self.assertEqual(got['pixels'], np.count_nonzero(inside))
      self.assertAlmostEqual(got['share'], got['pixels'] / known, delta=1e-12)
      self.assertEqual(got['near_m'], near_m)
      for name in ('rmse', 'log10', 'rel', 'delta1'):
        self.assertAlmostEqual(got[name], want[name], delta=1e-9, msg=name)
      bias_m = np.mean((pred_mm - depth_mm)[inside]) / 1e3
      self.assertAlmostEqual(got['bias'], bias_m, delta=1e-9)
    self.assertIsNone(self.result['ranges']['16+ m']['far_m'])

  def test_edges_belong_to_the_farther_range(self):
    depth_mm = np.array([[999, 1000, 1999, 2000, 4000, 8000, 15999, 16000]])
    got = _measure([(depth_mm, depth_mm)])
    self.assertEqual(
      [errors['pixels'] for errors in got['ranges'].values()],
      [1, 2, 1, 1, 2, 1],
    )

  def test_ranges_without_pixels(self):
    depth_mm = np.full((3, 3), 5000)
    got = _measure([(depth_mm, depth_mm)])
    self.assertEqual(got['ranges']['16+ m']['pixels'], 0)
    self.assertIsNone(got['ranges']['16+ m']['rmse'])
    self.assertEqual(got['ranges']['4-8 m']['rmse'], 0.0)

  def test_images_without_known_pixels_are_counted(self):
    metrics = depth_metrics.DepthMetrics()
    self.assertIsNone(metrics.add(np.ones((4, 4)), np.zeros((4, 4), np.uint16)))
    for scene in self.scenes:
      got = metrics.add(*scene)
      self.assertEqual(got, depth_metrics.image_metrics(*scene))
    result = metrics.result()
    self.assertEqual(result.pop('skipped_images'), 1)
    self.result.pop('skipped_images')
    self.assertEqual(result, self.result)
    self.assertEqual(metrics.images, 3)

  def test_order_does_not_matter(self):
    again = _measure(reversed(self.scenes))
    for name in depth_metrics.METRIC_NAMES:
      for key in (name, f'pooled_{name}'):
        self.assertAlmostEqual(again[key], self.result[key], delta=1e-12)

  def test_counts(self):
    self.assertEqual(self.result['images'], 3)
    self.assertEqual(self.result['skipped_images'], 0)
    self.assertEqual(
      self.result['pixels'],
      sum(np.count_nonzero(depth_mm) for _, depth_mm in self.scenes),
    )

  def test_result_is_json(self):
    text = json.dumps(self.result, allow_nan=False)
    self.assertEqual(json.loads(text), self.result)

  def test_nothing_measured(self):
    with self.assertRaisesRegex(ValueError, '0 images measured, 0 skipped'):
      _measure([])

  def test_shape_error_leaves_the_sums_unchanged(self):
    metrics = depth_metrics.DepthMetrics()
    for scene in self.scenes:
      metrics.add(*scene)
    with self.assertRaises(ValueError):
      metrics.add(np.ones((2, 2)), np.ones((2, 3)))
    self.assertEqual(metrics.result(), self.result)


if __name__ == '__main__':
  absltest.main()
