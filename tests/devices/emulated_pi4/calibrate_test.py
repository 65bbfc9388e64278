# SPDX-License-Identifier: Apache-2.0
import pathlib
import subprocess
import sys

from absl.testing import absltest

from depth_mai.devices.emulated_pi4 import calibrate
from depth_mai.devices.emulated_pi4 import prediction

_ROOT = pathlib.Path(__file__).resolve().parents[3]


def _run(*arguments):
  return subprocess.run(
    [sys.executable, '-m', calibrate.__name__, *arguments],
    capture_output=True,
    text=True,
    cwd=_ROOT,
  )


class CalibrateTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    # Two ms for a million instructions, and three ms; twice that for int8.
    lines = ['model,dtype,minstr,ms']
    for index in range(6):
      time_ms = 2.0 * (index + 1) + 3
      lines.append(f'a-v{index % 2},fp32,{index + 1},{time_ms}')
      lines.append(f'a-v{index % 2},int8,{index + 1},{2 * time_ms}')
    (self.folder / 'table.csv').write_text('\n'.join(lines))

  def _fit(self, *more):
    return _run(
      f'--table={self.folder}/table.csv',
      '--instructions_column=minstr',
      '--parameters_column=',
      '--time_column=ms',
      *more,
    )

  def test_prints_and_writes(self):
    path = self.folder / 'own.json'
    done = self._fit('--numbers=float,int8', '--name=board', f'--output={path}')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn('board: float, with XNNPACK, 6 models', done.stdout)
    self.assertIn('ms = 2 instructions_m + 3\n', done.stdout)
    self.assertIn('ms = 4 instructions_m + 6\n', done.stdout)
    first, second = prediction.read_calibrations(path)
    self.assertEqual((first.numbers, second.numbers), ('float', 'int8'))
    self.assertEqual(first.source, f'{self.folder}/table.csv')

  def test_missing_column(self):
    done = self._fit('--family_column=breed')
    self.assertEqual(done.returncode, 1)
    self.assertIn('error: The table', done.stderr)
    self.assertIn("no columns ['breed']", done.stderr)


if __name__ == '__main__':
  absltest.main()
