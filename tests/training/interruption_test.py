# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/interruption.py with real signals."""

import contextlib
import io
import os
import signal
import threading

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.training import interruption


class InterruptionTest(parameterized.TestCase):
  @parameterized.parameters((signal.SIGINT, 130), (signal.SIGTERM, 143))
  def test_the_first_signal_is_noted(self, number, exit_code):
    before = signal.getsignal(number)
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
      with interruption.awaited() as request:
        self.assertIsNone(request.signal_number)
        os.kill(os.getpid(), number)
        self.assertEqual(request.signal_number, number)
    self.assertIn('Ctrl-C again', stderr.getvalue())
    self.assertIs(signal.getsignal(number), before)
    error = interruption.StoppedError('stopped', number)
    self.assertEqual((str(error), error.exit_code), ('stopped', exit_code))

  def test_the_second_one_acts_as_usual(self):
    with contextlib.redirect_stderr(io.StringIO()):
      with self.assertRaises(KeyboardInterrupt):
        with interruption.awaited():
          os.kill(os.getpid(), signal.SIGTERM)
          os.kill(os.getpid(), signal.SIGINT)

  def test_in_another_thread_nothing_is_noted(self):
    noted = []

    def enter():
      with interruption.awaited() as request:
        noted.append(request.signal_number)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    self.assertEqual(noted, [None])
    self.assertIs(signal.getsignal(signal.SIGINT), before)


if __name__ == '__main__':
  absltest.main()
