# SPDX-License-Identifier: Apache-2.0
"""Tests the agent in its own process, over pipes instead of ssh."""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from absl.testing import absltest

from depth_mai.devices.ssh import agent


class AgentTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.cache = pathlib.Path(self.create_tempdir().full_path)
    self.root = self.cache / 'depth_mai' / 'device'

  def _start(self, **constants):
    source = pathlib.Path(agent.__file__).read_text(encoding='utf-8')
    for name, value in constants.items():
      before = f'\n{name} = {getattr(agent, name)}\n'
      self.assertIn(before, source)
      source = source.replace(before, f'\n{name} = {value}\n')
    process = subprocess.Popen(
      [sys.executable, '-I', '-u', '-c', source],
      stdin=subprocess.PIPE,
      stdout=subprocess.PIPE,
      env={**os.environ, 'XDG_CACHE_HOME': str(self.cache)},
    )
    self.addCleanup(process.stdout.close)
    self.addCleanup(process.wait)
    self.addCleanup(process.kill)
    return process

  def _read(self, process):
    line = process.stdout.readline().decode()
    self.assertStartsWith(line, agent.MARK)
    return json.loads(line.removeprefix(agent.MARK))

  def _ask(self, process, content=b'', **order):
    process.stdin.write(json.dumps(order).encode() + b'\n' + content)
    process.stdin.flush()
    return self._read(process)

  def _put(self, process, content, sha256=None):
    return self._ask(
      process,
      content,
      do='put',
      name='m',
      size=len(content),
      sha256=sha256 or hashlib.sha256(content).hexdigest(),
    )

  def test_a_session(self):
    process = self._start()
    facts = self._read(process)['result']
    self.assertEqual(facts['python'], sys.version.split()[0])
    self.assertEqual(facts['bits'], 64 if sys.maxsize > 2**32 else 32)
    self.assertEqual(facts['root'], str(self.root))
    content = os.urandom(300_000) + b'\n\n{"do": "end"}\n'
    path = self._put(process, content)['result']['path']
    self.assertEqual(pathlib.Path(path).read_bytes(), content)
    files = {'a/b.py': 'x = 1\n'}
    text = json.dumps(files).encode()
    self._ask(
      process, text, do='put_package', name='packages/k', size=len(text)
    )
    program = 'import os, sys, a.b; print(a.b.x, os.getcwd()); sys.exit(3)'
    # Heartbeats may come at any time.
    process.stdin.write(b'\n\n')
    done = self._ask(
      process,
      do='run',
      command=[sys.executable, '-c', program],
      environment={'PYTHONPATH': str(self.root / 'packages/k')},
      timeout_s=30,
    )['result']
    self.assertEqual(done['returncode'], 3)
    self.assertEqual(done['stdout'], f'1 {self.root}/unfinished\n')
    self.assertFalse(done['timed_out'])
    self.assertEqual(self._ask(process, do='end')['result'], 'ended')
    process.wait(10)
    # The file was only for this session; the package is kept.
    self.assertFalse((self.root / 'unfinished').exists())
    self.assertTrue((self.root / 'packages/k/a/b.py').exists())

  def test_damaged_file(self):
    process = self._start()
    self._read(process)
    self.assertEqual(self._put(process, b'x', 'y')['failed'], 'damaged')
    self.assertFalse((self.root / 'unfinished' / 'm').exists())
    # The session continues.
    self.assertIn('result', self._put(process, b'x'))

  def test_time_limit(self):
    process = self._start()
    self._read(process)
    start = time.monotonic()
    done = self._ask(
      process,
      do='run',
      command=['sh', '-c', 'echo $$; sleep 100 & wait'],
      environment={},
      timeout_s=0.5,
    )['result']
    self.assertLess(time.monotonic() - start, 50)
    self.assertTrue(done['timed_out'])
    self._assert_gone(int(done['stdout']))

  def test_program_that_cannot_be_started(self):
    process = self._start()
    self._read(process)
    answer = self._ask(
      process, do='run', command=['/no/such'], environment={}, timeout_s=9
    )
    self.assertEqual(answer['failed'], 'os_error')
    self.assertIn('/no/such', answer['text'])

  def _start_long_program(self, process):
    """Returns the number of a process that the agent started."""
    self._read(process)
    self._put(process, b'x')
    order = {
      'do': 'run',
      'command': ['sh', '-c', f'echo $$ > {self.cache}/pid; exec sleep 100'],
      'environment': {},
      'timeout_s': 100,
    }
    process.stdin.write(json.dumps(order).encode() + b'\n')
    process.stdin.flush()
    pid = self.cache / 'pid'
    for _ in range(500):
      if pid.exists() and pid.read_text().strip():
        return int(pid.read_text())
      time.sleep(0.02)
    self.fail('nothing was started')

  def _assert_gone(self, pid):
    for _ in range(500):
      try:
        os.kill(pid, 0)
      except ProcessLookupError:
        return
      # Killed, but its parent has not waited for it yet.
      if ') Z ' in pathlib.Path(f'/proc/{pid}/stat').read_text():
        return
      time.sleep(0.02)
    self.fail(f'process {pid} still runs')

  def test_end_of_the_connection(self):
    process = self._start()
    pid = self._start_long_program(process)
    process.stdin.close()
    process.wait(20)
    self._assert_gone(pid)
    self.assertFalse((self.root / 'unfinished').exists())

  def test_silent_connection(self):
    process = self._start(SILENCE_S=1.0)
    pid = self._start_long_program(process)
    process.wait(20)
    self._assert_gone(pid)
    self.assertFalse((self.root / 'unfinished').exists())

  def test_hangup(self):
    process = self._start()
    pid = self._start_long_program(process)
    process.send_signal(signal.SIGHUP)
    process.wait(20)
    self._assert_gone(pid)
    self.assertFalse((self.root / 'unfinished').exists())

  def test_next_session_clears_up_after_a_killed_one(self):
    process = self._start()
    pid = self._start_long_program(process)
    process.kill()
    process.wait()
    self._assert_gone(pid)
    self.assertTrue((self.root / 'unfinished' / 'm').exists())
    process = self._start()
    self._read(process)
    self.assertFalse((self.root / 'unfinished' / 'm').exists())

  def test_one_session_at_a_time(self):
    first = self._start()
    self._read(first)
    self._put(first, b'x')
    second = self._start(LOCK_S=2)
    self.assertIn('waits for another', self._read(second)['progress'])
    self.assertEqual(self._read(second)['failed'], 'busy')
    second.wait(10)
    # It did not remove files of the first session.
    self.assertTrue((self.root / 'unfinished' / 'm').exists())
    third = self._start()
    self._read(third)
    self._ask(first, do='end')
    self.assertIn('result', self._read(third))


if __name__ == '__main__':
  absltest.main()
