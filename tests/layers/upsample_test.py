# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/upsample.py."""

import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import upsample


def _run(method, depth, height, width):
  inputs = keras.Input((*depth.shape, 1), batch_size=1)
  outputs = upsample.upsample_output(inputs, height, width, method)
  return keras.Model(inputs, outputs)(depth[None, :, :, None])[0, :, :, 0]


class UpsampleTest(tf.test.TestCase):
  def setUp(self):
    super().setUp()
    self.depth = np.random.default_rng(0).uniform(size=(3, 4)).astype('float32')

  def test_tile_and_nearest_repeat_each_pixel(self):
    expected = self.depth.repeat(5, axis=0).repeat(5, axis=1)
    self.assertAllEqual(expected, _run('tile', self.depth, 15, 20))
    self.assertAllEqual(expected, _run('nearest', self.depth, 15, 20))

  def test_bilinear_of_a_ramp_is_a_ramp_inside(self):
    ramp = np.tile(np.arange(4, dtype=np.float32), (3, 1))
    row = _run('bilinear', ramp, 6, 8)[2]
    self.assertAllClose(np.diff(row[1:-1]), [0.5] * 5)

  def test_refuses_what_it_cannot_do(self):
    with self.assertRaisesRegex(ValueError, 'cubic'):
      _run('cubic', self.depth, 6, 8)
    with self.assertRaisesRegex(ValueError, 'integer factors'):
      _run('tile', self.depth, 7, 8)


if __name__ == '__main__':
  tf.test.main()
