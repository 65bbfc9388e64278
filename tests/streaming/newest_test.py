# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/newest.py."""

import threading
import time

from absl.testing import absltest

from depth_mai.streaming import frame
from depth_mai.streaming import newest


class _Source:
  """Gives frames when the test says so."""

  name = 'a test'

  def __init__(self, times_s, live, error=None):
    self.live, self.closed = live, False
    self.go_on = threading.Semaphore(0 if live else len(times_s))
    self._times_s, self._error = times_s, error

  def frames(self):
    for number, time_s in enumerate(self._times_s):
      self.go_on.acquire()
      if self.closed:
        return
      yield frame.Frame(number, time_s, time.monotonic(), lambda: None)
    if self._error:
      raise self._error

  def close(self):
    self.closed = True
    self.go_on.release()


def _wait_until(condition):
  end_s = time.monotonic() + 5
  while not condition():
    if time.monotonic() > end_s:
      raise AssertionError('It did not happen.')
    time.sleep(0.001)


class NewestTest(absltest.TestCase):
  def test_stale_frames_are_dropped(self):
    source = _Source([0.0] * 10, live=True)
    with newest.NewestFrames(source) as frames:
      iterator = iter(frames)
      source.go_on.release()
      self.assertEqual(next(iterator).number, 0)
      source.go_on.release(4)  # 1, 2, 3 and 4 arrive while 0 is worked on.
      _wait_until(lambda: frames.dropped == 3)
      self.assertEqual(next(iterator).number, 4)
      source.go_on.release()
      self.assertEqual(next(iterator).number, 5)
      self.assertEqual(frames.dropped, 3)
    self.assertTrue(source.closed)

  def test_the_last_frame_is_not_lost(self):
    source = _Source([0.0] * 3, live=True)
    source.go_on.release(3)
    with newest.NewestFrames(source) as frames:
      numbers = [one.number for one in frames]
      self.assertEqual(numbers[-1], 2)
      self.assertEqual(len(numbers) + frames.dropped, 3)

  def test_a_file_is_played_at_its_own_speed(self):
    source = _Source([0.0, 0.1, 0.3], live=False)
    began_s = time.monotonic()
    with newest.NewestFrames(source) as frames:
      arrived_s = [one.arrived_s - began_s for one in frames]
    self.assertBetween(arrived_s[1], 0.1, 0.3)
    self.assertBetween(arrived_s[2], 0.3, 0.6)

  def test_an_error_follows_the_frames_before_it(self):
    source = _Source([0.0], live=True, error=ValueError('unplugged'))
    source.go_on.release()
    with newest.NewestFrames(source) as frames:
      iterator = iter(frames)
      self.assertEqual(next(iterator).number, 0)
      with self.assertRaisesRegex(ValueError, 'unplugged'):
        next(iterator)

  def test_leaving_early_ends_the_thread(self):
    before = threading.active_count()
    with newest.NewestFrames(_Source([0.0, 60.0], live=False)) as frames:
      next(iter(frames))
      began_s = time.monotonic()
    self.assertLess(time.monotonic() - began_s, 1)
    self.assertEqual(threading.active_count(), before)


if __name__ == '__main__':
  absltest.main()
