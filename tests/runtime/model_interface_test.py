# SPDX-License-Identifier: Apache-2.0
"""Tests of the encoding of pictures and depth maps."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import model_interface

_FLOAT = model_interface.ImageTensor(
  (1, 2, 4, 3), 'float32', 0, 0, 'nhwc', (2, 4)
)


def _interface(side, input_range='0..255'):
  return model_interface.ModelInterface(side, side, input_range)


def _picture():
  return np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10


class EncodeTest(parameterized.TestCase):
  @parameterized.parameters(
    ('0..255', 1, 0), ('0..1', 255, 0), ('-1..1', 127.5, 1)
  )
  def test_ranges(self, input_range, divisor, offset):
    got = _interface(_FLOAT, input_range).encode(_picture())
    self.assertEqual((got.shape, got.dtype), ((1, 2, 4, 3), np.float32))
    np.testing.assert_allclose(got[0], _picture() / divisor - offset, atol=1e-6)

  @parameterized.parameters('nhwc', 'nchw')
  def test_imagenet(self, layout):
    shape = (1, 2, 4, 3) if layout == 'nhwc' else (1, 3, 2, 4)
    side = dataclasses.replace(_FLOAT, shape=shape, layout=layout)
    got = _interface(side, 'imagenet').encode(_picture())
    # As torchvision's Normalize documents it.
    want = (_picture() / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    if layout == 'nchw':
      want = want.transpose(2, 0, 1)
    self.assertEqual((got.shape, got.dtype), (shape, np.float32))
    np.testing.assert_allclose(got[0], want, atol=1e-6)

  def test_float16(self):
    side = dataclasses.replace(_FLOAT, type_name='float16')
    got = _interface(side).encode(_picture())
    self.assertEqual(got.dtype, np.float16)
    np.testing.assert_array_equal(got[0], _picture())
    self.assertIsNone(side.covered())
    depth = _interface(side).decode_mm(np.arange(8, dtype=np.float16))
    self.assertEqual((depth.dtype, depth[1, 3]), (np.float32, 7.0))

  def test_channels_first(self):
    side = dataclasses.replace(_FLOAT, shape=(1, 3, 2, 4), layout='nchw')
    got = _interface(side).encode(_picture())
    np.testing.assert_array_equal(got[0], _picture().transpose(2, 0, 1))

  @parameterized.parameters('int8', 'uint8', 'int16')
  def test_quantised_numbers_stand_for_the_nearest_real_value(self, type_name):
    side = dataclasses.replace(
      _FLOAT, type_name=type_name, scale=1 / 64, zero_point=3
    )
    got = _interface(side, '0..1').encode(_picture())
    self.assertEqual(got.dtype, np.dtype(type_name))
    real = (got[0].astype(np.float64) - 3) / 64
    self.assertLessEqual(np.abs(real - _picture() / 255).max(), 0.5 / 64 + 1e-6)

  def test_values_beyond_the_type_are_clipped(self):
    side = dataclasses.replace(_FLOAT, type_name='int8', scale=1.0)
    got = _interface(side).encode(_picture())
    np.testing.assert_array_equal(got[0], np.minimum(_picture(), 127))

  def test_uint8_without_scale_takes_bytes_unchanged(self):
    side = dataclasses.replace(_FLOAT, type_name='uint8')
    got = _interface(side, '0..1').encode(_picture())
    np.testing.assert_array_equal(got[0], _picture())
    self.assertEqual(got.dtype, np.uint8)


class ImageTensorTest(absltest.TestCase):
  def test_text_and_size(self):
    self.assertEqual(str(_FLOAT), '[1, 2, 4, 3] float32')
    self.assertEqual(_FLOAT.bytes, 4 * 24)
    side = dataclasses.replace(
      _FLOAT, type_name='int8', scale=2.0, zero_point=-123
    )
    self.assertEqual(str(side), '[1, 2, 4, 3] int8, scale 2, zero point -123')
    self.assertEqual((side.bytes, side.covered()), (24, (-10.0, 500.0)))


class DecodeTest(absltest.TestCase):
  def test_millimetres(self):
    side = model_interface.ImageTensor(
      (1, 1, 2, 4), 'int8', 0.5, -128, 'nchw', (2, 4)
    )
    numbers = np.arange(-128, -120, dtype=np.int8).reshape(side.shape)
    want = np.arange(8).reshape(2, 4) / 2
    for unit, mm_per_unit in (('mm', 1), ('m', 1000)):
      interface = model_interface.ModelInterface(_FLOAT, side, '0..255', unit)
      got = interface.decode_mm(numbers)
      np.testing.assert_array_equal(got, mm_per_unit * want)
      self.assertEqual(got.dtype, np.float32)
    np.testing.assert_array_equal(side.dequantise(numbers.ravel()), want)


if __name__ == '__main__':
  absltest.main()
