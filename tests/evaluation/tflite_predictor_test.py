# SPDX-License-Identifier: Apache-2.0
"""Tests of predicting with a .tflite file."""

import pathlib

from absl.testing import absltest
import numpy as np

from depth_mai.evaluation import tflite_predictor
from tests.runtime import tiny_model


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
    predictor = tflite_predictor.TflitePredictor(self.path, num_threads=2)
    rgbs = [np.full((6, 8, 3), value, np.uint8) for value in (0, 100, 255)]
    got = predictor.predict_mm(['a', 'b', 'c'], rgbs)
    for depth_mm, value in zip(got, (500, 1500, 3050), strict=True):
      np.testing.assert_allclose(depth_mm, np.full((6, 8), value), rtol=1e-5)

  def test_images_of_other_sizes_are_stretched(self):
    predictor = tflite_predictor.TflitePredictor(self.path)
    rgb = np.zeros((60, 40, 3), np.uint8)
    rgb[30:] = 200
    (got,) = predictor.predict_mm(['a'], [rgb])
    np.testing.assert_allclose(got[0], 500.0, rtol=1e-5)
    np.testing.assert_allclose(got[5], 2500.0, rtol=1e-5)

  def test_no_model(self):
    with self.assertRaises(ValueError):
      tflite_predictor.TflitePredictor(self.path.parent / 'none.tflite')


if __name__ == '__main__':
  absltest.main()
