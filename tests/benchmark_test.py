# SPDX-License-Identifier: Apache-2.0
"""Runs depth_mai.benchmark from the command line."""

import json
import os
import subprocess
import sys

from absl.testing import absltest

from tests.runtime import tiny_model

_ENVIRONMENT = {
  **os.environ,
  'PYTHONPATH': os.pathsep.join(filter(None, sys.path)),
}
# What a leaderboard needs to know of each configuration.
_KEYS = (
  'device',
  'threads',
  'xnnpack',
  'median_ms',
  'p10_ms',
  'p90_ms',
  'partitions',
  'runtime',
  'runtime_version',
)


def _benchmark(*arguments):
  return subprocess.run(
    [sys.executable, '-m', 'depth_mai.benchmark', *arguments],
    env=_ENVIRONMENT,
    capture_output=True,
    text=True,
    check=False,
  )


class BenchmarkTest(absltest.TestCase):
  def test_table_and_json(self):
    path = self.create_tempfile(
      'm.tflite', tiny_model.split_model((48, 64))
    ).full_path
    target = os.path.join(self.create_tempdir().full_path, 'b.json')
    kept = os.path.join(self.create_tempdir().full_path, 'kept.jsonl')
    done = _benchmark(
      f'--model={path}',
      '--threads=1,2',
      '--warmup=1',
      '--runs=4',
      f'--json={target}',
      f'--store={kept}',
    )
    self.assertEqual(done.returncode, 0, done.stderr)
    with open(target, encoding='utf-8') as stream:
      report = json.load(stream)
    rows = report['configurations']
    self.assertEqual(
      [(row['threads'], row['xnnpack'], row['partitions']) for row in rows],
      [(1, True, 2), (1, False, 0), (2, True, 2), (2, False, 0)],
    )
    for row in rows:
      self.assertContainsSubset(_KEYS, row)
      self.assertIn(f'{row["median_ms"]:.3f}', done.stdout)
    self.assertIn(report['note'], done.stdout)
    self.assertIn('1 RESIZE_NEAREST_NEIGHBOR', done.stdout)
    with open(kept, encoding='utf-8') as stream:
      lines = [json.loads(line) for line in stream]
    self.assertEqual([line['key']['threads'] for line in lines], [1, 2])
    self.assertEqual(lines[0]['value']['configurations'], rows[:2])

  def test_errors_are_short(self):
    for arguments, message in (
      (['--model=/x/y.tflite'], 'error: There is no model file'),
      (
        ['--model=m.tflite', '--threads=one'],
        '--threads must list whole numbers',
      ),
      (
        ['--model=m.tflite', '--threads=0'],
        '--threads must list different whole',
      ),
      (
        ['m.tflite', '--model=m.tflite'],
        "Unexpected arguments ['m.tflite']",
      ),
      (['--model=m.tflite', '--device=pi'], '--device=pi is none of local'),
      (['--model=m.tflite', '--cpus=x'], '--cpus must list whole numbers'),
    ):
      done = _benchmark(*arguments)
      self.assertEqual(done.returncode, 1)
      self.assertIn(message, done.stdout + done.stderr)
      self.assertNotIn('Traceback', done.stderr)


if __name__ == '__main__':
  absltest.main()
