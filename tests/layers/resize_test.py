# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/resize.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import resize


def _bilinear(image, height, width):
  """Half-pixel bilinear resize of [H, W], clamped at the border."""

  def positions(old, new):
    centre = (np.arange(new) + 0.5) * old / new - 0.5
    low = np.floor(centre).astype(int)
    weight = centre - low
    return np.clip(low, 0, old - 1), np.clip(low + 1, 0, old - 1), weight

  top, bottom, wy = positions(image.shape[0], height)
  left, right, wx = positions(image.shape[1], width)
  upper = image[top][:, left] * (1 - wx) + image[top][:, right] * wx
  lower = image[bottom][:, left] * (1 - wx) + image[bottom][:, right] * wx
  return upper * (1 - wy[:, None]) + lower * wy[:, None]


class ResizeTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters((5, 9), (24, 32), (8, 10))
  def test_bilinear_equals_numpy(self, height, width):
    image = np.random.default_rng(0).uniform(size=(12, 16)).astype(np.float32)
    actual = resize.Resize(height, width)(image[None, :, :, None])
    self.assertAllClose(
      _bilinear(image, height, width), actual[0, :, :, 0], atol=1e-5
    )

  def test_refuses_unknown_interpolation(self):
    with self.assertRaisesRegex(ValueError, "'cubic'"):
      resize.Resize(4, 4, 'cubic')

  def test_batch_norm_after_it_stays_in_inference_mode(self):
    """The trap of keras.layers.Resizing: its training default leaks."""
    inputs = keras.Input((8, 8, 3))
    x = resize.Resize(4, 4)(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization()(x))
    images = tf.random.normal((2, 8, 8, 3), mean=5.0)
    before = [v.numpy() for v in model.variables]
    plain = model(images)
    for old, variable in zip(before, model.variables, strict=True):
      self.assertAllEqual(old, variable)
    self.assertAllEqual(plain, model(images, training=False))


if __name__ == '__main__':
  tf.test.main()
