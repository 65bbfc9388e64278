# SPDX-License-Identifier: Apache-2.0
"""Tests of predicting many pictures."""

import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.pictures import picture_files
from depth_mai.runtime import batch_prediction
from depth_mai.runtime import model_file
from tests.runtime import tiny_model


def _draw(rgb_uint8, depth_m):
  """Draws depth in metres as grey levels, and a picture twice as wide."""
  grey = depth_m.astype(np.uint8)[..., None].repeat(3, -1)
  return grey, np.concatenate([rgb_uint8, grey], 1)


class BatchPredictionTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.output_dir = self.root / 'out'
    # Depth in mm is 1000 times the red channel.
    self.model = model_file.TfliteModel(
      tiny_model.float_model(kernel=(1000.0, 0.0, 0.0))
    )

  def _picture(self, path, red, size=(6, 8)):
    path = self.root / path
    path.parent.mkdir(exist_ok=True)
    Image.new('RGB', size[::-1], (red, 0, 0)).save(path, lossless=True)
    return path

  def _predict(self, *inputs, **options):
    self.lines = []
    return batch_prediction.predict_files(
      self.model,
      inputs,
      options.pop('output_dir', self.output_dir),
      _draw,
      report_line=self.lines.append,
      **options,
    )

  def _outputs(self):
    return sorted(os.listdir(self.output_dir))

  def _depth_mm(self, name):
    return picture_files.read_depth_mm(self.output_dir / f'{name}_depth.png')

  def test_three_files_for_each_picture(self):
    self._picture('in/b.png', 3, (30, 20))
    self._picture('in/a.webp', 2)
    alone = self._picture('c.png', 4)
    self.assertEmpty(self._predict(self.root / 'in', str(alone)))
    endings = ('colour', 'depth', 'side_by_side')
    self.assertEqual(
      self._outputs(), [f'{name}_{e}.png' for name in 'abc' for e in endings]
    )
    np.testing.assert_array_equal(self._depth_mm('b'), np.full((30, 20), 3000))
    with Image.open(self.output_dir / 'b_colour.png') as colour:
      np.testing.assert_array_equal(colour, np.full((30, 20, 3), 3))
    with Image.open(self.output_dir / 'b_side_by_side.png') as both:
      self.assertEqual(both.size, (40, 30))
    self.assertLen(self.lines, 3)
    self.assertRegex(
      self.lines[1],
      r'^\[2/3\] .*b\.png: 20x30, [0-9.]+ ms, median depth 3\.00 m -> '
      r'.*b_depth\.png$',
    )

  def test_pictures_of_one_name_do_not_overwrite_each_other(self):
    first = self._picture('x/a.png', 1)
    second = self._picture('y/A.png', 2)  # One file on some file systems.
    third = self._picture('x/a.webp', 3)
    other = self._picture('x/a_2.png', 4)
    self.assertEmpty(self._predict(first, second, third, other))
    self.assertLen(self._outputs(), 12)
    found = {
      name: self._depth_mm(name)[0, 0] // 1000
      for name in ('a', 'A_3', 'a_4', 'a_2')
      if (self.output_dir / f'{name}_depth.png').exists()
    }
    self.assertEqual(found['a'], 1)
    self.assertEqual(found['a_2'], 4)
    values = {
      picture_files.read_depth_mm(path)[0, 0]
      for path in self.output_dir.glob('*_depth.png')
    }
    self.assertEqual(values, {1000, 2000, 3000, 4000})

  def test_picture_given_twice_is_predicted_once(self):
    path = self._picture('in/a.png', 1)
    self.assertEmpty(self._predict(path, self.root / 'in', path))
    self.assertLen(self.lines, 1)

  def test_bad_inputs_are_reported_and_the_others_predicted(self):
    (self.root / 'in').mkdir()
    (self.root / 'in/a.jpg').write_bytes(b'not a picture')
    (self.root / 'empty').mkdir()
    self._picture('in/b.png', 5)
    problems = self._predict(
      self.root / 'gone.png', self.root / 'in', self.root / 'empty'
    )
    self.assertLen(problems, 3)
    self.assertRegex(problems[0], 'empty contains no picture')
    self.assertRegex(problems[1], 'gone.png: .*No such file')
    self.assertRegex(problems[2], 'a.jpg: .*not a picture')
    self.assertLen(self._outputs(), 3)
    self.assertEqual(self._depth_mm('b')[0, 0], 5000)

  def test_depths_of_a_wrong_unit_are_doubted(self):
    # Depth in mm is so many times the red channel.
    for factor, words in (
      (1.0, 'very near: is the unit right'),
      (1000.0, ''),
      (5e5, '100% of the pixels were cut off at 1 mm or 65.535 m'),
      (-1.0, '100% of the pixels were cut off'),
    ):
      self.model = model_file.TfliteModel(
        tiny_model.float_model(kernel=(factor, 0.0, 0.0))
      )
      self._predict(self._picture('a.png', 3), overwrite=True)
      self.assertIn(words, self.lines[-1])
      self.assertEqual(bool(words), '?' in self.lines[-1])

  def test_bad_paths_get_their_cure(self):
    for name, cure in (
      ('https://a.org/b.jpg', 'Cure: download it first'),
      ('photos/*.jpg', 'Cure: give its folder'),
    ):
      (problem,) = self._predict(name)
      self.assertIn(cure, problem)

  def test_a_name_that_is_too_long_is_a_sentence(self):
    path = self.root / f'{"x" * 245}.png'
    Image.new('RGB', (8, 6)).save(path)
    (problem,) = self._predict(path)
    self.assertIn('Choose a shorter name.', problem)
    self.assertNotIn('Errno', problem)

  def test_depth_that_is_not_finite_is_reported(self):
    # 3e38 * 200 is infinite, although all weights are finite.
    self.model = model_file.TfliteModel(
      tiny_model.float_model(kernel=(3e38, 0.0, 0.0))
    )
    path = self._picture('a.png', 200)
    (problem,) = self._predict(path)
    self.assertRegex(problem, f'{path}: .*are NaN')
    self.assertEmpty(self._outputs())

  def test_earlier_results_are_replaced_only_with_overwrite(self):
    self._predict(self._picture('a.png', 1))
    again = self._picture('new/a.png', 2)
    with self.assertRaisesRegex(ValueError, '3 of 3 .*a_depth.*--overwrite'):
      self._predict(again)
    self.assertEqual(self._depth_mm('a')[0, 0], 1000)
    self._predict(again, overwrite=True)
    self.assertEqual(self._depth_mm('a')[0, 0], 2000)

  def test_inputs_are_never_overwritten(self):
    first = self._picture('a.png', 1)
    second = self._picture('a_depth.png', 2)
    before = second.read_bytes()
    with self.assertRaisesRegex(ValueError, 'would replace an input'):
      self._predict(first, second, output_dir=self.root, overwrite=True)
    with self.assertRaisesRegex(ValueError, 'is the input folder'):
      self._predict(self.root, output_dir=self.root, overwrite=True)
    self.assertEqual(second.read_bytes(), before)

  def test_a_name_too_long_for_one_result_has_none(self):
    picture = self._picture(f'{"x" * 240}.png', 3)  # With _depth.png: 250.
    (problem,) = self._predict(str(picture))
    self.assertIn('File name too long. Choose a shorter name.', problem)
    self.assertEmpty(self._outputs())

  def test_output_dir_that_cannot_be_made(self):
    path = self._picture('a.png', 1)
    with self.assertRaisesRegex(ValueError, 'cannot be created.*--output_dir'):
      self._predict(path, output_dir=path / 'out')

  def test_no_inputs(self):
    with self.assertRaisesRegex(ValueError, 'No picture is given'):
      self._predict()


if __name__ == '__main__':
  absltest.main()
