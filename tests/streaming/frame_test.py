# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/streaming/frame.py."""

import dataclasses

from absl.testing import absltest

from depth_mai.streaming import frame


class FrameTest(absltest.TestCase):
  def test_a_damaged_frame_is_an_error_that_programs_report(self):
    with self.assertRaisesRegex(ValueError, 'cut'):
      raise frame.DamagedFrameError('cut')

  def test_it_is_not_decoded_until_asked_and_never_changes(self):
    decoded = []
    one = frame.Frame(0, 0.0, 0.0, lambda: decoded.append(1))
    self.assertEmpty(decoded)
    one.decode()
    self.assertLen(decoded, 1)
    with self.assertRaises(dataclasses.FrozenInstanceError):
      one.number = 2


if __name__ == '__main__':
  absltest.main()
