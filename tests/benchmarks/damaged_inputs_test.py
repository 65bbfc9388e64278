# SPDX-License-Identifier: Apache-2.0
"""Tests of benchmarks/damaged_inputs.py, as a user runs it."""

import json
import pathlib
import subprocess
import sys

from absl.testing import absltest

from benchmarks.damage import kind as kind_lib
from benchmarks.damage import outcome

_CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
_KINDS = 'picture,pair,depth,layout,measurements'


def _description(one):
  return one.kind, one.number, one.damage, one.name


class DamagedInputsTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.output = pathlib.Path(self.create_tempdir().full_path) / 'out'

  def _run(self, *arguments):
    return subprocess.run(
      [sys.executable, '-m', 'benchmarks.damaged_inputs', *arguments]
      + [f'--output_dir={self.output}', '--workers=2'],
      cwd=_CHECKOUT,
      capture_output=True,
      text=True,
    )

  def _outcomes(self):
    lines = (self.output / 'outcomes.jsonl').read_text().splitlines()
    return [outcome.Outcome(**json.loads(line)) for line in lines[1:]]

  def test_thirty_inputs_and_resuming(self):
    arguments = ('--count=85', f'--only={_KINDS}')
    done = self._run(*arguments)
    found = self._outcomes()
    self.assertEqual([one for one in found if one.failed], [])
    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    self.assertLen(
      found, sum(kind_lib.counts(85)[k] for k in _KINDS.split(','))
    )
    self.assertGreater(sum(one.name == outcome.REFUSED for one in found), 10)
    self.assertIn(f'| all | {len(found)} |', done.stdout)
    self.assertFalse((self.output / 'work').exists())
    # The same again after an interruption: the rest has the same outcomes.
    log = self.output / 'outcomes.jsonl'
    log.write_text(''.join(log.read_text().splitlines(keepends=True)[:20]))
    self._run(*arguments)
    again = self._outcomes()
    self.assertCountEqual(map(_description, again), map(_description, found))


if __name__ == '__main__':
  absltest.main()
