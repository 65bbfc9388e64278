# SPDX-License-Identifier: Apache-2.0
"""Tests of the files that are written."""

import json
import pathlib
import sys

from absl.testing import absltest
import numpy as np
from PIL import Image

from depth_mai.ranking import leaderboard_content
from depth_mai.ranking import leaderboard_text
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
    self.board = leaderboard_content.assemble(
      [
        small_contest.measured('tcl'),
        small_contest.measured('icl', 'fp16', si_rmse=0.4),
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
    self.assertEqual(files[1].read_text(), leaderboard_text.text(self.board))
    self.assertEqual(
      files[2].read_text(), leaderboard_text.markdown(self.board)
    )

  def test_odd_names_stop_nothing_and_are_obeyed_by_nothing(self):
    row = self.board['rows'][0]
    path = self.root / 'models' / row['file']
    path.rename(path.with_name('caf\udce9\n.tflite'))
    row['file'] = 'caf\\xe9\\n.tflite'
    self.board['problems'] = ['b\x1b[2J\udce9.tflite: <b>damaged</b> $1$']
    self.board['data']['data_dir_name'] = 'a$b$\u202e'
    files = publication.write_tables(self.board, self.target)
    files += self.write_page()
    for file in files:
      if file.suffix != '.png':
        text = file.read_text(encoding='utf-8')
        for sign in '\x1b\u202e\r':
          self.assertNotIn(sign, text)
    page = (self.target / 'leaderboard.html').read_text()
    self.assertIn('b\\x1b[2J\\xe9.tflite: &lt;b&gt;damaged', page)
    self.assertIn('caf\\xe9\\n.tflite', page)

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

  def test_without_jinja2_nothing_is_predicted(self):
    with absltest.mock.patch.dict(sys.modules, {'jinja2': None}):
      with self.assertRaisesRegex(ValueError, r"pip install '.\[rep"):
        self.write_page()
    self.assertFalse(self.target.exists())


class PredictExamplesTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    small_contest.write_models(
      self.root,
      near=small_contest.network(10.0),
      far=small_contest.network(10.0, 500.0),
    )
    self.models = {
      name: self.root / f'{name}.tflite' for name in ('near', 'far')
    }
    self.read = []

  def pairs(self, sizes):
    for number, size in enumerate(sizes):
      self.read.append(number)
      yield (
        f'{number}',
        np.full((*size, 3), number, np.uint8),
        np.full(size, 1000, np.uint16),
      )

  def test_every_network_predicts_the_chosen_pictures(self):
    images, predictions = publication.predict_examples(
      self.models, self.pairs([small_contest.SIZE] * 9), (1, 4)
    )
    self.assertEqual([name for name, _, _ in images], ['1', '4'])
    self.assertEqual(list(predictions), ['near', 'far'])
    for name, offset in (('near', 0), ('far', 500)):
      for depth_mm, red in zip(predictions[name], (1, 4), strict=True):
        np.testing.assert_allclose(
          depth_mm, np.full(small_contest.SIZE, 10 * red + offset), rtol=1e-5
        )
    # The rest of a large split is not read.
    self.assertEqual(self.read, [0, 1, 2, 3, 4])

  def test_depth_has_the_size_of_the_picture(self):
    _, predictions = publication.predict_examples(
      self.models, self.pairs([(30, 20)]), [0], 2
    )
    self.assertEqual(predictions['far'][0].shape, (30, 20))

  def test_bad_file(self):
    with self.assertRaisesRegex(ValueError, 'no model file'):
      publication.predict_examples(
        {'x': '/x/y.tflite'}, self.pairs([(4, 4)]), [0]
      )


if __name__ == '__main__':
  absltest.main()
