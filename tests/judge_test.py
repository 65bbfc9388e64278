# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.judge from the command line."""

import json
import os
import pathlib
import subprocess
import sys

from absl.testing import absltest

from tests.judging import edited_model
from tests.judging import small_data
from tests.lite import hand_made


class JudgeTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_data.write(self.root / 'data', 2)
    (self.root / 'good.tflite').write_bytes(edited_model.variant(unit='m'))
    (self.root / 'flex.tflite').write_bytes(
      hand_made.model(('CUSTOM', 1, ('FLOAT32',)), custom='FlexErf')
    )

  def judge(self, *arguments, before=''):
    """Runs the command; returns the finished process."""
    program = (
      f'import runpy, sys\n{before}\n'
      "runpy.run_module('depth_mai.judge', run_name='__main__')\n"
    )
    path = os.pathsep.join(filter(None, sys.path))
    return subprocess.run(
      [sys.executable, '-c', program, *arguments],
      cwd=self.root,
      env={**os.environ, 'PYTHONPATH': path},
      capture_output=True,
      text=True,
      check=False,
    )

  def test_accepts(self):
    without = (
      "for name in ('tensorflow', 'keras', 'tensorflow_datasets', 'gin'):\n"
      '  sys.modules[name] = None'
    )
    done = self.judge(
      'good.tflite',
      '--data_dir=data',
      '--json=verdict.json',
      '--runs=3',
      '--pictures_dir=pictures',
      before=without,
    )
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertStartsWith(done.stdout, 'ACCEPTED: good.tflite')
    answer = json.loads((self.root / 'verdict.json').read_text())
    self.assertEqual(answer['verdict'], 'accepted')
    self.assertEqual(answer['interface']['unit']['value'], 'm')
    self.assertIn(f'{answer["si_rmse"]:.4f}', done.stdout)
    self.assertLen(list((self.root / 'pictures').iterdir()), 2)

  def test_rejects(self):
    done = self.judge('flex.tflite', '--data_dir=data', '--json=verdict.json')
    self.assertEqual(done.returncode, 1, done.stderr)
    self.assertIn('CUSTOM:FlexErf', done.stdout)
    answer = json.loads((self.root / 'verdict.json').read_text())
    self.assertEqual(answer['verdict'], 'rejected')
    self.assertIn('CUSTOM:FlexErf', answer['errors'][0])
    self.assertIsNone(answer['score'])

  def test_wrong_usage(self):
    for arguments, message in (
      (['--data_dir=data'], 'Give one .tflite file'),
      (['good.tflite'], 'data_dir'),
      (['good.tflite', '--data_dir=data', '--unit=inch'], 'inch'),
      (['good.tflite', '--data_dir=data', '--device=moon'], 'device=moon'),
      (['good.tflite', '--data_dir=none'], 'none is not a folder'),
      (['none.tflite', '--data_dir=data'], 'none.tflite cannot be read'),
      (
        ['good.tflite', '--data_dir=data', '--json=flex.tflite/v.json'],
        '--json=flex.tflite/v.json cannot be written',
      ),
      (
        ['good.tflite', '--data_dir=data', '--pictures_dir=flex.tflite'],
        'flex.tflite cannot be written',
      ),
      (
        [
          'good.tflite',
          '--data_dir=data',
          '--require_sandbox',
          '--device=adb',
        ],
        '--device=adb',
      ),
    ):
      with self.subTest(arguments=arguments):
        done = self.judge(*arguments)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(message, done.stderr + done.stdout)

  def test_a_fault_of_the_judge_is_no_rejection(self):
    fault = (
      'from depth_mai.judging import stages\n'
      'def judge(*_):\n'
      "  raise KeyError('of the judge')\n"
      'stages.judge = judge'
    )
    done = self.judge('good.tflite', '--data_dir=data', before=fault)
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertIn("KeyError: 'of the judge'", done.stderr)

  def test_a_verdict_that_cannot_be_written_is_printed(self):
    # The disk fills up while the file is judged.
    full = (
      'import errno\n'
      'from depth_mai.files import atomic\n'
      'def write_json(path, _):\n'
      "  raise OSError(errno.ENOSPC, 'No space left on device', path)\n"
      'atomic.write_json = write_json'
    )
    done = self.judge(
      'flex.tflite', '--data_dir=data', '--json=v.json', before=full
    )
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertIn('--json=v.json cannot be written (No space', done.stderr)
    answer = json.loads(done.stdout.splitlines()[-1])
    self.assertEqual(answer['verdict'], 'rejected')


if __name__ == '__main__':
  absltest.main()
