# SPDX-License-Identifier: Apache-2.0
"""Tests that the worker of TFLite 2.5.0 runs in its Python."""

import subprocess

from absl.testing import absltest

from depth_mai.devices.tflite_2_5 import child
from depth_mai.judging import old_worker
from tests.devices.tflite_2_5 import old_python
from tests.devices.tflite_2_5 import old_tflite


class OldWorkerTest(absltest.TestCase):
  def test_python_3_8_can_read_what_it_imports(self):
    old_python.check_imports(self, old_worker)

  def test_it_has_one_thread_before_it_is_locked(self):
    installation = old_tflite.open_or_skip(self)
    script = (
      f'import os, {old_worker.__name__}; '
      'from depth_mai.devices.tflite_2_5 import old_interpreter; '
      'old_interpreter.load_library(); '
      'print(len(os.listdir("/proc/self/task")))'
    )
    done = subprocess.run(
      [installation.python, '-s', '-S', '-B', '-c', script],
      env=child.environment(installation),
      capture_output=True,
      text=True,
    )
    self.assertEqual(done.stdout.strip(), '1', done.stderr)


if __name__ == '__main__':
  absltest.main()
