# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/frame_numbers.py."""

from absl.testing import absltest

from depth_mai.streaming import frame_numbers


class FrameNumbersTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.numbers = frame_numbers.FrameNumbers()

  def test_frames_in_order(self):
    for number in range(4):
      self.numbers.send(100 * number)
      self.assertEqual(self.numbers.take(100 * number), ([], number))
    self.assertEqual(self.numbers.finish(), [])

  def test_a_frame_that_is_lost_keeps_its_number(self):
    # H.264: decoded in the order 0, 4, 2, 1, 3; 3 is lost, and the decoder says
    # so before it returns 2.
    for time in (0, 40, 20, 10, 30):
      self.numbers.send(time)
    self.assertEqual(self.numbers.take(0), ([], 0))
    self.assertEqual(self.numbers.take(10), ([], 1))
    self.numbers.lose()
    self.assertEqual(self.numbers.take(20), ([], 2))
    self.assertEqual(self.numbers.take(40), ([3], 4))
    self.assertEqual(self.numbers.finish(), [])

  def test_packets_without_a_frame_of_their_own_do_not_count(self):
    for time in (0, 9, 10):  # VP8 has reference frames that are not shown.
      self.numbers.send(time)
    self.assertEqual(self.numbers.take(0), ([], 0))
    self.assertEqual(self.numbers.take(10), ([], 1))

  def test_without_times_a_lost_frame_precedes_the_next(self):
    for _ in range(3):
      self.numbers.send(None)
    self.assertEqual(self.numbers.take(None), ([], 0))
    self.numbers.lose()
    self.assertEqual(self.numbers.take(None), ([1], 2))

  def test_the_last_frames_are_lost(self):
    for time in (0, 30, 10, 20):
      self.numbers.send(time)
    self.numbers.take(0)
    self.numbers.lose()
    self.assertEqual(self.numbers.take(20), ([1], 2))
    self.assertEqual(self.numbers.finish(), [3])  # Nobody reported it.
    self.assertEqual(self.numbers.finish(), [])


if __name__ == '__main__':
  absltest.main()
