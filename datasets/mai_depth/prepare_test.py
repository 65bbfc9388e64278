# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.mai_depth.prepare, as a user runs it."""

import pathlib
import subprocess
import sys

from absl.testing import absltest

from tests.data import dummy_data

_CHECKOUT = pathlib.Path(__file__).parents[2]


class PrepareTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.root = dummy_data.write_folder(self.tmp / 'data')

  def _run(self, *arguments):
    return subprocess.run(
      [sys.executable, '-m', 'depth_mai.datasets.mai_depth.prepare']
      + [f'--data_dir={self.root}', *arguments],
      cwd=_CHECKOUT,
      check=False,
      capture_output=True,
      text=True,
    )

  def test_report_on_a_good_folder(self):
    done = self._run('--report_only')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn('train: 3 pairs', done.stdout)
    self.assertIn('test: 1 pair ', done.stdout)

  def test_report_lists_every_bad_pair_and_fails(self):
    for i in range(3):
      (self.root / 'train' / 'depth' / f'0000{i}.png').unlink()
      (self.root / 'train' / 'rgb' / f'extra{i}.jpg').write_bytes(b'')
    (self.root / 'validation' / 'rgb' / '00001.png').write_bytes(b'')
    done = self._run('--report_only')
    self.assertEqual(done.returncode, 1)
    lines = done.stdout.splitlines()
    self.assertLen(lines, 8)
    for line in lines[:7]:
      self.assertIn('Cure: ', line)
    self.assertIn('00001.png: this is not a picture', lines[6])
    self.assertIn('7 problems', lines[7])

  def test_report_on_another_folder(self):
    self.root = self.root / 'train'
    done = self._run('--report_only')
    self.assertEqual(done.returncode, 1)
    self.assertIn('no train, validation or test folder', done.stderr)
    self.assertNotIn('Traceback', done.stderr)

  def test_records_are_prepared(self):
    records_dir = self.tmp / 'records'
    done = self._run(f'--records_dir={records_dir}')
    self.assertEqual(done.returncode, 0, done.stderr)
    directory, *counts = done.stdout.splitlines()
    self.assertTrue((pathlib.Path(directory) / 'dataset_info.json').is_file())
    self.assertStartsWith(directory, str(records_dir))
    self.assertCountEqual(
      counts, ['train: 3 pairs', 'validation: 2 pairs', 'test: 1 pair']
    )
    self.assertRegex(done.stderr, f'Prepared .* in .* s: {directory}')


if __name__ == '__main__':
  absltest.main()
