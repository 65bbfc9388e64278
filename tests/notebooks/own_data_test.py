# SPDX-License-Identifier: Apache-2.0
"""Runs notebooks/own_data.ipynb."""

import tomllib

from absl.testing import absltest

from tests.notebooks import notebook_case


class OwnDataTest(notebook_case.NotebookCase):
  def test_it_runs(self):
    printed = self.run_notebook('own_data')
    # The notebook itself has written the recordings in this layout.
    description = tomllib.loads(
      (self.folder / 'own_data/recordings.toml').read_text()
    )
    self.assertEqual(description['rgb'], '{sequence}/cam0/{id}.color.png')
    self.assertEqual(description['depth'], '{sequence}/cam0/{id}.depth.png')
    self.assertEqual(description['depth_unit'], 'mm')
    self.assertIn('9 in 3 sequences', printed['guess-layout'])
    self.assertIn('si-RMSE', printed['evaluate-file'])
    self.assertIn('ours_s_int8.tflite', printed['download-file'])
    self.assertTrue(
      (self.folder / 'own_data/tflite/ours_s_int8.tflite').is_file()
    )


if __name__ == '__main__':
  absltest.main()
