# SPDX-License-Identifier: Apache-2.0
"""Tests of the processes that a launcher starts and ends."""

import os
import pathlib
import time
from unittest import mock

from absl.testing import absltest

from depth_mai.judging import launcher as launcher_lib
from depth_mai.judging import request


class LauncherTest(absltest.TestCase):
  def test_process_ends_with_its_sandbox(self):
    launcher = self.enter_context(launcher_lib.Launcher())
    server = launcher._server.pid
    limits = request.Limits(memory_mb=256)
    with launcher.launch(limits, time.monotonic() + 20.0) as one:
      pid = one._pid
      self.assertTrue(pathlib.Path(f'/proc/{pid}').exists())
      self.assertNotEqual(pid, server)
    self.assertFalse(pathlib.Path(f'/proc/{pid}').exists())

  def test_judge_environment_is_hidden(self):
    with mock.patch.dict(os.environ, {'SECRET': 'of the judge'}):
      with launcher_lib.Launcher() as launcher:
        path = f'/proc/{launcher._server.pid}/environ'
        environment = pathlib.Path(path).read_bytes()
    self.assertNotIn(b'SECRET', environment)
    self.assertIn(b'PATH=', environment)

  def test_closing_ends_the_server(self):
    with launcher_lib.Launcher() as launcher:
      server = launcher._server
      self.assertIsNone(server.poll())
    self.assertIsNotNone(server.poll())


if __name__ == '__main__':
  absltest.main()
