# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/stage_times.py with a simulated clock."""

from absl.testing import absltest

from depth_mai.streaming import stage_times


class StageTimesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.now_s = 100.0
    self.times = stage_times.StageTimes(lambda: self.now_s)

  def _frame(self, drawing_s, idle_s=0.0):
    arrived_s = self.now_s
    with self.times.stage('drawing'):
      self.now_s += drawing_s
    self.times.finish_frame(arrived_s)
    self.now_s += idle_s

  def test_no_rate_before_the_second_frame(self):
    self.assertIsNone(self.times.frames_per_second())
    self._frame(0.1)
    self.assertIsNone(self.times.frames_per_second())
    self.assertIsNone(self.times.mean_frames_per_second())
    self._frame(0.1)
    self.assertAlmostEqual(self.times.frames_per_second(), 10)

  def test_the_rate_is_that_of_the_last_seconds(self):
    for _ in range(20):
      self._frame(0.1, idle_s=0.4)  # 2 a second
    self.assertAlmostEqual(self.times.frames_per_second(), 2)
    for _ in range(60):
      self._frame(0.05)  # 20 a second
    self.assertAlmostEqual(self.times.frames_per_second(), 20)
    # 19 intervals of 0.5 s, one of 0.45 s, 59 of 0.05 s.
    self.assertAlmostEqual(
      self.times.mean_frames_per_second(), 79 / (9.5 + 0.45 + 59 * 0.05)
    )

  def test_a_slow_network_has_a_rate_too(self):
    self._frame(5.0)
    self._frame(5.0)
    self.assertAlmostEqual(self.times.frames_per_second(), 0.2)

  def test_stages(self):
    for drawing_s in (0.010, 0.030, 0.020):
      self.times.add('wait', 0.002)
      self._frame(drawing_s)
    recent_ms = self.times.recent_ms()
    self.assertEqual(list(recent_ms), ['wait', 'drawing', 'age'])
    self.assertAlmostEqual(recent_ms['wait'], 2)
    self.assertAlmostEqual(recent_ms['drawing'], 20)
    self.assertAlmostEqual(recent_ms['age'], 20)
    self.assertRegex(self.times.table(), r'drawing +20\.00 +30\.00 +30\.00')

  def test_a_stage_that_fails_is_timed(self):
    with self.assertRaises(KeyError):
      with self.times.stage('capture'):
        self.now_s += 0.5
        raise KeyError
    self.assertAlmostEqual(self.times.recent_ms()['capture'], 500)

  def test_memory_is_limited(self):
    for _ in range(25_000):
      self._frame(0.1)
    self.assertEqual(self.times.frames, 25_000)
    self.assertAlmostEqual(self.times.mean_frames_per_second(), 10, places=3)
    self.assertLess(
      sum(len(kept) for kept in self.times._durations_ms.values()), 25_000
    )


if __name__ == '__main__':
  absltest.main()
