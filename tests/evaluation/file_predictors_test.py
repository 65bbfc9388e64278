# SPDX-License-Identifier: Apache-2.0
"""Tests of predicting with a .tflite file and from a folder of PNGs."""

import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.evaluation import file_predictors
from tests.runtime import tiny_model

_RGB = np.zeros((30, 50, 3), np.uint8)


class TflitePredictorTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.path = pathlib.Path(self.create_tempdir().full_path) / 'm.tflite'
    # Metres: 0.01 * red + 0.5.
    self.path.write_bytes(
      tiny_model.float_model(
        (6, 8), (0.01, 0.0, 0.0), 0.5, metadata={'output_unit': 'm'}
      )
    )

  def test_millimetres_in_order(self):
    predictor = file_predictors.TflitePredictor(self.path, num_threads=2)
    rgbs = [np.full((6, 8, 3), value, np.uint8) for value in (0, 100, 255)]
    got = predictor.predict_mm(['a', 'b', 'c'], rgbs)
    for depth_mm, value in zip(got, (500, 1500, 3050), strict=True):
      np.testing.assert_allclose(depth_mm, np.full((6, 8), value), rtol=1e-5)

  def test_images_of_other_sizes_are_resized(self):
    predictor = file_predictors.TflitePredictor(self.path)
    rgb = np.zeros((60, 40, 3), np.uint8)
    rgb[30:] = 200
    (got,) = predictor.predict_mm(['a'], [rgb])
    np.testing.assert_allclose(got[0], 500.0, rtol=1e-5)
    np.testing.assert_allclose(got[5], 2500.0, rtol=1e-5)

  def test_no_model(self):
    with self.assertRaises(ValueError):
      file_predictors.TflitePredictor(self.path.parent / 'none.tflite')


class PngPredictorTest(parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.dir = pathlib.Path(self.create_tempdir().full_path)
    rng = np.random.default_rng(0)
    self.full = rng.integers(0, 65536, (480, 640), dtype=np.uint16)
    self.own = rng.integers(0, 65536, (30, 50), dtype=np.uint16)
    Image.fromarray(self.full).save(self.dir / 'a.png')
    Image.fromarray(self.own).save(self.dir / 'b.png')

  def test_reads_exactly(self):
    predictor = file_predictors.PngPredictor(self.dir, ['a', 'b'])
    got = predictor.predict_mm(['b', 'a'], [_RGB, _RGB])
    np.testing.assert_array_equal(got[0], self.own)
    np.testing.assert_array_equal(got[1], self.full)

  def test_missing(self):
    with self.assertRaisesRegex(
      ValueError, r'2 of 4 predictions are missing, such as c\.png, d\.png: '
    ):
      file_predictors.PngPredictor(self.dir, ['a', 'b', 'c', 'd'])

  def test_many_missing_are_counted(self):
    names = ['a', 'b'] + [f'x{i}' for i in range(9)]
    with self.assertRaisesRegex(ValueError, r'x4\.png and 4 more'):
      file_predictors.PngPredictor(self.dir, names)

  def test_only_the_needed_must_be_there(self):
    file_predictors.PngPredictor(self.dir, ['a', 'b', 'c'], needed=['a'])
    with self.assertRaisesRegex(ValueError, '1 of 1 predictions are missing'):
      file_predictors.PngPredictor(self.dir, ['a', 'b', 'c'], needed=['c'])

  def test_extra(self):
    with self.assertRaisesRegex(ValueError, r'belong to no image .* b\.png: '):
      file_predictors.PngPredictor(self.dir, ['a'])

  def test_message_names_files_of_other_formats(self):
    os.rename(self.dir / 'b.png', self.dir / 'b.tif')
    with self.assertRaisesRegex(ValueError, r'(?s)b\.png.*b\.tif'):
      file_predictors.PngPredictor(self.dir, ['a', 'b'])

  def test_other_spellings_of_names(self):
    # As macOS stores an accented letter, and Windows a suffix.
    (self.dir / 'a.png').rename(self.dir / 'ku\u0308che.PNG')
    predictor = file_predictors.PngPredictor(self.dir, ['k\u00fcche', 'b'])
    (got,) = predictor.predict_mm(['k\u00fcche'], [_RGB])
    np.testing.assert_array_equal(got, self.full)

  def test_names_of_predict_are_explained(self):
    (self.dir / 'a.png').rename(self.dir / 'a_depth.png')
    with self.assertRaisesRegex(ValueError, 'predict names its depth maps'):
      file_predictors.PngPredictor(self.dir, ['a', 'b'])

  def test_other_and_hidden_files_are_ignored(self):
    (self.dir / 'readme.txt').write_text('ours')
    (self.dir / '.hidden.png').write_bytes(b'')
    file_predictors.PngPredictor(self.dir, ['a', 'b'])

  def test_no_folder(self):
    with self.assertRaisesRegex(ValueError, 'There is no folder'):
      file_predictors.PngPredictor(self.dir / 'nowhere', ['a'])

  @parameterized.named_parameters(
    ('eight_bits', np.zeros((480, 640), np.uint8), 'of 8 bits'),
    ('coloured', np.zeros((480, 640, 3), np.uint8), 'three channels'),
    ('size', np.zeros((640, 480), np.uint16), 'is 480x640 .* 50x30 or 640x480'),
  )
  def test_wrong_picture(self, values, message):
    Image.fromarray(values).save(self.dir / 'a.png')
    predictor = file_predictors.PngPredictor(self.dir, ['a', 'b'])
    with self.assertRaisesRegex(ValueError, rf'a\.png: .*{message}'):
      predictor.predict_mm(['a'], [_RGB])

  def test_damaged(self):
    content = (self.dir / 'a.png').read_bytes()
    (self.dir / 'a.png').write_bytes(content[: len(content) // 2])
    predictor = file_predictors.PngPredictor(self.dir, ['a', 'b'])
    with self.assertRaisesRegex(ValueError, r'a\.png: .*damaged'):
      predictor.predict_mm(['a'], [_RGB])


if __name__ == '__main__':
  absltest.main()
