# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/runtime/depth_model.py and of `import depth_mai`."""

import pathlib
import subprocess
import sys

from absl.testing import absltest
import numpy as np
from PIL import Image

import depth_mai
from depth_mai.files import ready_models
from depth_mai.report import point_cloud
from depth_mai.runtime import depth_model
from tests.runtime import foreign_model
from tests.runtime import tiny_model


class DepthModelTest(absltest.TestCase):
  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    self.path = self.root / 'm.tflite'
    # Depth in millimetres is 1000 + 20 * red.
    self.path.write_bytes(
      tiny_model.float_model((48, 64), (20.0, 0.0, 0.0), 1000.0)
    )

  def test_metres_at_the_size_of_the_image(self):
    predict = depth_mai.load(self.path)
    for height, width in ((48, 64), (30, 100), (1, 1), (130, 70)):
      image = np.zeros((height, width, 3), np.uint8)
      image[..., 0] = np.linspace(0, 255, width)
      depth_m = predict(image)
      self.assertEqual(
        (depth_m.dtype, depth_m.shape), (np.float32, (height, width))
      )
      # Away from the edges, where resizing mixes pixels with themselves.
      inside = slice(width // 8, width - width // 8)
      np.testing.assert_allclose(
        depth_m[:, inside], (1 + 0.02 * image[..., 0])[:, inside], atol=0.06
      )

  def test_a_file_and_a_pillow_picture(self):
    image = np.zeros((20, 30, 3), np.uint8)
    image[:10, :, 0] = 200
    picture = Image.fromarray(image)
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned clockwise by 90 degrees.
    picture.save(self.root / 'a.png', exif=exif)
    predict = depth_mai.load(str(self.path))
    depth_m = predict(self.root / 'a.png')
    self.assertEqual(depth_m.shape, (30, 20))
    np.testing.assert_allclose(depth_m[:, 16:], 5.0, atol=1e-3)
    np.testing.assert_allclose(depth_m[:, :4], 1.0, atol=1e-3)
    np.testing.assert_array_equal(predict(picture), predict(image))

  def test_depth_is_within_what_a_depth_map_can_hold(self):
    self.path.write_bytes(
      tiny_model.float_model((4, 4), (1000.0, 0.0, 0.0), -5000.0)
    )
    image = np.zeros((4, 4, 3), np.uint8)
    image[2:, :, 0] = 255
    depth_m = depth_mai.load(self.path)(image)
    np.testing.assert_allclose(depth_m[0], 0.001)
    np.testing.assert_allclose(depth_m[3], 65.535)

  def test_depth_that_is_not_finite(self):
    self.path.write_bytes(tiny_model.float_model((4, 4), (3e38, 0.0, 0.0)))
    with self.assertRaisesRegex(ValueError, 'm.tflite predicts .* NaN'):
      depth_mai.load(self.path)(np.full((4, 4, 3), 200, np.uint8))

  def test_images_that_cannot_be(self):
    predict = depth_mai.load(self.path)
    for image, words in (
      (np.zeros((4, 4, 3)), r'float64 \[4, 4, 3\].*\(255 \* image\)'),
      (np.zeros((4, 4), np.uint8), r"uint8 \[4, 4\].*convert\('RGB'\)"),
      (np.zeros((4, 4, 4), np.uint8), r'uint8 \[4, 4, 4\]'),
      (np.zeros((0, 4, 3), np.uint8), 'must have pixels'),
      ('none.jpg', 'none.jpg: the file cannot be read'),
    ):
      with self.assertRaisesRegex(ValueError, words):
        predict(image)

  def test_a_file_of_another_project(self):
    # Takes 0..1 and gives metres: 1 + 5 * mean.
    self.path.write_bytes(foreign_model.mean((1, 3, 48, 64), 5.0, 1.0))
    with self.assertRaisesRegex(ValueError, 'input_range'):
      depth_mai.load(self.path)
    predict = depth_mai.load(self.path, unit='m', input_range='0..1')
    depth_m = predict(np.full((10, 10, 3), 51, np.uint8))
    np.testing.assert_allclose(depth_m, 2.0, rtol=1e-5)

  def test_names(self):
    predict = depth_mai.load()
    self.assertEqual(predict.name, ready_models.DEFAULT)
    self.assertRegex(
      repr(predict),
      f'{ready_models.DEFAULT}: RGB uint8 .* metres; .* at 640x480',
    )
    with self.assertRaisesRegex(ValueError, "'tlc' is neither .* tcl"):
      depth_mai.load('tlc')


class InterfaceTest(absltest.TestCase):
  def test_it_leads_to_the_library(self):
    self.assertIs(depth_mai.load, depth_model.load)
    self.assertIs(depth_mai.points, point_cloud.points)
    self.assertIs(depth_mai.write_ply, point_cloud.write_ply)
    self.assertContainsSubset(('load', 'points', 'write_ply'), dir(depth_mai))
    with self.assertRaisesRegex(AttributeError, "'depth_mai' .* 'laod'"):
      depth_mai.laod  # noqa: B018

  def test_importing_it_is_light(self):
    code = (
      'import sys; before = set(sys.modules); import depth_mai; '
      'print(sorted(set(sys.modules) - before))'
    )
    done = subprocess.run(
      [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    self.assertEqual(done.stdout.strip(), "['depth_mai']")


if __name__ == '__main__':
  absltest.main()
