# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.prepare, as a user runs it."""

import pathlib
import subprocess
import sys

from absl.testing import absltest
from PIL import Image

from tests.data import dummy_data

_CHECKOUT = pathlib.Path(__file__).parents[2]


class PrepareTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.tmp = pathlib.Path(self.create_tempdir().full_path)
    self.root = dummy_data.write_recordings(self.tmp / 'rec')
    self.toml, self.data = self.tmp / 'rec.toml', self.tmp / 'DATA'

  def _run(self, *arguments):
    return subprocess.run(
      [sys.executable, '-m', 'depth_mai.datasets.rgbd_folder.prepare']
      + [f'--source={self.root}', *arguments],
      cwd=_CHECKOUT,
      check=False,
      capture_output=True,
      text=True,
    )

  def test_from_guess_to_records(self):
    looked = self._run(
      '--report_only',
      f'--write_description={self.toml}',
      f'--preview={self.tmp / "seen.png"}',
    )
    self.assertEqual(looked.returncode, 0, looked.stderr)
    self.assertIn('pairs         12 in 3 sequences', looked.stdout)
    self.assertIn('rgb = "{sequence}/color/{id}.png"', self.toml.read_text())
    with Image.open(self.tmp / 'seen.png') as picture:
      picture.load()

    made = self._run(f'--description={self.toml}', f'--output_dir={self.data}')
    self.assertEqual(made.returncode, 0, made.stderr)
    self.assertIn(f'--data_dir={self.data}', made.stdout)
    self.assertTrue((self.data / 'dataset_info.json').is_file())
    self.assertIn('{sequence}', (self.data / 'description.toml').read_text())
    self.assertCountEqual(
      [path.name for path in self.tmp.iterdir()],
      ['DATA', 'rec', 'rec.toml', 'seen.png'],
    )

    again = self._run(f'--description={self.toml}', f'--output_dir={self.data}')
    self.assertEqual(again.returncode, 1)
    self.assertIn('exists already', again.stderr)

  def test_problems_are_listed_and_refused(self):
    (self.root / 'hall/depth/000000.png').write_bytes(b'')
    (self.root / 'hall/color/000001.png').write_bytes(b'')
    self.toml.write_text(
      'rgb = "{sequence}/color/{id}.png"\n'
      'depth = "{sequence}/depth/{id}.png"\ndepth_unit = "mm"\n'
    )
    done = self._run(f'--description={self.toml}', f'--output_dir={self.data}')
    self.assertEqual(done.returncode, 1)
    self.assertIn('hall/depth/000000.png: this is not a PNG', done.stdout)
    self.assertIn('hall/color/000001.png: this is not a picture', done.stdout)
    self.assertIn('2 problems', done.stdout)
    self.assertFalse(self.data.exists())

  def test_an_open_unit_is_asked_for(self):
    dummy_data.write_recordings(self.root, units_per_metre=4321)
    asked = self._run('--report_only', f'--write_description={self.toml}')
    self.assertEqual(asked.returncode, 1)
    self.assertIn('depth_unit = "mm" or depth_unit = "tum"', asked.stderr)
    self.assertIn('# depth_unit = "tum"', self.toml.read_text())
    unanswered = self._run('--report_only', f'--description={self.toml}')
    self.assertEqual(unanswered.returncode, 1)
    self.assertIn('there is no depth_unit', unanswered.stderr)

  def test_a_guess_is_never_trained_on(self):
    done = self._run(f'--output_dir={self.data}')
    self.assertEqual(done.returncode, 1)
    self.assertIn('not written from a guess', done.stderr)

  def test_impossible_combinations_of_flags(self):
    for arguments, words in (
      ([], 'either --report_only or --output_dir'),
      (['--layout=tum', '--description=a.toml'], 'not both'),
    ):
      done = self._run(*arguments)
      self.assertEqual(done.returncode, 1)
      self.assertIn(words, done.stderr)

  def test_existing_description_is_not_overwritten(self):
    self.toml.write_text('mine')
    done = self._run('--report_only', f'--write_description={self.toml}')
    self.assertIn('exists already', done.stderr)
    self.assertEqual(self.toml.read_text(), 'mine')

  def test_errors_have_no_traceback(self):
    self.toml.write_text('rgb = 3')
    for arguments, words in (
      (['--report_only', f'--description={self.toml}'], 'there is no depth'),
      (['--report_only', '--layout=kitti'], "matches rgb = '"),
    ):
      done = self._run(*arguments)
      self.assertEqual(done.returncode, 1)
      self.assertIn(words, done.stderr)
      self.assertNotIn('Traceback', done.stderr)


if __name__ == '__main__':
  absltest.main()
