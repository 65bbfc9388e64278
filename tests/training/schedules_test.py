# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/schedules.py."""

import math

import keras
import tensorflow as tf

from depth_mai.training import schedules


class SchedulesTest(tf.test.TestCase):
  def _values(self, schedule, steps):
    return [float(schedule(step)) for step in steps]

  def test_polynomial_is_litedepths(self):
    schedule = schedules.polynomial(11500)
    warm = [4e-3 * (1e-4 + (1 - 1e-4) * (s + 1) / 1500) for s in (0, 700)]
    later = [
      1e-3 + 3e-3 * (1 - (s - 1500) / 10000) ** 0.9 for s in (1500, 6000, 11500)
    ]
    self.assertAllClose(
      self._values(schedule, (0, 700, 1500, 6000, 11500)), warm + later
    )

  def test_cosine(self):
    schedule = schedules.cosine(1100, peak=2e-3, end=1e-4, warmup_steps=100)
    expected = [
      2e-3 * 0.5,
      2e-3,
      1e-4 + 1.9e-3 * 0.5,
      1e-4 + 1.9e-3 * 0.5 * (1 + math.cos(0.75 * math.pi)),
      1e-4,
    ]
    self.assertAllClose(
      self._values(schedule, (49, 100, 600, 850, 1100)), expected, atol=1e-8
    )

  def test_a_short_run_keeps_a_warm_up_and_reaches_the_end(self):
    schedule = schedules.cosine(20, peak=1.0, warmup_steps=300)
    self.assertAllClose(self._values(schedule, (0, 1, 2)), [0.5, 1.0, 1.0])
    self.assertAllClose(float(schedule(20)), 0.0, atol=1e-6)

  def test_an_optimizer_uses_it(self):
    schedule = schedules.cosine(10, peak=1.0, warmup_steps=1)
    optimizer = keras.optimizers.SGD(schedule)
    variable = keras.Variable([0.0])
    optimizer.build([variable])
    for _ in range(2):
      optimizer.apply_gradients([(tf.constant([1.0]), variable)])
    self.assertAllClose(variable.numpy(), [-2.0])


if __name__ == '__main__':
  tf.test.main()
