# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.summary from the command line, without TensorFlow."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from tests.runtime import tiny_model

# Nor with the schema's classes, which tflite-runtime lacks.
_PROGRAM = """
import runpy, sys
for name in ('tensorflow', 'keras', 'flatbuffers', 'ai_edge_litert'):
  sys.modules[name] = None
runpy.run_module('depth_mai.summary', run_name='__main__')
"""


class SummaryTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)

  def summarise(self, *arguments):
    return subprocess.run(
      [sys.executable, '-c', _PROGRAM, *arguments],
      cwd=self.root,
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      check=False,
    )

  def test_table_and_json(self):
    (self.root / 'm.tflite').write_bytes(
      tiny_model.float_model((6, 8), outputs=2, metadata={'system': 'tcl'})
    )
    done = self.summarise('--model=m.tflite', '--json=new/s.json')
    self.assertEqual(done.returncode, 0, done.stderr)
    summary = json.loads((self.root / 'new/s.json').read_text())
    self.assertEqual(summary['totals']['macs'], 6 * 8 * 2 * 3)
    self.assertEqual(summary['system'], 'tcl')
    self.assertIn('6x8x3 -> 6x8x2', done.stdout)

  def test_errors_are_short(self):
    for arguments, message in (
      (['--model=/x/y.tflite'], 'error: There is no model file'),
      (
        ['m.tflite', '--model=m.tflite'],
        "Unexpected arguments ['m.tflite']",
      ),
    ):
      done = self.summarise(*arguments)
      self.assertEqual(done.returncode, 1)
      self.assertIn(message, done.stdout + done.stderr)
      self.assertNotIn('Traceback', done.stderr)


if __name__ == '__main__':
  absltest.main()
