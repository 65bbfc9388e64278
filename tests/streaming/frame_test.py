# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/frame.py."""

import dataclasses
import threading
import time

from absl.testing import absltest

from depth_mai.streaming import frame


class FrameTest(absltest.TestCase):
  def test_damaged_frame_error_is_a_value_error(self):
    with self.assertRaisesRegex(ValueError, 'cut'):
      raise frame.DamagedFrameError('cut')

  def test_frames_are_decoded_on_demand_and_immutable(self):
    decoded = []
    one = frame.Frame(0, 0.0, 0.0, lambda: decoded.append(1))
    self.assertEmpty(decoded)
    one.decode()
    self.assertLen(decoded, 1)
    with self.assertRaises(dataclasses.FrozenInstanceError):
      one.number = 2


class _Source:
  """Yields a frame for each release of a semaphore."""

  name = 'a test'

  def __init__(self, times_s, live, error=None):
    self.live, self.closed = live, False
    self.next_frame = threading.Semaphore(0 if live else len(times_s))
    self._times_s, self._error = times_s, error

  def frames(self):
    for number, time_s in enumerate(self._times_s):
      self.next_frame.acquire()
      if self.closed:
        return
      yield frame.Frame(number, time_s, time.monotonic(), lambda: None)
    if self._error:
      raise self._error

  def close(self):
    self.closed = True
    self.next_frame.release()


def _wait_until(condition):
  end_s = time.monotonic() + 5
  while not condition():
    if time.monotonic() > end_s:
      raise AssertionError('It did not happen.')
    time.sleep(0.001)


class NewestFramesTest(absltest.TestCase):
  def test_stale_frames_are_dropped(self):
    source = _Source([0.0] * 10, live=True)
    with frame.NewestFrames(source) as frames:
      iterator = iter(frames)
      source.next_frame.release()
      self.assertEqual(next(iterator).number, 0)
      source.next_frame.release(4)  # 1 to 4 arrive during 0.
      _wait_until(lambda: frames.dropped == 3)
      self.assertEqual(next(iterator).number, 4)
      source.next_frame.release()
      self.assertEqual(next(iterator).number, 5)
      self.assertEqual(frames.dropped, 3)
    self.assertTrue(source.closed)

  def test_the_last_frame_is_not_lost(self):
    source = _Source([0.0] * 3, live=True)
    source.next_frame.release(3)
    with frame.NewestFrames(source) as frames:
      numbers = [one.number for one in frames]
      self.assertEqual(numbers[-1], 2)
      self.assertEqual(len(numbers) + frames.dropped, 3)

  def test_a_file_is_played_at_its_own_speed(self):
    source = _Source([0.0, 0.1, 0.3], live=False)
    began_s = time.monotonic()
    with frame.NewestFrames(source) as frames:
      arrived_s = [one.arrived_s - began_s for one in frames]
    self.assertBetween(arrived_s[1], 0.1, 0.3)
    self.assertBetween(arrived_s[2], 0.3, 0.6)

  def test_an_error_follows_the_frames_before_it(self):
    source = _Source([0.0], live=True, error=ValueError('unplugged'))
    source.next_frame.release()
    with frame.NewestFrames(source) as frames:
      iterator = iter(frames)
      self.assertEqual(next(iterator).number, 0)
      with self.assertRaisesRegex(ValueError, 'unplugged'):
        next(iterator)

  def test_leaving_early_ends_the_thread(self):
    before = threading.active_count()
    with frame.NewestFrames(_Source([0.0, 60.0], live=False)) as frames:
      next(iter(frames))
      began_s = time.monotonic()
    self.assertLess(time.monotonic() - began_s, 1)
    self.assertEqual(threading.active_count(), before)


if __name__ == '__main__':
  absltest.main()
