# SPDX-License-Identifier: Apache-2.0
"""Tests that a palette keeps the colours it must keep."""

import io

from absl.testing import absltest
import numpy as np

from depth_mai.report import palette


def _picture(count, seed=0):
  """Returns a picture of 40 x 50 random colours, and the first of them."""
  random = np.random.default_rng(seed)
  picture = random.integers(0, 256, (40, 50, 3), dtype=np.uint8)
  return picture, picture.reshape(-1, 3)[:count].copy()


def _rgb(image):
  return np.array(image.convert('RGB'))


class ReducedTest(absltest.TestCase):
  def test_kept_colours_are_exact_and_the_others_near(self):
    picture, kept = _picture(60)
    got = palette.reduced(picture, kept)
    self.assertEqual(got.mode, 'P')
    self.assertLen(np.unique(_rgb(got).reshape(-1, 3), axis=0), 256)
    np.testing.assert_array_equal(_rgb(got).reshape(-1, 3)[:60], kept)
    error = np.abs(_rgb(got).astype(int) - picture).max(axis=-1)
    # 196 colours for a whole colour cube: cells of about 45 in each channel.
    self.assertLess(np.median(error), 45)

  def test_few_colours_are_all_exact(self):
    random = np.random.default_rng(1)
    few = random.integers(0, 256, (100, 3), dtype=np.uint8)
    picture = few[random.integers(0, 100, (40, 50))]
    for kept in (few[:7], few, few[:1]):
      np.testing.assert_array_equal(
        _rgb(palette.reduced(picture, kept)), picture
      )

  def test_colours_that_do_not_occur_do_no_harm(self):
    picture = np.full((4, 5, 3), 200, np.uint8)
    got = palette.reduced(picture, np.array([[0, 0, 0], [9, 9, 9]], np.uint8))
    np.testing.assert_array_equal(_rgb(got), picture)

  def test_file_is_smaller(self):
    picture, kept = _picture(60)
    sizes = []
    for image in (
      palette.reduced(picture, kept),
      palette.Image.fromarray(picture),
    ):
      stream = io.BytesIO()
      image.save(stream, format='PNG')
      sizes.append(stream.tell())
    self.assertLess(sizes[0], 0.6 * sizes[1])

  def test_errors(self):
    picture, kept = _picture(300)
    with self.assertRaisesRegex(ValueError, '300 colours cannot be kept'):
      palette.reduced(picture, kept)


if __name__ == '__main__':
  absltest.main()
