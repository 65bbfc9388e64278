# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.leaderboard from the command line, without TensorFlow."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest
import numpy as np
from PIL import Image

from tests.ranking import small_contest
from tests.runtime import foreign_model

_PROGRAM = """
import runpy, sys
for name in ('tensorflow', 'keras', 'tensorflow_datasets', 'gin'):
  sys.modules[name] = None
runpy.run_module('depth_mai.leaderboard', run_name='__main__')
"""


class LeaderboardTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_contest.write_data(self.root / 'data')
    small_contest.write_models(
      self.root / 'models',
      tcl_fp32=small_contest.network(system='tcl', precision='fp32'),
    )

  def rank(self, *arguments, code=0):
    """Runs the command; returns what it printed."""
    done = subprocess.run(
      [sys.executable, '-c', _PROGRAM]
      + ['--models_dir=models', '--data_dir=data', '--output_dir=out']
      + ['--store=out/kept.jsonl']
      + ['--runs=2', '--warmup=1', *arguments],
      cwd=self.root,
      env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
      capture_output=True,
      text=True,
      check=False,
    )
    self.assertEqual(done.returncode, code, done.stderr)
    self.assertNotIn('Traceback', done.stderr)
    return done.stdout if code == 0 else done.stdout + done.stderr

  def test_foreign_files_are_read_right_and_it_is_said(self):
    (self.root / 'models/tcl_fp32.tflite').unlink()
    # The truth is 1000 + 20 red, of a grey picture.
    for name, factor, offset in (('exact', 5.1, 1.0), ('worse', 5.1, 3.0)):
      (self.root / f'models/{name}_fp32.tflite').write_bytes(
        foreign_model.mean((1, *small_contest.SIZE, 3), factor, offset)
      )
    inverse = foreign_model.mean(
      (1, *small_contest.SIZE, 3), 1e6, 1.0, inverse=True
    )
    (self.root / 'models/inverse_fp32.tflite').write_bytes(inverse)
    for folder in (self.root / 'data/validation').iterdir():
      (folder / '01.png').unlink()
      (folder / '02.png').unlink()
    path = self.root / 'data/validation/rgb/00.png'
    with Image.open(path) as picture:
      red = np.asarray(picture)[..., :1]
    Image.fromarray(red.repeat(3, axis=-1)).save(path)
    truth = 1000.0 + 20.0 * red[..., 0]
    path = self.root / 'data/validation/depth/00.png'
    Image.fromarray(truth.astype(np.uint16)).save(path)

    printed = self.rank('--nopage', code=1)
    board = json.loads((self.root / 'out/leaderboard.json').read_text())
    found = {row['system']: row for row in board['rows']}
    self.assertEqual(list(found), ['exact', 'worse'])
    self.assertLess(found['exact']['si_rmse'], 1e-3)
    want = np.std(np.log((truth + 2000.0) / truth))
    self.assertAlmostEqual(found['worse']['si_rmse'], want, delta=1e-3)
    for row in found.values():
      self.assertEqual(row['interface']['unit'], 'm')
      self.assertEqual(row['interface']['input_range'], '0..1')
    notes = ' '.join(board['notes'])
    self.assertIn('exact_fp32.tflite: input range 0..1: tried on 1 pic', notes)
    self.assertIn('exact_fp32.tflite: unit m: the median', notes)
    self.assertIn('exact_fp32.tflite: unit m: the median', printed)
    self.assertRegex(board['problems'][0], 'inverse_fp32.*inverse depth')

    # Another statement is another measurement, though both are stored.
    (self.root / 'models/interfaces.toml').write_text(
      '["worse_fp32.tflite"]\nunit = "mm"\n'
    )
    self.rank('--nopage', '--systems=worse,exact', '--input_range=0..1')
    board = json.loads((self.root / 'out/leaderboard.json').read_text())
    found = {row['system']: row for row in board['rows']}
    self.assertEqual(found['worse']['interface']['unit'], 'mm')
    self.assertGreater(found['worse']['rmse'], 1.5)
    self.assertEqual(found['exact']['interface']['unit'], 'm')

  def test_a_file_that_fails_does_not_stop_the_others(self):
    printed = self.rank()
    board = json.loads((self.root / 'out/leaderboard.json').read_text())
    (row,) = board['rows']
    self.assertEqual((row['system'], row['team']), ('tcl', 'TCL'))
    self.assertEqual(row['macs'], 48 * 64 * 3)
    self.assertAlmostEqual(
      row['score'],
      640000 * 2 ** (-20 * row['si_rmse']) / row['runtime_ms'],
    )
    self.assertIn((self.root / 'out/leaderboard.txt').read_text(), printed)
    for name in ('leaderboard.md', 'leaderboard.html', 'kept.jsonl'):
      self.assertTrue((self.root / 'out' / name).is_file(), name)
    # A second run measures nothing; one file more spoils only the exit code.
    small_contest.write_models(self.root / 'models', icl_fp16=b'no model')
    printed = self.rank('--nopage', code=1)
    self.assertIn('(from the store)', printed)
    self.assertIn('Not judged: ', printed)
    again = json.loads((self.root / 'out/leaderboard.json').read_text())
    self.assertEqual(again['rows'], board['rows'])

  def test_errors_are_short(self):
    for arguments, message in (
      (['--systems=icl'], 'error: --systems names icl, but'),
      (['--models_dir=none'], 'error: There is no folder none'),
      (['--split=test'], "has no split 'test'"),
    ):
      with self.subTest(arguments=arguments):
        self.assertIn(message, self.rank(*arguments, code=1))
        self.assertFalse((self.root / 'out/leaderboard.json').exists())


if __name__ == '__main__':
  absltest.main()
