# SPDX-License-Identifier: Apache-2.0
"""Tests of the encoding of pictures and depth maps."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import interpreter
from depth_mai.runtime import model_interface
from tests.runtime import tiny_model

_FLOAT = model_interface.ImageTensor(
  (1, 2, 4, 3), 'float32', 0, 0, 'nhwc', (2, 4)
)


def _interface(side, input_range='0..255'):
  return model_interface.ModelInterface(side, side, input_range)


def _picture():
  return np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10


class ReadInterfaceTest(parameterized.TestCase):
  def read(self, content, metadata):
    return model_interface.read_interface(
      'm.tflite', interpreter.load_interpreter(content), metadata
    )

  def test_float_model_without_metadata(self):
    got = self.read(tiny_model.float_model((6, 8)), {})
    self.assertEqual((got.input_range, got.output_unit), ('0..255', 'mm'))
    self.assertEqual(str(got.input), '[1, 6, 8, 3] float32')
    self.assertEqual((got.input.size, got.output.size), ((6, 8), (6, 8)))
    self.assertEqual(got.input.bytes, 4 * 6 * 8 * 3)
    self.assertIsNone(got.input.covered())

  def test_quantised_model(self):
    content = tiny_model.quantised_model('int8', (6, 8), 2.0, -123, 6.0, -120)
    got = self.read(content, {'output_unit': 'm'})
    self.assertEqual(
      str(got.output), '[1, 6, 8, 1] int8, scale 6, zero point -120'
    )
    self.assertEqual(got.input.covered(), (-10.0, 500.0))
    self.assertEqual(got.output.bytes, 6 * 8)
    self.assertEqual(got.output_unit, 'm')

  @parameterized.parameters(
    ([0, 255], '0..255'), ([0, 1], '0..1'), ([-1.0, 1.0], '-1..1')
  )
  def test_range_in_the_metadata(self, ends, want):
    got = self.read(tiny_model.float_model(), {'input': {'range': ends}})
    self.assertEqual(got.input_range, want)

  @parameterized.parameters(
    ({'input': {'range': [0, 7]}}, 'input.range in the metadata is .0, 7'),
    ({'input': {'range': 'all'}}, "input.range in the metadata is 'all'"),
    ({'output_unit': 'feet'}, "'feet'; allowed are .*'mm'"),
    ({'output_unit': ['m']}, 'output_unit'),
  )
  def test_invalid_metadata(self, metadata, message):
    with self.assertRaisesRegex(ValueError, message):
      self.read(tiny_model.float_model(), metadata)


class EncodeTest(parameterized.TestCase):
  @parameterized.parameters(
    ('0..255', 1, 0), ('0..1', 255, 0), ('-1..1', 127.5, 1)
  )
  def test_ranges(self, input_range, divisor, offset):
    got = _interface(_FLOAT, input_range).encode(_picture())
    self.assertEqual((got.shape, got.dtype), ((1, 2, 4, 3), np.float32))
    np.testing.assert_allclose(got[0], _picture() / divisor - offset, atol=1e-6)

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
