# SPDX-License-Identifier: Apache-2.0
"""Tests of the command line of depth_mai/train.py.

Whole runs of the command are in training/loop_test.py, and killed ones in
benchmarks/kill_and_damage_test.py.
"""

import pathlib
import subprocess
import sys

from absl.testing import absltest

_ROOT = pathlib.Path(__file__).parents[1]


class TrainTest(absltest.TestCase):
  def test_a_wrong_configuration_is_an_error_of_one_line(self):
    workdir = pathlib.Path(self.create_tempdir().full_path) / 'run'
    process = subprocess.run(
      [
        sys.executable,
        '-m',
        'depth_mai.train',
        '--gin_file=gin_configs/tcl.gin',
        '--gin_param=train.epoch = 1',
        '--data_dir=nowhere',
        f'--workdir={workdir}',
      ],
      cwd=_ROOT,
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(process.returncode, 1)
    self.assertIn('Did you mean epochs', process.stderr)
    self.assertNotIn('Traceback', process.stderr)
    self.assertFalse(workdir.exists())


if __name__ == '__main__':
  absltest.main()
