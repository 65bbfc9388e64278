# SPDX-License-Identifier: Apache-2.0
"""Tests of colour.py against NumPy."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import colour


def random_rgb(height=6, width=7):
  rng = np.random.default_rng(0)
  rgb = rng.uniform(0, 255, (height, width, 3)).astype(np.float32)
  rgb[0, 0], rgb[0, 1] = 0, 255
  return rgb


class ColourTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.product(gamma=(0.9, 1.0, 1.1), white=(1.0, 255.0))
  def test_gamma(self, gamma, white):
    rgb = random_rgb()
    expected = white * np.power(rgb.astype(np.float64) / white, gamma)
    self.assertAllClose(
      colour.adjust_gamma(rgb, gamma, white), expected, rtol=1e-5
    )

  def test_published_gamma_works_on_the_raw_values(self):
    self.assertAllClose(
      colour.adjust_gamma(tf.fill((1, 1, 3), 200.0), 1.1),
      np.full((1, 1, 3), 200**1.1),
      rtol=1e-5,
    )

  @parameterized.parameters(0.0, 0.5, 1.0, 1.5)
  def test_saturation(self, factor):
    rgb = random_rgb()
    expected = np.zeros_like(rgb)
    for row, column in np.ndindex(6, 7):
      grey = sum(rgb[row, column]) / 3
      expected[row, column] = [
        grey + factor * (value - grey) for value in rgb[row, column]
      ]
    self.assertAllClose(
      colour.adjust_saturation(rgb, factor), expected, atol=1e-3
    )

  @parameterized.parameters(0.0, 0.7, 1.3)
  def test_contrast_uses_the_mean_inside_the_mask(self, factor):
    rgb = random_rgb()
    mask = np.zeros((6, 7, 1), bool)
    mask[:4, :3] = True
    mean = rgb[:4, :3].mean()
    self.assertNotAllClose(mean, rgb.mean())
    self.assertAllClose(
      colour.adjust_contrast(rgb, factor, mask),
      mean + factor * (rgb - mean),
      atol=1e-3,
    )

  def test_contrast_of_an_empty_mask_is_finite(self):
    mask = np.zeros((6, 7, 1), bool)
    result = colour.adjust_contrast(random_rgb(), 0.5, mask)
    self.assertAllInRange(result, 0, 255)

  def test_padding_is_zero_after_normalisation(self):
    rgb = random_rgb()
    mask = np.zeros((6, 7, 1), bool)
    mask[:4, :3] = True
    padded = colour.pad(rgb, mask).numpy()
    self.assertAllEqual(padded[:4, :3], rgb[:4, :3])
    normalised = (padded - 127.5) / 127.5
    self.assertAllEqual(normalised[4:], np.zeros((2, 7, 3)))
    self.assertAllEqual(normalised[:, 3:], np.zeros((6, 4, 3)))

  @parameterized.parameters(
    (0.5, 0.5, 0.4, 0.5), (0.0, 1.0, 0.6, 0.3), (0.5, 0.5, 0.0, 0.5)
  )
  def test_cutout_mask(self, centre_y, centre_x, height, width):
    expected = np.ones((10, 20, 1), bool)
    for row, column in np.ndindex(10, 20):
      expected[row, column] = not (
        abs((row + 0.5) / 10 - centre_y) < height / 2
        and abs((column + 0.5) / 20 - centre_x) < width / 2
      )
    self.assertEqual(expected.all(), height == 0)
    self.assertAllEqual(
      colour.cutout_mask((10, 20), centre_y, centre_x, height, width), expected
    )


if __name__ == '__main__':
  tf.test.main()
