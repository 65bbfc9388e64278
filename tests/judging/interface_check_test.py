# SPDX-License-Identifier: Apache-2.0
"""Tests of the check of input and output, and of their encoding."""

import dataclasses

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.judging import interface_check
from depth_mai.judging import verdict


def _tensor(shape, type_='float32', scale=0.0, zero_point=0, signature=None):
  return {
    'name': 'x',
    'shape': list(shape),
    'signature': list(shape if signature is None else signature),
    'type': type_,
    'scale': scale,
    'zero_point': zero_point,
  }


def _answer(taken, given):
  return {'inputs': [taken], 'outputs': [given]}


_IN, _OUT = _tensor((1, 4, 6, 3)), _tensor((1, 4, 6, 1))


class ReadTest(parameterized.TestCase):
  @parameterized.parameters(
    ((1, 4, 6, 3), 'auto', 'nhwc', (4, 6)),
    ((1, 3, 4, 6), 'auto', 'nchw', (4, 6)),
    ((1, 3, 6, 3), 'auto', 'nhwc', (3, 6)),
    ((1, 3, 6, 3), 'nchw', 'nchw', (6, 3)),
    ((1, 4, 6, 3), 'nhwc', 'nhwc', (4, 6)),
  )
  def test_layout_of_the_input(self, shape, declared, layout, size):
    got, why = interface_check.read(_answer(_tensor(shape), _OUT), declared)
    taken = got.input
    self.assertEqual((taken.layout, taken.size), (layout, size))
    self.assertEqual(
      '--layout' in why, declared != 'auto' or shape[1] == 3 == shape[3]
    )

  @parameterized.parameters(
    ((1, 4, 6, 1), (4, 6)), ((1, 1, 4, 6), (4, 6)), ((1, 4, 6), (4, 6))
  )
  def test_layout_of_the_output(self, shape, size):
    got, _ = interface_check.read(_answer(_IN, _tensor(shape)), 'auto')
    self.assertEqual(got.output.size, size)
    self.assertEqual(got.output.bytes, 4 * 24)

  @parameterized.parameters(
    (_tensor((1, 4, 6, 4)), _OUT, 'auto', 'input has the shape'),
    (_tensor((4, 6, 3)), _OUT, 'auto', 'input has the shape'),
    (_tensor((2, 4, 6, 3)), _OUT, 'auto', 'input has the shape'),
    (_tensor((1, 0, 6, 3)), _OUT, 'auto', 'input has the shape'),
    (_tensor(()), _OUT, 'auto', 'input has the shape'),
    (_IN, _OUT, 'nchw', 'which is not nchw'),
    (_IN, _tensor((1, 4, 6, 2)), 'auto', 'one channel'),
    (_IN, _tensor((1, 4, 6, 1, 1)), 'auto', 'output has the shape'),
    (_IN, _tensor((1, 8193, 6, 1)), 'auto', 'at most 8192'),
    (_IN, _tensor((1, 8192, 8192, 1)), 'auto', 'at most 8192'),
    (_tensor((1, 4, 6, 3), 'float64'), _OUT, 'auto', 'type float64'),
    (_tensor((1, 4, 6, 3), 'int8'), _OUT, 'auto', 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'uint8'), 'auto', 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', -1.0), 'auto', 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', 1.0, 999), 'auto', 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', '1'), 'auto', 'a valid scale'),
    (
      _tensor((1, 4, 6, 3), signature=(1, -1, -1, 3)),
      _OUT,
      'auto',
      'leaves sizes open',
    ),
  )
  def test_no_depth_network(self, taken, given, declared, message):
    with self.assertRaisesRegex(verdict.FileFaultError, message):
      interface_check.read(_answer(taken, given), declared)

  @parameterized.parameters(
    {'inputs': [], 'outputs': [_OUT]},
    {'inputs': [_IN, _IN], 'outputs': [_OUT]},
    {'inputs': [_IN], 'outputs': [_OUT, _OUT]},
    {'inputs': None, 'outputs': 7},
    {},
    {'inputs': ['x'], 'outputs': [_OUT]},
    {'inputs': [{}], 'outputs': [_OUT]},
    {'inputs': [{'shape': [1, 4, 6, 'x'], 'signature': []}], 'outputs': []},
    {'inputs': [{'shape': [1, 4, 6, True], 'signature': []}], 'outputs': []},
    {'inputs': [{'shape': [1, 4, 6, 3], 'signature': [1]}], 'outputs': [_OUT]},
  )
  def test_invalid_answers(self, **answer):
    with self.assertRaises(verdict.FileFaultError):
      interface_check.read(answer, 'auto')

  def test_an_open_batch_size_counts_as_1(self):
    taken = _tensor((1, 4, 6, 3), signature=(-1, 4, 6, 3))
    got, _ = interface_check.read(_answer(taken, _OUT), 'auto')
    self.assertEqual(got.input.size, (4, 6))


