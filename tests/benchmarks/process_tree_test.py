# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/process_tree.py."""

import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from benchmarks import process_tree

# A parent whose child holds 100 MB and computes for a second.
_CHILD = """
import time
content = bytearray(b'1') * 100 * 2**20
end = time.process_time() + 0.5
while time.process_time() < end: pass
time.sleep(1)
"""
_PARENT = 'import subprocess, sys; subprocess.run([sys.executable, "-c", {!r}])'


class ProcessTreeTest(absltest.TestCase):
  def test_children_count(self):
    log = pathlib.Path(self.create_tempdir().full_path) / 'log'
    record = process_tree.run(
      [sys.executable, '-c', _PARENT.format(_CHILD)], log, every_s=0.05
    )
    self.assertEqual(record.exit_code, 0)
    peak = max(mb for _, mb in record.samples)
    self.assertBetween(peak, 100, 160)
    self.assertBetween(record.cpu_seconds, 0.4, 5)
    times = [seconds for seconds, _ in record.samples]
    self.assertEqual(times, sorted(times))
    self.assertLessEqual(times[-1], record.seconds)

  def test_tree(self):
    process = subprocess.Popen(['sleep', '60'])
    self.addCleanup(process.wait)
    self.addCleanup(process.kill)
    self.assertIn(process.pid, process_tree.tree(os.getpid()))
    self.assertEqual(process_tree.tree(process.pid), [process.pid])
    self.assertEmpty(process_tree.tree(2**22 + 1))

  def test_exit_code_and_output(self):
    log = pathlib.Path(self.create_tempdir().full_path) / 'log'
    command = [sys.executable, '-c', 'print(7); raise SystemExit(3)']
    self.assertEqual(process_tree.run(command, log, 0.01).exit_code, 3)
    self.assertEqual(log.read_text(), '7\n')


if __name__ == '__main__':
  absltest.main()
