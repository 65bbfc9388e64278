# SPDX-License-Identifier: Apache-2.0

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import image_io
from depth_mai.runtime import model_file
from tests.runtime import tiny_model


def _picture(height=6, width=9):
  generator = np.random.default_rng(2)
  return generator.integers(0, 256, (height, width, 3)).astype(np.uint8)


class ResizeTest(parameterized.TestCase):
  def test_picture_of_the_right_size_is_unchanged(self):
    rgb_uint8 = _picture()
    self.assertIs(image_io.resize_rgb(rgb_uint8, (6, 9)), rgb_uint8)

  def test_shrinking_averages(self):
    # A fine chequerboard must become grey, not black or white.
    board = np.indices((480, 640)).sum(0) % 2 * 255
    rgb_uint8 = board[..., None].repeat(3, -1).astype(np.uint8)
    small = image_io.resize_rgb(rgb_uint8, (30, 40))
    self.assertEqual(small.shape, (30, 40, 3))
    self.assertLess(np.abs(small[2:-2, 2:-2].astype(int) - 127).max(), 6)

  def test_depth_is_enlarged_bilinearly(self):
    depth_mm = np.random.default_rng(3).uniform(500, 9000, (3, 4))
    # Pixel centres: output i is at (i + 0.5) / 4 - 0.5 of the input.
    rows = np.clip((np.arange(12) + 0.5) / 4 - 0.5, 0, 2)
    columns = np.clip((np.arange(16) + 0.5) / 4 - 0.5, 0, 3)
    by_row = np.stack(
      [np.interp(rows, range(3), column) for column in depth_mm.T], 1
    )
    expected = np.stack([np.interp(columns, range(4), r) for r in by_row])
    grown = image_io.resize_depth_mm(depth_mm, (12, 16))
    self.assertEqual(grown.dtype, np.float32)
    np.testing.assert_allclose(grown, expected, rtol=1e-4)


class PredictPictureTest(parameterized.TestCase):
  @parameterized.parameters((60, 80), (6, 8), (81, 33), (1, 1), (300, 20))
  def test_depth_has_the_pictures_size(self, height, width):
    model = model_file.TfliteModel(
      tiny_model.float_model(kernel=(0.0, 10.0, 0.0), bias=3.0)
    )
    rgb_uint8 = np.full((height, width, 3), (50, 100, 150), np.uint8)
    depth_mm = image_io.predict_picture_mm(model, rgb_uint8)
    np.testing.assert_allclose(
      depth_mm, np.full((height, width), 1003.0), rtol=1e-5
    )

  def test_left_stays_left_and_top_stays_top(self):
    model = model_file.TfliteModel(
      tiny_model.float_model(kernel=(1.0, 100.0, 0.0))
    )
    rgb_uint8 = np.zeros((48, 128, 3), np.uint8)
    rgb_uint8[:, 64:, 0] = 50
    rgb_uint8[24:, :, 1] = 50
    depth_mm = image_io.predict_picture_mm(model, rgb_uint8)
    corners = depth_mm[[[0, 0], [-1, -1]], [[0, -1], [0, -1]]]
    np.testing.assert_allclose(corners, [[0, 50], [5000, 5050]], atol=1)


if __name__ == '__main__':
  absltest.main()
