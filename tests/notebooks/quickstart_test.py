# SPDX-License-Identifier: Apache-2.0
"""Runs notebooks/quickstart.ipynb."""

from absl.testing import absltest
import numpy as np
from PIL import Image

from tests.notebooks import notebook_case


class QuickstartTest(notebook_case.NotebookCase):
  def test_it_runs(self):
    printed = self.run_notebook('quickstart')
    photo = np.array(
      Image.open(self.folder / 'quickstart/one_room/test/rgb/00000.png')
    )
    self.assertIn(str(photo.shape[:2]), printed['predict'])
    ply = (self.folder / 'quickstart/photo.ply').read_bytes()
    self.assertIn(b'element vertex %d\n' % photo[..., 0].size, ply[:300])
    board = self.read_json('quickstart/leaderboard/leaderboard.json')
    self.assertEmpty(board['problems'])
    (row,) = board['rows']
    self.assertEqual((row['system'], row['precision']), ('tcl', 'int8'))
    self.assertIn('Table 1: TCL', printed['rank'])


if __name__ == '__main__':
  absltest.main()
