# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from tests.devices.emulated_pi4 import emulator

_ROOT = pathlib.Path(__file__).resolve().parents[3]
_SHELL = [sys.executable, '-m', 'depth_mai.devices.emulated_pi4.shell']


def _run(*arguments, **environment):
  return subprocess.run(
    [*_SHELL, *arguments],
    capture_output=True,
    text=True,
    cwd=_ROOT,
    env={**os.environ, **environment},
    timeout=120,
  )


class ShellTest(absltest.TestCase):
  def test_runs_this_code(self):
    emulator.open_or_skip(self)
    program = (
      'import platform, sys; from depth_mai.runtime import interpreter; '
      'print(platform.machine(), interpreter.find_runtime().version); '
      'sys.exit(5)'
    )
    done = _run('--', 'python3', '-c', program)
    self.assertEqual(done.stdout, 'aarch64 2.3.0\n', done.stderr)
    self.assertEqual(done.returncode, 5)

  def test_not_set_up(self):
    folder = self.create_tempdir().full_path
    done = _run('--', 'python3', DEPTH_MAI_EMULATED_PI4=folder)
    self.assertEqual(done.returncode, 1)
    self.assertIn(
      f'The emulated Raspberry Pi 4 is not set up in {folder}', done.stderr
    )

  def test_only_python(self):
    done = _run('--', 'bash')
    self.assertEqual(done.returncode, 1)
    self.assertIn('has no other programs', done.stdout + done.stderr)


if __name__ == '__main__':
  absltest.main()
