# SPDX-License-Identifier: Apache-2.0
"""A process that answers requests, for tests of what it answers."""

import os
import socket

from absl.testing import absltest

from depth_mai.judging import channel


class ServedCase(absltest.TestCase):
  """Forks a process that serves; a test asks it."""

  def serve(self, connection):
    """Serves in the forked process; a test overrides it."""
    raise NotImplementedError

  def setUp(self):
    """Forks the process."""
    super().setUp()
    ours, theirs = socket.socketpair()
    self.pid = os.fork()
    if self.pid == 0:
      try:
        ours.close()
        self.serve(theirs)
      finally:
        os._exit(0)
    theirs.close()
    self.channel = channel.Channel(ours)
    self.hello, _ = self.channel.receive(0, 20.0)

  def tearDown(self):
    """Ends it."""
    self.channel.close()
    os.waitpid(self.pid, 0)
    super().tearDown()

  def ask(self, blob=b'', **order):
    """Returns the answer to a request, and its blob."""
    self.channel.send(order, blob)
    return self.channel.receive(1 << 20, 20.0)
