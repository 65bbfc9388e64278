# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import time
import unittest.mock

from absl.testing import absltest
import numpy as np

from depth_mai.devices.emulated_pi4 import guest
from tests.devices.emulated_pi4 import emulator
from tests.runtime import tiny_model

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
_SIZE = (180, 240)


class GuestTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.installation = emulator.open_or_skip(self)
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def test_emulates_children_and_finds_packages(self):
    (self.folder / 'here.py').write_text('VALUE = 42\n')
    with unittest.mock.patch.dict(os.environ, {'PYTHONPATH': '/nowhere'}):
      done = guest.run_guest(
        self.installation, ['-c', _PARENT], [str(self.folder)], timeout_s=120
      )
    self.assertEqual(done.stdout, 'aarch64 5\nchild aarch64\n42\n', done.stderr)
    self.assertEqual(done.returncode, 3)

  def test_the_time_limit_ends_children_too(self):
    note = self.folder / 'pid'
    # A busy machine takes longer to start the child.
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


class RunProbeTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.installation = emulator.open_or_skip(self)
    self.folder = pathlib.Path(self.create_tempdir().full_path)

  def _run(self, content, inputs, **changes):
    path = self.folder / 'model.tflite'
    path.write_bytes(content)
    work = self.create_tempdir().full_path
    arguments = {
      'xnnpack': True,
      'inferences': 1,
      'operators': False,
      'cache_model': False,
      'timeout_s': 300.0,
    }
    return guest.run_probe(
      self.installation, str(path), inputs, work, **(arguments | changes)
    )

  def test_multiplications_are_counted(self):
    content = tiny_model.float_model(_SIZE, (1.0, 2.0, 3.0), outputs=8)
    values = np.random.default_rng(0).random((1, *_SIZE, 3), np.float32)
    run = self._run(content, [values], cache_model=True)
    np.testing.assert_allclose(
      run.outputs[0][..., 3],
      values @ np.array([1.0, 2.0, 3.0], np.float32),
      rtol=1e-5,
    )
    self.assertIsNone(run.marked)
    # Four at a time; the kernel's tiles fit 8 channels and 180 * 240 pixels.
    macs = _SIZE[0] * _SIZE[1] * 3 * 8
    self.assertEqual(run.counters['float_multiply_add_128'], macs // 4)
    # The output and saved registers are written; at least the image is read.
    written = _SIZE[0] * _SIZE[1] * 8 * 4
    self.assertBetween(run.counters['store_bytes'], written, 2 * written)
    self.assertGreater(run.counters['load_bytes'], values.nbytes)
    # Each line of the image and of the output is missed once in both caches,
    # because they do not fit.
    lines = (values.nbytes + written) / 64
    self.assertBetween(run.counters['l1d_misses'], 0.98 * lines, 1.3 * lines)
    self.assertBetween(run.counters['l2_misses'], 0.9 * lines, 1.1 * lines)

  def test_failures_are_reported(self):
    with self.assertRaisesRegex(ValueError, 'exit code 1.*is not a .tflite'):
      self._run(b'no model', [])
    content = tiny_model.float_model()
    with self.assertRaisesRegex(ValueError, 'more than 0.2 s.*--timeout_s'):
      self._run(content, [np.zeros((1, 6, 8, 3), 'f4')], timeout_s=0.2)


if __name__ == '__main__':
  absltest.main()
