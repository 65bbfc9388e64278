# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.leaderboard as its user does, without TensorFlow."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from tests.ranking import small_contest

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

  def test_ranks_and_goes_on(self):
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
