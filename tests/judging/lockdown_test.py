# SPDX-License-Identifier: Apache-2.0
"""Tests that a locked process cannot do what it must not."""

import mmap
import os
import pathlib
import resource
import signal
import socket
import threading
import time

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.judging import landlock
from depth_mai.judging import lockdown
from tests.judging import locked

_REFUSED = ('PermissionError', 'OSError', 'ValueError')


def _locked(action, memory_mb=64.0, cpu_s=5.0, threads=1):
  return locked.attempt(
    action, lambda: lockdown.lock(memory_mb, cpu_s, threads)
  )


def _hog(megabytes):
  # Mapped: the heap of this process may have so much that is free.
  return len(mmap.mmap(-1, megabytes << 20)) >> 20


def _spin():
  start = time.monotonic()
  while time.monotonic() - start < 20:
    pass


class LockTest(parameterized.TestCase):
  def test_reports_the_layers_in_force(self):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
      try:
        report = lockdown.lock(64, 5, 1)
        os.write(writing, repr(report).encode())
      finally:
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with open(reading) as stream:
      text = stream.read()
    for layer in (
      'memory limit',
      'CPU time limit',
      'no writing of files',
      'no opening of files',
      'no new privileges',
      'closed to debuggers',
      'ends with the judge',
      'no new processes',
      'system call filter',
    ):
      self.assertIn(f"'{layer}': '{lockdown.IN_FORCE}'", text)
    if landlock.version():
      self.assertIn(f"'no files (Landlock)': '{lockdown.IN_FORCE}'", text)

  @parameterized.named_parameters(
    ('read_a_file', lambda: open('/etc/passwd')),
    ('read_itself', lambda: open('/proc/self/maps')),
    ('write_a_file', lambda: open('/tmp/written_by_a_network', 'w')),
    ('make_a_folder', lambda: os.mkdir('/tmp/made_by_a_network')),
    ('look_around', lambda: os.listdir('/')),
    ('ask_for_a_file', lambda: os.stat('/etc/passwd')),
    ('remove_a_file', lambda: os.unlink('/tmp/nothing')),
    ('change_its_folder', lambda: os.chdir('/')),
    ('become_root', lambda: os.setuid(0)),
    ('raise_a_limit', lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))),
    ('make_code', lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_EXEC)),
    ('make_a_pipe', os.pipe),
  )
  def test_is_refused(self, action):
    code, result = _locked(action)
    self.assertEqual(code, 0)
    self.assertIn(result, _REFUSED)

  @parameterized.named_parameters(
    ('connect', socket.socket),
    ('connect_to_a_neighbour', lambda: socket.socket(socket.AF_UNIX)),
    ('run_a_program', lambda: os.execv('/bin/true', ['true'])),
    ('fork', os.fork),
    ('signal_its_parent', lambda: os.kill(os.getppid(), signal.SIGTERM)),
    ('signal_all', lambda: os.kill(-1, signal.SIGKILL)),
  )
  def test_is_killed(self, action):
    code, result = _locked(action)
    self.assertEqual((code, result), (-signal.SIGSYS, ''))

  def test_memory_limit(self):
    self.assertEqual(_locked(lambda: _hog(32)), (0, '32'))
    self.assertEqual(_locked(lambda: _hog(80)), (0, 'OSError'))
    self.assertEqual(_locked(lambda: _hog(80), memory_mb=128.0), (0, '80'))

  def test_cpu_time_limit(self):
    start = time.monotonic()
    code, result = _locked(_spin, cpu_s=1.0)
    self.assertIn(code, (-signal.SIGXCPU, -signal.SIGKILL))
    self.assertEqual(result, '')
    self.assertLess(time.monotonic() - start, 15)

  def test_threads_only_where_wanted(self):
    def two_threads():
      thread = threading.Thread(target=len, args=('',))
      thread.start()
      thread.join()

    self.assertEqual(_locked(two_threads, threads=2), (0, 'None'))
    first, _, count = pathlib.Path('/proc/self/uid_map').read_text().split()[:3]
    if (first, int(count) > 65534) != ('0', True):
      self.skipTest('there is no separate user nobody here, as under Bazel')
    # The limit on threads does not apply to root.
    code, result = _locked(two_threads, threads=1)
    self.assertEqual((code, result), (0, 'RuntimeError'))

  def test_can_still_compute_and_abort(self):
    self.assertEqual(_locked(lambda: sum(range(1000)))[1], '499500')
    self.assertEqual(_locked(os.abort)[0], -signal.SIGABRT)


class LimitDeviceTest(absltest.TestCase):
  def test_writes_in_its_folder_only(self):
    if not landlock.version():
      self.skipTest('this kernel has no Landlock')
    folder = self.create_tempdir().full_path
    other = self.create_tempdir().full_path

    def attempt(action):
      return locked.attempt(
        action, lambda: lockdown.limit_device(4096, 5, folder)
      )[1]

    def write(place):
      with open(os.path.join(place, 'file'), 'w') as stream:
        return stream.write('written')

    self.assertEqual(attempt(lambda: write(folder)), '7')
    self.assertEqual(attempt(lambda: write(other)), 'PermissionError')
    self.assertEqual(
      attempt(lambda: pathlib.Path('/dev/null').write_text('x')), '1'
    )
    self.assertEqual(
      attempt(lambda: pathlib.Path('/proc/self/stat').read_text() > ''), 'True'
    )
    self.assertEqual(attempt(lambda: os.system('exit 3') >> 8), '3')
    if landlock.version() >= 4:
      with socket.create_server(('127.0.0.1', 0)) as server:
        address = server.getsockname()
        self.assertEqual(
          attempt(lambda: socket.create_connection(address)),
          'PermissionError',
        )


if __name__ == '__main__':
  absltest.main()
