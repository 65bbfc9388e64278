# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/aspp.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import aspp
from depth_mai.layers import conv_norm

_BRANCHES = ('point', 'rate_1', 'rate_2', 'rate_3', 'image')


def _pyramid(size, channels, branch_filters, filters):
  inputs = keras.Input((*size, channels))
  outputs = aspp.aspp(
    inputs,
    branch_filters=branch_filters,
    filters=filters,
    rates=(1, 2, 3),
    # The moving statistics start at 0 and 1: with no epsilon, BatchNorm copies.
    norm=conv_norm.BatchNorm(epsilon=0.0),
    name='aspp',
  )
  return keras.Model(inputs, outputs)


def _respond(branch):
  """Returns the response of a branch of ones to one bright pixel at (3, 4)."""
  model = _pyramid((7, 9), 1, 1, 1)
  for other in _BRANCHES:
    kernel = model.get_layer(f'aspp_{other}').kernel
    kernel.assign(tf.fill(kernel.shape, float(other == branch)))
  join = model.get_layer('aspp_join').kernel
  join.assign(tf.ones(join.shape))
  image = np.zeros((1, 7, 9, 1), np.float32)
  image[0, 3, 4] = 1.0
  return model(image, training=False)[0, :, :, 0]


class AsppTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(1, 2, 3)
  def test_a_rate_is_the_distance_of_the_taps(self, rate):
    expected = np.zeros((7, 9))
    for row in (3 - rate, 3, 3 + rate):
      for column in (4 - rate, 4, 4 + rate):
        expected[row, column] = 1.0
    self.assertAllClose(expected, _respond(f'rate_{rate}'))

  def test_the_point_branch_covers_one_pixel(self):
    expected = np.zeros((7, 9))
    expected[3, 4] = 1.0
    self.assertAllClose(expected, _respond('point'))

  def test_the_image_branch_repeats_the_mean(self):
    self.assertAllClose(np.full((7, 9), 1 / 63), _respond('image'))

  def test_every_branch_has_its_own_activation(self):
    """A negative response must not reduce that of another branch."""
    model = _pyramid((7, 9), 1, 1, 1)
    for branch in _BRANCHES:
      kernel = model.get_layer(f'aspp_{branch}').kernel
      kernel.assign(tf.fill(kernel.shape, 1.0 if branch == 'point' else -1.0))
    join = model.get_layer('aspp_join').kernel
    join.assign(tf.ones(join.shape))
    image = np.random.default_rng(0).uniform(size=(1, 7, 9, 1))
    image = image.astype(np.float32)
    self.assertAllClose(image, model(image, training=False))

  def test_shapes_and_weights(self):
    model = _pyramid((6, 8), 80, 40, 64)
    self.assertEqual(model.output_shape, (None, 6, 8, 64))
    kernels = [v.shape for v in model.variables if 'kernel' in v.path]
    self.assertCountEqual(
      kernels,
      [(1, 1, 80, 40)] * 2 + [(3, 3, 80, 40)] * 3 + [(1, 1, 200, 64)],
    )


if __name__ == '__main__':
  tf.test.main()