class EncodingTest(parameterized.TestCase):
  """The encoding itself is tested in tests/runtime/model_interface_test.py."""

  def encode(self, tensor, rgb_uint8, input_range='0..255'):
    interface, _ = interface_check.read(_answer(tensor, _OUT), 'auto')
    interface = dataclasses.replace(interface, input_range=input_range)
    return interface.encode(rgb_uint8)

  @parameterized.parameters(
    ('0..255', (0, 51, 255)), ('0..1', (0, 0.2, 1)), ('-1..1', (-1, -0.6, 1))
  )
  def test_ranges(self, name, want):
    bytes_ = np.array([0, 51, 255], np.uint8).reshape(1, 1, 3)
    got = self.encode(_IN, bytes_, name)
    self.assertEqual(got.dtype, np.float32)
    np.testing.assert_allclose(got.ravel(), want, atol=1e-6)

  def test_quantised(self):
    tensor = _tensor((1, 4, 6, 3), 'int8', 1 / 255, -128)
    bytes_ = np.arange(255, dtype=np.uint8).reshape(5, 17, 3)
    got = self.encode(tensor, bytes_, '0..1')
    self.assertEqual(got.dtype, np.int8)
    np.testing.assert_array_equal(got.ravel(), np.arange(-128, 127))
    interface, _ = interface_check.read(_answer(tensor, _OUT), 'auto')
    np.testing.assert_allclose(interface.input.covered(), (0, 1), atol=1e-6)
    # Values beyond the type are clipped.
    self.assertEqual(self.encode(tensor, bytes_).max(), 127)

  def test_bytes_without_a_scale(self):
    bytes_ = np.arange(255, dtype=np.uint8).reshape(5, 17, 3)
    got = self.encode(_tensor((1, 4, 6, 3), 'uint8'), bytes_)
    np.testing.assert_array_equal(got[0], bytes_)
    self.assertEqual(got.dtype, np.uint8)

  def test_layouts(self):
    rgb_uint8 = np.random.default_rng(0).integers(0, 256, (4, 6, 3))
    rgb_uint8 = rgb_uint8.astype(np.uint8)
    for shape, axes in (((1, 4, 6, 3), (0, 1, 2)), ((1, 3, 4, 6), (2, 0, 1))):
      got = self.encode(_tensor(shape), rgb_uint8)
      want = rgb_uint8.transpose(axes).astype('<f4').tobytes()
      self.assertEqual(got.tobytes(), want)

  def test_depth(self):
    steps = np.arange(-12, 12, dtype=np.int8).reshape(1, 1, 4, 6)
    given = _tensor(steps.shape, 'int8', 0.5, -12)
    interface, _ = interface_check.read(_answer(_IN, given), 'auto')
    got = interface.decode_mm(steps.ravel())
    np.testing.assert_array_equal(got, np.arange(24).reshape(4, 6) / 2)
    self.assertEqual(got.dtype, np.float32)


if __name__ == '__main__':
  absltest.main()
