# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/training/claim.py."""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from depth_mai.files import atomic
from depth_mai.training import claim


def _splits(**members):
  return {
    'train': {'kind': 'pair', 'members': {'0': ['1-2', 'aa'], **members}},
    'validation': {'kind': 'pair', 'members': {'9': ['1-2', 'bb']}},
  }


class ClaimTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.workdir = pathlib.Path(self.create_tempdir().full_path) / 'run'

  def _claim(
    self,
    splits=None,
    accept=False,
    config='a = 1\n',
    steps=6,
    teacher='',
    saves=True,
  ):
    with claim.claimed(
      self.workdir,
      config=config,
      splits=splits or _splits(),
      earlier=claim.stored_data(self.workdir, accept),
      total_steps=steps,
      accept_changed_data=accept,
      teacher=teacher,
    ) as validation_changed:
      claim.store(
        self.workdir,
        config=config,
        splits=splits or _splits(),
        total_steps=steps,
        teacher=teacher,
      )
      if saves:
        (self.workdir / 'checkpoints').mkdir(exist_ok=True)
      return validation_changed

  def test_the_same_run_is_claimed_again(self):
    for _ in range(2):
      self.assertFalse(self._claim())
    self.assertEqual((self.workdir / 'config.gin').read_text(), 'a = 1\n')
    self.assertEqual(claim.stored_data(self.workdir)['total_steps'], 6)

  def test_what_has_saved_nothing_may_become_another_run(self):
    # Such as a start with a wrong option, which failed in its first step.
    self._claim(config='a = 2\n', steps=9, teacher='ab' * 32, saves=False)
    changed = _splits()
    changed['validation']['members']['8'] = ['1-2', 'cc']
    self.assertFalse(self._claim(changed))
    self.assertEqual((self.workdir / 'config.gin').read_text(), 'a = 1\n')
    for name in ('best.keras', 'last.keras'):
      (self.workdir / 'checkpoints').rmdir()
      (self.workdir / name).touch()
      with self.assertRaisesRegex(ValueError, 'another configuration'):
        self._claim(changed, config='a = 2\n')
      (self.workdir / name).unlink()
      self._claim(changed)

  def test_another_configuration_is_refused(self):
    self._claim()
    with self.assertRaisesRegex(ValueError, r'(?s)-a = 1.*\+a = 2'):
      self._claim(config='a = 2\n')
    self.assertEqual((self.workdir / 'config.gin').read_text(), 'a = 1\n')

  def test_other_data_is_refused_with_the_difference(self):
    self._claim()
    changed = _splits(new=['3-4', 'cc'])
    before = (self.workdir / 'data.json').read_bytes()
    with self.assertRaisesRegex(
      ValueError,
      r'other data: train: 1 pair added \(new\); 9 steps instead of 6\. '
      r'.*--workdir.*--accept_changed_data',
    ):
      self._claim(changed, steps=9)
    self.assertEqual((self.workdir / 'data.json').read_bytes(), before)
    self.assertFalse(self._claim(changed, accept=True, steps=9))
    self.assertFalse(self._claim(changed, steps=9))

  def test_another_teacher_is_refused(self):
    self._claim(teacher='abcd' * 16)
    self._claim(teacher='abcd' * 16)
    for other, name in (('ef' * 32, 'efefefefefef'), ('', 'none')):
      with self.assertRaisesRegex(
        ValueError, f'with abcdabcdabcd, .*Distillation.teacher with {name}'
      ):
        self._claim(accept=True, teacher=other)

  def test_changed_validation_data_is_told(self):
    self._claim()
    changed = _splits()
    changed['validation']['members']['9'][1] = 'dd'
    self.assertTrue(self._claim(changed, accept=True))
    self.assertFalse(self._claim(changed))

  def test_damaged_data_json_is_refused(self):
    self._claim()
    for content in (b'', b'{"total_steps": 6}', b'[' * 100_000, b'\xff'):
      (self.workdir / 'data.json').write_bytes(content)
      with self.assertRaisesRegex(ValueError, 'data.json is damaged'):
        self._claim()
    self._claim(accept=True)
    self._claim()

  def test_a_run_of_an_older_version_is_resumed(self):
    (self.workdir / 'checkpoints').mkdir(parents=True)
    with contextlib.redirect_stderr(io.StringIO()) as stderr:
      self._claim()
    self.assertIn('no usable data.json', stderr.getvalue())

  def test_two_processes_cannot_hold_one_workdir(self):
    with claim.claimed(
      self.workdir, config=None, splits={}, earlier=None, total_steps=1
    ):
      found = subprocess.run(
        [
          sys.executable,
          '-c',
          'import sys, pathlib\n'
          'from depth_mai.training import claim\n'
          'try:\n'
          '  with claim.claimed(pathlib.Path(sys.argv[1]), config=None, '
          'splits={}, earlier=None, total_steps=1):\n'
          '    pass\n'
          'except ValueError as error:\n'
          '  print(error)\n',
          str(self.workdir),
        ],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
        capture_output=True,
        text=True,
        check=True,
      )
    self.assertRegex(
      found.stdout,
      rf'^{self.workdir} is in use by another training '
      rf'\(process {os.getpid()} on .*--workdir',
    )
    self._claim(accept=True)  # The lock is free again.

  def test_what_killed_writers_left_is_removed(self):
    self._claim()
    killed = (
      'import os, sys\n'
      'from depth_mai.files import atomic\n'
      'with atomic.atomic_path(sys.argv[1]) as temporary:\n'
      '  open(temporary, "w").close()\n'
      '  os._exit(1)\n'
    )
    for name in ('best.keras', 'checkpoints/step_00000002.npz'):
      path = self.workdir / name
      subprocess.run(
        [sys.executable, '-c', killed, str(path)],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
      )
      self.assertLen(list(path.parent.glob('.tmp-*')), 1)
    self._claim()
    self.assertEmpty(list(self.workdir.rglob('.tmp-*')))

  def test_a_workdir_that_cannot_be_one(self):
    atomic.write_text(self.workdir, 'a file')
    with self.assertRaises(OSError):
      self._claim()

  def test_data_json_is_readable(self):
    self._claim()
    stored = json.loads((self.workdir / 'data.json').read_text())
    self.assertEqual(stored, {'total_steps': 6, 'splits': _splits()})


if __name__ == '__main__':
  absltest.main()
