# SPDX-License-Identifier: Apache-2.0
"""Tests of crop.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow as tf

from depth_mai.data import crop

ALMOST_ONE = np.float32(1 - 2**-24)


def numbers(window):
  return tuple(float(side) for side in window)


class R2WindowTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (0.0, 0.0, 0.0, (0, 0, 240, 384)),
    (0.0, ALMOST_ONE, ALMOST_ONE, (240, 256, 240, 384)),
    (0.5, 0.0, ALMOST_ONE, (0, 128, 360, 512)),
    (0.5, ALMOST_ONE, 0.5, (120, 64, 360, 512)),
    (ALMOST_ONE, ALMOST_ONE, ALMOST_ONE, (0, 0, 480, 640)),
  )
  def test_extreme_draws(self, size, top, left, expected):
    window = crop.r2_window(*map(tf.constant, (size, top, left)))
    self.assertEqual(numbers(window), expected)

  def test_statistics(self):
    draws = np.random.default_rng(0).random((3000, 3), np.float32)
    dataset = tf.data.Dataset.from_tensor_slices(draws)
    dataset = dataset.map(lambda d: tf.stack(crop.r2_window(*tf.unstack(d))))
    windows = next(iter(dataset.batch(3000))).numpy()
    self.assertAllEqual(windows, np.round(windows))
    sizes, counts = np.unique(windows[:, 2:], axis=0, return_counts=True)
    self.assertAllEqual(sizes, [(240, 384), (360, 512), (480, 640)])
    # Five standard deviations of a binomial count.
    self.assertAllInRange(counts, 1000 - 130, 1000 + 130)
    small = windows[windows[:, 2] == 240]
    for column, margin in ((0, 240), (1, 256)):
      self.assertGreaterEqual(small[:, column].min(), 0)
      self.assertLessEqual(small[:, column].max(), margin)
      # Uniform over 0..margin: mean and standard deviation.
      self.assertAllClose(small[:, column].mean(), margin / 2, rtol=0.1)
      self.assertAllClose(small[:, column].std(), margin / 12**0.5, rtol=0.1)

  def test_every_whole_offset_is_equally_likely(self):
    draws = (np.arange(1000, dtype=np.float32) + 0.5) / 1000
    tops = [
      float(
        crop.r2_window(
          tf.constant(0.0), tf.constant(d), tf.constant(0.0), [(6, 8)], (10, 8)
        ).top
      )
      for d in draws[::10]
    ]
    self.assertAllEqual(np.bincount(np.int32(tops)), [20, 20, 20, 20, 20])

  @parameterized.parameters(
    ((240, 384), (128, 160), (64, 96)),
    ((360, 512), (128, 160), (96, 128)),
    ((480, 640), (128, 160), (128, 160)),
    ((240, 384), (120, 160), (60, 96)),
    ((360, 512), (480, 640), (360, 512)),
  )
  def test_window_fills_the_published_part_of_the_output(
    self, window_size, output_size, shown_size
  ):
    window = crop.Window(
      tf.constant(7.0), tf.constant(9.0), *map(float, window_size)
    )
    mask = crop.view(window, crop.R2_FRAME, output_size)[1].numpy()
    expected = np.zeros((*output_size, 1), bool)
    expected[: shown_size[0], : shown_size[1]] = True
    self.assertAllEqual(mask, expected)

  def test_scale_is_that_of_the_frame(self):
    window = crop.Window(tf.constant(7.0), tf.constant(9.0), 240.0, 384.0)
    matrix = crop.view(window, crop.R2_FRAME, (128, 160))[0].numpy()
    self.assertAllClose(matrix @ [0, 0, 1], (9, 7, 1))
    self.assertAllClose(matrix @ [96, 64, 1], (9 + 384, 7 + 240, 1))


class ZoomWindowTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    (0.5, 1.0, 1.0, 0.0, 0.0, (0, 0, 24, 32)),
    (0.5, 1.0, 1.0, 1.0, 0.5, (24, 16, 24, 32)),
    (0.5, 1.2, 0.8, 1.0, 1.0, (48 - 28.8, 64 - 25.6, 28.8, 25.6)),
    (0.9, 1.2, 1.0, 0.7, 1.0, (0, 6.4, 48, 57.6)),
    (1.0, 1.0, 1.0, 0.3, 0.9, (0, 0, 48, 64)),
  )
  def test_window(self, zoom, stretch_y, stretch_x, top, left, expected):
    window = crop.zoom_window((48, 64), zoom, stretch_y, stretch_x, top, left)
    self.assertAllClose(numbers(window), expected, atol=1e-4)

  def test_whole_window_is_stretched_over_the_output(self):
    window = crop.zoom_window((48, 64), 0.6, 1.0, 0.9, 0.3, 0.4)
    span = (window.height, window.width)
    matrix, mask = (x.numpy() for x in crop.view(window, span, (8, 10)))
    top, left, height, width = numbers(window)
    self.assertAllClose(matrix @ [0, 0, 1], (left, top, 1))
    self.assertAllClose(matrix @ [10, 8, 1], (left + width, top + height, 1))
    self.assertTrue(mask.all())


class FullWindowTest(tf.test.TestCase):
  def test_full_window_is_the_frame(self):
    self.assertEqual(numbers(crop.full_window((48, 64))), (0, 0, 48, 64))


if __name__ == '__main__':
  tf.test.main()
