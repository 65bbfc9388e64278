# SPDX-License-Identifier: Apache-2.0
"""Tests of the fork server, without sandbox.py."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

from absl.testing import absltest

from depth_mai.judging import channel
from depth_mai.judging import fork_server
from depth_mai.judging import sandbox
from depth_mai.runtime import delegation
from depth_mai.runtime import graph
from depth_mai.runtime import interpreter


class ForkServerTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.control, theirs = socket.socketpair(
      socket.AF_UNIX, socket.SOCK_SEQPACKET
    )
    self.control.settimeout(60)
    self.process = subprocess.Popen(
      [sys.executable, '-m', fork_server.__name__, str(theirs.fileno())],
      pass_fds=[theirs.fileno()],
      env=sandbox.environment(),
      stderr=subprocess.DEVNULL,
    )
    theirs.close()
    self.assertEqual(self.answer(), {})

  def tearDown(self):
    self.control.close()
    self.process.wait(20)
    super().tearDown()

  def answer(self):
    return json.loads(self.control.recv(fork_server.MAX_MESSAGE))

  def fork(self):
    """Returns (pid, channel) of a worker."""
    ours, theirs = socket.socketpair()
    order = {'do': 'fork', 'memory_mb': 128, 'cpu_s': 5, 'threads': 1}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    socket.send_fds(
      self.control, [json.dumps(order).encode()], [theirs.fileno(), nowhere]
    )
    theirs.close()
    os.close(nowhere)
    pid = self.answer()['pid']
    worker = channel.Channel(ours)
    self.addCleanup(worker.close)
    worker.receive(0, 20.0)
    return pid, worker

  def end(self, pid, patience_s=5):
    order = {'do': 'end', 'pid': pid, 'patience_s': patience_s}
    self.control.send(json.dumps(order).encode())
    return self.answer()['code']

  def test_has_one_thread(self):
    # A fork of a process with more would inherit locks that stay locked.
    tasks = os.listdir(f'/proc/{self.process.pid}/task')
    self.assertLen(tasks, 1)

  def test_workers_start_and_end(self):
    one, one_channel = self.fork()
    two, _ = self.fork()
    self.assertNotEqual(one, two)
    one_channel.close()
    self.assertEqual(self.end(one), 0)
    self.assertEqual(self.end(two, 0), -signal.SIGKILL)

  def test_a_worker_has_no_files_but_its_connection(self):
    pid, _ = self.fork()
    # Only root may list the files of a process that is closed to debuggers.
    try:
      held = os.listdir(f'/proc/{pid}/fd')
    except PermissionError:
      self.skipTest('only root may look')
    self.assertCountEqual(held, ['0', '1', '2', '3'])
    self.end(pid, 0)

  def test_all_end_with_the_judge(self):
    pid, _ = self.fork()
    self.process.kill()
    self.process.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _is_running(pid):
      time.sleep(0.02)
    self.assertFalse(_is_running(pid))

  def test_ends_when_the_connection_closes(self):
    pid, _ = self.fork()
    self.control.close()
    self.assertEqual(self.process.wait(20), 0)
    self.assertFalse(_is_running(pid))


def _is_running(pid):
  try:
    text = pathlib.Path(f'/proc/{pid}/stat').read_text()
  except (FileNotFoundError, ProcessLookupError):
    return False
  # A zombie has ended.
  return text.rpartition(')')[2].split()[0] != 'Z'


class WarmUpTest(absltest.TestCase):
  def test_xnnpack_runs_it(self):
    # Otherwise it would not inspect the CPU.
    loaded = interpreter.load_interpreter(fork_server.tiny_model())
    self.assertEqual(delegation.describe_delegation(loaded).partitions, 1)
    loaded = interpreter.load_interpreter(
      fork_server.tiny_model(), xnnpack=False
    )
    self.assertEqual(delegation.describe_delegation(loaded).partitions, 0)

  def test_is_small(self):
    self.assertLess(len(fork_server.tiny_model()), 1000)
    (operator,) = graph.read_graph(fork_server.tiny_model()).main.operators
    self.assertEqual((operator.name, operator.version), ('CONV_2D', 1))

  def test_runs(self):
    fork_server.warm_up()


if __name__ == '__main__':
  absltest.main()
