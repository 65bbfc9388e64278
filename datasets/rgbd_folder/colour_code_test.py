# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.datasets.rgbd_folder.colour_code."""

from absl.testing import absltest
import numpy as np
from PIL import Image
from PIL import ImageFilter

from depth_mai.datasets.rgbd_folder import colour_code
from depth_mai.report import picture


def _depth_m(near=3.0, far=40.0):
  """Returns a floor that goes away, and a box on it."""
  depth_m = np.linspace(far, near, 96)[:, None] + np.linspace(0, 0.5, 128)
  depth_m[30:60, 40:80] = near + 1
  return depth_m


def _coded(depth_m):
  numbers = np.rint(depth_m / 1000 * (2**24 - 1)).astype(int)
  parts = [numbers % 256, numbers // 256 % 256, numbers // 65536]
  return np.stack(parts, -1).astype(np.uint8)


class ColourCodeTest(absltest.TestCase):
  def test_24_bits(self):
    self.assertTrue(colour_code.is_24_bits(_coded(_depth_m())))
    self.assertTrue(colour_code.is_24_bits(_coded(_depth_m(1, 3))))
    sky = _depth_m()
    sky[:40] = 1000
    self.assertTrue(colour_code.is_24_bits(_coded(sky)))

  def test_order_of_the_bytes(self):
    coded = _coded(_depth_m())
    self.assertEqual(colour_code.encoding(coded), 'rgb24')
    self.assertEqual(colour_code.encoding(coded[..., ::-1]), 'bgr24')
    coloured = picture.colourise(_depth_m(), 3, 40)
    self.assertEqual(colour_code.encoding(coloured), '')

  def test_colour_maps_and_grey_pictures(self):
    for near, far in ((3, 40), (3, 4), (0.5, 1)):
      coloured = picture.colourise(_depth_m(near, far), near, far)
      self.assertFalse(colour_code.is_24_bits(coloured))
    grey = (255 * _depth_m() / 41).astype(np.uint8)
    self.assertFalse(colour_code.is_24_bits(np.stack([grey] * 3, -1)))
    # Black, red, yellow, white; the near half has red alone.
    hot = np.clip(3 * _depth_m()[..., None] / 80 - np.array([0, 1, 2]), 0, 1)
    self.assertFalse(colour_code.is_24_bits((255 * hot).astype(np.uint8)))

  def test_photographs(self):
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    self.assertFalse(colour_code.is_24_bits(noise))
    soft = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(3))
    self.assertFalse(colour_code.is_24_bits(np.asarray(soft)))
    self.assertFalse(colour_code.is_24_bits(np.zeros((4, 4, 3), np.uint8)))


if __name__ == '__main__':
  absltest.main()
