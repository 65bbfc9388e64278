# SPDX-License-Identifier: Apache-2.0
"""Tests for depth_mai.pictures.picture_modes."""

import io

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from depth_mai.pictures import picture_modes
from tests.pictures import odd_pictures


def _rgb(encoded: bytes) -> np.ndarray:
  with Image.open(io.BytesIO(encoded)) as picture:
    picture.load()
    return np.asarray(picture_modes.to_rgb(picture, encoded))


class PictureModesTest(parameterized.TestCase):
  def test_pgm_declares_its_largest_value(self):
    # 300 of 65535 would be read as 10 bits; of 4095 it is what it says.
    dark = odd_pictures.noise(1, 300)
    samples = dark.astype('>u2').tobytes()
    height, width = odd_pictures.SIZE
    for white in (4095, 1000):
      header = b'P5\n# not 65535 \n%d %d\n%d\n' % (
        width,
        height,
        white,
      )
      np.testing.assert_allclose(
        _rgb(header + samples)[..., 1], dark[..., 0] * 255 / white, atol=0.51
      )
    header = b'P5\n# white is 4095\n%d %d\n65535\n' % (width, height)
    np.testing.assert_array_equal(
      _rgb(header + samples)[..., 1], np.rint(dark[..., 0] * 255 / 1023)
    )

  def test_a_single_large_sample_makes_it_16_bits(self):
    samples = odd_pictures.noise(1, 1000)
    samples[5, 5] = 4096
    np.testing.assert_array_equal(
      _rgb(odd_pictures.png(samples, 16, 0))[..., 0],
      np.rint(samples[..., 0] / 257),
    )

  def test_black_stays_black(self):
    for channels, colour_type in ((1, 0), (3, 2)):
      samples = np.zeros((*odd_pictures.SIZE, channels))
      self.assertEqual(
        _rgb(odd_pictures.png(samples, 16, colour_type)).max(), 0
      )

  def test_white_may_be_zero(self):
    grey = odd_pictures.noise(1, 4095)[..., 0].astype(np.uint16)
    file = odd_pictures.saved(grey, 'TIFF', tiffinfo={262: 0})
    np.testing.assert_array_equal(
      _rgb(file)[..., 0], 255 - np.rint(grey * np.float64(255) / 4095)
    )

  def test_transparent_everywhere_is_refused(self):
    # Some renderers leave alpha at 0; over white nothing would be left.
    rgba = odd_pictures.noise(4)
    rgba[..., 3] = 0
    with self.assertRaisesRegex(ValueError, 'transparent everywhere'):
      _rgb(odd_pictures.png(rgba, 8, 6))

  @parameterized.parameters(
    (np.ones((2, 2), np.float32), 'floating-point'),
    (np.full((2, 2), 65536, np.int32), 'from 65536 to 65536'),
    (np.full((2, 2), -1, np.int32), 'from -1 to -1'),
  )
  def test_numbers_without_a_range_are_refused(self, samples, words):
    with self.assertRaisesRegex(ValueError, words):
      _rgb(odd_pictures.saved(samples, 'TIFF'))


if __name__ == '__main__':
  absltest.main()
