# SPDX-License-Identifier: Apache-2.0
"""Tests of what is written."""

import json
import pathlib

from absl.testing import absltest
from PIL import Image

from depth_mai.ranking import leaderboard_content as standings
from depth_mai.ranking import leaderboard_text as tables
from depth_mai.ranking import publication
from tests.ranking import small_contest


class PublicationTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.target = self.root / 'new' / 'board'
    small_contest.write_data(self.root / 'data')
    small_contest.write_models(
      self.root / 'models',
      tcl_fp32=small_contest.network(),
      icl_fp16=small_contest.network(19.0),
    )
    data = {
      'data_dir_name': 'data',
      'split': 'validation',
      'images': 3,
      'fingerprint': 'f00',
    }
    self.board = standings.assemble(
      [
        small_contest.judged('tcl'),
        small_contest.judged('icl', 'fp16', si_rmse=0.4),
      ],
      data,
      small_contest.described_device(),
    )

  def write_page(self, lines=None):
    lines = [] if lines is None else lines
    return publication.write_page(
      self.board,
      self.root / 'models',
      self.root / 'data',
      self.target,
      'python -m depth_mai.leaderboard --some_flag',
      lines.append,
    )

  def test_tables(self):
    files = publication.write_tables(self.board, self.target)
    self.assertEqual(
      [path.name for path in files],
      ['leaderboard.json', 'leaderboard.txt', 'leaderboard.md'],
    )
    self.assertEqual(json.loads(files[0].read_text()), self.board)
    self.assertEqual(files[1].read_text(), tables.text(self.board))
    self.assertEqual(files[2].read_text(), tables.markdown(self.board))

  def test_page(self):
    files = self.write_page()
    self.assertEqual(
      sorted(path.name for path in files),
      ['leaderboard.html', 'leaderboard_pictures.png', 'leaderboard_plot.png'],
    )
    for path in files:
      self.assertTrue(path.is_file(), path)
    with Image.open(self.target / 'leaderboard_pictures.png') as pictures:
      # Image, truth and two systems, and a row for each of three pictures.
      self.assertGreater(pictures.width, 4 * 150)
      self.assertGreater(pictures.height, 3 * 150)
    page = (self.target / 'leaderboard.html').read_text()
    for part in ('tcl', 'icl', 'python -m depth_mai.leaderboard --some_flag'):
      self.assertIn(part, page)

  def test_without_matplotlib_there_is_no_plot(self):
    lines = []
    with absltest.mock.patch.object(
      publication.leaderboard_plot,
      'save_plot',
      side_effect=ImportError('matplotlib is not installed here'),
    ):
      files = self.write_page(lines)
    self.assertEqual(lines, ['No plot: matplotlib is not installed here'])
    self.assertEqual(
      sorted(path.name for path in files),
      ['leaderboard.html', 'leaderboard_pictures.png'],
    )
    self.assertTrue((self.target / 'leaderboard.html').is_file())


if __name__ == '__main__':
  absltest.main()
