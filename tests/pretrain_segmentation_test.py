# SPDX-License-Identifier: Apache-2.0
"""Tests of the command line of depth_mai/pretrain_segmentation.py.

Whole and killed runs are in segmentation/pretraining_test.py.
"""

import pathlib
import subprocess
import sys

from absl.testing import absltest

_ROOT = pathlib.Path(__file__).parents[1]


class PretrainSegmentationTest(absltest.TestCase):
  def test_bad_input_is_an_error_of_one_line(self):
    workdir = pathlib.Path(self.create_tempdir().full_path) / 'run'
    process = subprocess.run(
      [
        sys.executable,
        '-m',
        'depth_mai.pretrain_segmentation',
        '--gin_file=gin_configs/icl_segmentation.gin',
        '--dataset=oxford_pets',
        f'--workdir={workdir}',
      ],
      cwd=_ROOT,
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(process.returncode, 1)
    self.assertIn('error: --dataset=oxford_pets is neither', process.stderr)
    self.assertNotIn('Traceback', process.stderr)
    self.assertFalse(workdir.exists())


if __name__ == '__main__':
  absltest.main()
