# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.report.curves from the command line."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
from PIL import Image


class CurvesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.run_dir = pathlib.Path(self.create_tempdir().full_path)
    self.output = self.run_dir / 'curves.png'

  def draw(self, *arguments):
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
      [
        sys.executable,
        '-m',
        'depth_mai.report.curves',
        f'--output={self.output}',
        *map(str, arguments),
      ],
      env={**os.environ, 'PYTHONPATH': path},
      capture_output=True,
      text=True,
      check=False,
    )

  def write_log(self):
    with open(self.run_dir / 'metrics.jsonl', 'w') as stream:
      for step in (1, 2):
        record = {'split': 'validation', 'step': step, 'si_rmse': 0.3 / step}
        stream.write(json.dumps(record) + '\n')

  def test_writes_a_picture(self):
    self.write_log()
    done = self.draw(self.run_dir, '--reference=mean map:0.3', '--time=step')
    self.assertEqual(done.returncode, 0, done.stderr)
    with Image.open(self.output) as saved:
      self.assertEqual(saved.format, 'PNG')

  def test_errors(self):
    done = self.draw(self.run_dir)
    self.assertEqual(done.returncode, 1)
    self.assertIn('metrics.jsonl does not exist', done.stderr)
    self.assertNotIn('Traceback', done.stderr)
    self.write_log()
    done = self.draw(self.run_dir, '--reference=x')
    self.assertEqual(done.returncode, 1)
    self.assertIn('NAME:VALUE', done.stderr)
    self.assertFalse(self.output.exists())

  def test_needs_a_run(self):
    done = self.draw()
    self.assertNotEqual(done.returncode, 0)
    self.assertIn('at least one workdir', done.stdout + done.stderr)


if __name__ == '__main__':
  absltest.main()
