# SPDX-License-Identifier: Apache-2.0
"""Tests of finding range and unit, declared or by trial."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.judging import detection

_RANGES = ('0..255', '0..1', '-1..1')


def _trials(factor, noise=0.0, seed=0):
  """Returns trials that predict factor times the truth, with noise."""
  rng = np.random.default_rng(seed)
  trials = []
  for _ in range(3):
    depth_mm = rng.integers(500, 9000, (12, 16)).astype(np.uint16)
    depth = depth_mm * factor * np.exp(noise * rng.normal(size=depth_mm.shape))
    depth_mm[rng.random(depth_mm.shape) < 0.3] = 0
    trials.append(detection.Trial(depth.astype(np.float32), depth_mm))
  return trials


class RangeTest(parameterized.TestCase):
  @parameterized.parameters(
    # The flag, then the metadata, then the quantisation.
    ('0..1', {'range': [0, 255]}, (-1.0, 1.0), '0..1', '--input_range'),
    ('auto', {'range': [0, 255]}, (-1.0, 1.0), '0..255', 'metadata'),
    ('auto', {'range': [0, 7]}, (-1.0, 1.0), '-1..1', 'quantisation'),
    ('auto', {}, (0.0, 1.004), '0..1', 'quantisation'),
    ('auto', {}, (-1.0, 255.0), '0..255', 'quantisation'),
  )
  def test_order_of_the_declarations(self, flag, metadata, covered, want, why):
    got = detection.declared_range(flag, metadata, covered, raw=False)
    self.assertEqual(got.value, want)
    self.assertIn(why, got.why)
    self.assertFalse(got.with_truth)

  def test_bytes_without_a_scale(self):
    got = detection.declared_range('0..1', {}, None, raw=True)
    self.assertEqual(got.value, '0..255')

  @parameterized.parameters((None,), ((0.0, 6.0),), ((-128.0, 127.0),))
  def test_no_valid_declaration(self, covered):
    self.assertIsNone(
      detection.declared_range('auto', {'range': 'x'}, covered, raw=False)
    )

  @parameterized.parameters(*_RANGES)
  def test_the_smallest_error_wins(self, right):
    got = detection.find_range(
      _RANGES,
      None,
      lambda name: _trials(1.0, 0.1 if name == right else 0.5),
    )
    self.assertEqual(got.value, right)
    self.assertTrue(got.with_truth)
    for name in _RANGES:
      self.assertIn(name, got.why)

  def test_a_small_difference_keeps_the_first_candidate(self):
    noise = {'0..255': 0.300, '0..1': 0.299, '-1..1': 0.5}
    got = detection.find_range(
      _RANGES, 'mm', lambda name: _trials(1.0, noise[name])
    )
    self.assertEqual(got.value, '0..255')

  def test_predictions_in_metres(self):
    # Read as millimetres, all would be clipped at 1 mm: equal errors.
    got = detection.find_range(
      _RANGES,
      None,
      lambda name: _trials(1e-3, 0.1 if name == '0..1' else 0.6),
    )
    self.assertEqual(got.value, '0..1')

  def test_predictions_that_are_not_finite_lose(self):
    broken = [
      trial._replace(depth=trial.depth * np.float32(np.nan))
      for trial in _trials(1.0)
    ]
    got = detection.find_range(
      _RANGES, None, lambda name: broken if name == '0..255' else _trials(1.0)
    )
    self.assertEqual(got.value, '0..1')


class UnitTest(parameterized.TestCase):
  @parameterized.parameters(
    ('m', {'output_unit': 'mm'}, 'm', '--unit'),
    ('auto', {'output_unit': 'm'}, 'm', 'metadata'),
    ('auto', {'output_unit': 'mm'}, 'mm', 'metadata'),
  )
  def test_the_flag_comes_before_the_metadata(self, flag, metadata, want, why):
    got = detection.declared_unit(flag, metadata)
    self.assertEqual(got.value, want)
    self.assertIn(why, got.why)

  def test_no_valid_declaration(self):
    for unit in ('inch', None, 7, [0, 1], {}):
      self.assertIsNone(detection.declared_unit('auto', {'output_unit': unit}))

  @parameterized.parameters(
    (1.0, 'mm', ''),
    (0.5, 'mm', ''),
    (4.0, 'mm', ''),
    (1e-3, 'm', ''),
    (3e-3, 'm', ''),
    (0.4e-3, 'm', ''),
    # The geometric mean of both is a factor of 1000 ** 0.5 from each.
    (1.05 * 1000**-0.5, 'mm', ''),
    (0.95 * 1000**-0.5, 'm', ''),
    (100.0, 'mm', '100 times off'),
    (1e-5, 'm', '100 times off'),
  )
  def test_the_nearest_unit_wins(self, factor, want, doubt):
    got = detection.find_unit(_trials(factor))
    self.assertEqual(got.value, want)
    self.assertTrue(got.with_truth)
    self.assertEqual(bool(got.doubt), bool(doubt), got)
    self.assertIn(doubt.split(' times')[0].rstrip('0'), got.doubt)

  @parameterized.parameters(0.0, -1.0, np.nan)
  def test_predictions_without_a_unit(self, factor):
    got = detection.find_unit(_trials(factor))
    self.assertEqual(got.value, 'mm')
    self.assertIn('unclear', got.doubt)


if __name__ == '__main__':
  absltest.main()
