# SPDX-License-Identifier: Apache-2.0
"""Tests of timing inferences."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import interpreter
from depth_mai.runtime import latency
from tests.runtime import tiny_model


class SummariseTest(absltest.TestCase):
  def test_known_numbers(self):
    # 1..11 in disorder: the percentiles fall on values.
    summary = latency.summarise(np.array([3, 1, 2, 11, 10, 9, 4, 5, 6, 8, 7.0]))
    self.assertEqual(summary['median_ms'], 6.0)
    self.assertEqual(summary['p10_ms'], 2.0)
    self.assertEqual(summary['p90_ms'], 10.0)
    self.assertEqual(summary['min_ms'], 1.0)
    self.assertEqual(summary['mean_ms'], 6.0)
    self.assertAlmostEqual(summary['std_ms'], 10**0.5)

  def test_one_slow_run_moves_the_mean_not_the_median(self):
    summary = latency.summarise(np.array([2.0] * 20 + [500.0]))
    self.assertEqual(summary['median_ms'], 2.0)
    self.assertGreater(summary['mean_ms'], 20.0)


class TimeRunsTest(parameterized.TestCase):
  @parameterized.parameters('float32', 'int8', 'uint8')
  def test_any_input_type(self, dtype):
    if dtype == 'float32':
      content = tiny_model.float_model()
    else:
      content = tiny_model.quantised_model(dtype, (6, 8), 1.0, 0, 4.0, 0)
    loaded = interpreter.load_interpreter(content)
    invoke_ms, with_copies_ms = latency.time_runs(loaded, warmup=2, runs=7)
    self.assertEqual(invoke_ms.shape, (7,))
    self.assertEqual(with_copies_ms.shape, (7,))
    self.assertGreater(invoke_ms.min(), 0.0)
    self.assertTrue((with_copies_ms > invoke_ms).all())

  def test_larger_picture_takes_longer(self):
    medians = []
    for size in ((8, 8), (960, 1280)):
      loaded = interpreter.load_interpreter(tiny_model.float_model(size))
      invoke_ms, _ = latency.time_runs(loaded, warmup=2, runs=7)
      medians.append(np.median(invoke_ms))
    # 19200 times the pixels; a unit mistake or an empty loop fails this.
    self.assertGreater(medians[1], 5 * medians[0])
    self.assertBetween(medians[1], 0.1, 1e4)

  @parameterized.parameters(('warmup', 0, 5), ('runs', 5, 0))
  def test_counts_below_one(self, flag, warmup, runs):
    loaded = interpreter.load_interpreter(tiny_model.float_model())
    with self.assertRaisesRegex(ValueError, f'--{flag} must be at least 1'):
      latency.time_runs(loaded, warmup, runs)


if __name__ == '__main__':
  absltest.main()
