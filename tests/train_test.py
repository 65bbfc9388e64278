# SPDX-License-Identifier: Apache-2.0
"""Tests of the command line of depth_mai/train.py.

Whole runs of the command are in training/loop_test.py, and killed ones in
benchmarks/kill_and_damage_test.py.
"""

import os
import pathlib
import subprocess
import sys
from unittest import mock

from absl.testing import absltest

_ROOT = pathlib.Path(__file__).parents[1]


class TrainTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir().full_path) / 'run'

  def _refusal(self, *arguments):
    """Runs a command that is refused; returns its line on stderr."""
    process = subprocess.run(
      [
        sys.executable,
        '-m',
        'depth_mai.train',
        '--gin_file=gin_configs/tcl.gin',
        f'--workdir={self.workdir}',
        *arguments,
      ],
      cwd=_ROOT,
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(process.returncode, 1)
    self.assertNotIn('Traceback', process.stderr)
    self.assertFalse(self.workdir.exists())
    return process.stderr

  def test_a_wrong_configuration_is_an_error_of_one_line(self):
    error = self._refusal('--gin_param=train.epoch = 1', '--data_dir=nowhere')
    self.assertIn('Did you mean epochs', error)

  def test_several_data_sets(self):
    error = self._refusal(
      '--data_dir=one',
      '--data_dir=two',
      '--gin_param=train.mixing = @Mixing()',
      '--gin_param=Mixing.shares = (1, 1, 1)',
    )
    self.assertIn('Mixing.shares has 3 values, but there are 2 data', error)

  def test_several_machines(self):
    multi_worker = "--gin_param=train.strategy = 'multi_worker'"
    with mock.patch.dict(os.environ, {'TF_CONFIG': ''}):
      error = self._refusal(multi_worker)
    self.assertIn("'multi_worker' needs TF_CONFIG in the environment", error)


if __name__ == '__main__':
  absltest.main()
