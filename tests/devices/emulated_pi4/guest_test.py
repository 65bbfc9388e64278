# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import time
import unittest.mock

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import guest
from tests.devices.emulated_pi4 import emulator

_CHILD = 'import platform, sys; print(sys.argv[1], platform.machine())'
_PARENT = f"""
import platform, subprocess, sys
print(platform.machine(), len(open('/proc/cpuinfo').read().split('0xd08')))
sys.stdout.flush()
subprocess.run([sys.executable, '-c', {_CHILD!r}, 'child'], check=True)
import here
print(here.VALUE)
sys.exit(3)
"""
_FORKS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print(child.pid, file=open('pid', 'w'), flush=True)
time.sleep(600)
"""


class GuestTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.installation = emulator.open_or_skip(self)
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_a_program_its_child_and_its_code(self):
    (self.folder / 'here.py').write_text('VALUE = 42\n')
    with unittest.mock.patch.dict(os.environ, {'PYTHONPATH': '/nowhere'}):
      done = guest.run_guest(
        self.installation, ['-c', _PARENT], [str(self.folder)], timeout_s=120
      )
    self.assertEqual(done.stdout, 'aarch64 5\nchild aarch64\n42\n', done.stderr)
    self.assertEqual(done.returncode, 3)

  def test_what_takes_too_long_is_stopped_with_its_children(self):
    note = self.folder / 'pid'
    # A busy machine takes longer to get there.
    for timeout_s in (5, 20, 80):
      with self.assertRaises(subprocess.TimeoutExpired):
        guest.run_guest(
          self.installation,
          ['-c', _FORKS],
          timeout_s=timeout_s,
          cwd=str(self.folder),
        )
      if note.exists():
        break
    child = int(note.read_text())
    for _ in range(100):
      if not _is_alive(child):
        return
      time.sleep(0.05)
    self.fail(f'process {child} is still there')


def _is_alive(process):
  try:
    with open(f'/proc/{process}/stat') as stream:
      return stream.read().rpartition(')')[2].split()[0] != 'Z'
  except FileNotFoundError:
    return False


if __name__ == '__main__':
  absltest.main()
