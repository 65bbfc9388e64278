# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.label from the command line."""

import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from tests.labelling import photographs


class LabelTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.model = photographs.save_teacher(self.root / 'm.tflite')
    photographs.save_ramp(self.root / 'photos/a.png')

  def _run(self, *arguments):
    return subprocess.run(
      [sys.executable, '-m', 'depth_mai.label', '--output_dir=out', *arguments],
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      cwd=self.root,
      capture_output=True,
      text=True,
      check=False,
    )

  def test_labels_and_says_what_failed(self):
    (self.root / 'photos/bad.png').touch()
    done = self._run('photos', '--model=m.tflite', '--model=tcl')
    self.assertEqual(done.returncode, 1, done.stderr)
    self.assertNotIn('Traceback', done.stderr)
    self.assertRegex(done.stderr, r'error: .*bad.png')
    self.assertIn('out has 1 labelled photograph.', done.stdout)
    for name in ('rgb', 'depth', 'confidence'):
      self.assertTrue((self.root / f'out/train/{name}/a.png').exists(), name)
    (self.root / 'photos/bad.png').unlink()
    done = self._run('photos', '--model=m.tflite', '--model=tcl')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn('1 label kept', done.stdout)

  def test_a_statement_about_no_file(self):
    done = self._run('photos', '--model=best.keras', '--unit=m')
    self.assertEqual(done.returncode, 1)
    self.assertIn('--unit=m is about a .tflite file', done.stderr)


if __name__ == '__main__':
  absltest.main()
