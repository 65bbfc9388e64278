# SPDX-License-Identifier: Apache-2.0
"""Tests of depth_mai/layers/upsample.py."""

from absl.testing import parameterized
import keras
import numpy as np
import tensorflow as tf

from depth_mai.layers import upsample
from depth_mai.lite import converter
from depth_mai.runtime import delegation
from depth_mai.runtime import interpreter
from depth_mai.runtime import operators


def _model(method, low_size, height, width):
  inputs = keras.Input((*low_size, 1), batch_size=1)
  outputs = upsample.upsample_output(inputs, height, width, method)
  return keras.Model(inputs, outputs)


def _run(method, depth, height, width):
  model = _model(method, depth.shape, height, width)
  return model(depth[None, :, :, None])[0, :, :, 0]


class UpsampleTest(tf.test.TestCase, parameterized.TestCase):
  def setUp(self):
    super().setUp()
    self.depth = np.random.default_rng(0).uniform(size=(3, 4)).astype('float32')

  @parameterized.parameters('tile', 'nearest', 'nearest_broadcast')
  def test_nearest_repeats_each_pixel(self, method):
    expected = self.depth.repeat(5, axis=0).repeat(5, axis=1)
    self.assertAllEqual(expected, _run(method, self.depth, 15, 20))

  @parameterized.parameters('bilinear', 'bilinear_separable')
  def test_bilinear_of_a_ramp_is_a_ramp_inside(self, method):
    ramp = np.tile(np.arange(4, dtype=np.float32), (3, 1))
    row = _run(method, ramp, 6, 8)[2]
    self.assertAllClose(np.diff(row[1:-1]), [0.5] * 5)

  def test_refuses_unknown_methods_and_factors(self):
    with self.assertRaisesRegex(ValueError, 'cubic'):
      _run('cubic', self.depth, 6, 8)
    with self.assertRaisesRegex(ValueError, 'integer factors'):
      _run('tile', self.depth, 7, 8)

  @parameterized.parameters(
    ('bilinear_separable', {'RESIZE_BILINEAR': 2, 'TRANSPOSE': 2}),
    ('nearest_broadcast', {'ADD': 1, 'CONCATENATION': 2}),
  )
  def test_the_file_keeps_the_form(self, method, expected):
    content = converter.convert(_model(method, (3, 4), 30, 40), 'fp32')
    report = operators.check(content)
    self.assertTrue(report.compatible, report.problems)
    found = {
      name: count
      for name, count in report.histogram.items()
      if name != 'RESHAPE'
    }
    self.assertEqual(found, expected)
    loaded = interpreter.load_interpreter(content)
    loaded.allocate_tensors()
    taken = delegation.describe_delegation(loaded)
    if taken is None or not taken.partitions:
      self.skipTest('This runtime does not report what XNNPACK runs.')
    self.assertEqual((taken.partitions, taken.outside), (1, {}))


def _along(values, size, axis):
  """Interpolates between pixel centres; holds the first and last pixel."""
  low = values.shape[axis]
  positions = (np.arange(size) + 0.5) * low / size - 0.5
  return np.apply_along_axis(
    lambda line: np.interp(positions, np.arange(low), line), axis, values
  )


class SeparableResizeTest(tf.test.TestCase, parameterized.TestCase):
  @parameterized.parameters(
    ((6, 8), (60, 80)), ((6, 8), (6, 8)), ((6, 8), (7, 8)), ((6, 8), (6, 31)),
    ((6, 8), (3, 5)), ((1, 2), (4, 9)),
  )  # fmt: skip
  def test_is_bilinear_with_half_pixel_centres(self, low_size, size):
    depth = np.random.default_rng(0).uniform(1, 9, size=(2, *low_size, 1))
    depth = depth.astype(np.float32)
    result = upsample.SeparableResize(*size)(depth)
    expected = _along(_along(depth.astype(np.float64), size[0], 1), size[1], 2)
    self.assertAllClose(expected, result, rtol=1e-5, atol=0)

  def test_shape_of_an_open_batch(self):
    depth = keras.Input((3, 4, 1))
    layer = upsample.SeparableResize(30, 20)
    self.assertEqual(layer(depth).shape, (None, 30, 20, 1))

  def test_config_round_trip(self):
    layer = upsample.SeparableResize(30, 20)
    twin = keras.layers.deserialize(keras.layers.serialize(layer))
    self.assertEqual((twin.height, twin.width), (30, 20))


if __name__ == '__main__':
  tf.test.main()
