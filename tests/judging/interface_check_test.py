# SPDX-License-Identifier: Apache-2.0
"""Tests of the check of a description of input and output.

What a description means is tested in runtime/interface_reader_test.py, and its
types in answers_test.py.
"""

from absl.testing import absltest
from absl.testing import parameterized

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
  def test_a_depth_network(self):
    got = interface_check.read(
      _answer(_tensor((1, 3, 4, 6)), _tensor((1, 1, 4, 6))),
      {'output_unit': 'm', 'range': [0, 1], 'layout': 'NCHW'},
    )
    self.assertEqual((got.input.layout, got.input.size), ('nchw', (4, 6)))
    self.assertEqual((got.output.size, got.output.bytes), ((4, 6), 4 * 24))
    self.assertEqual((got.input_range.value, got.unit.value), ('0..1', 'm'))

  @parameterized.parameters(
    (_tensor((1, 4, 6, 4)), _OUT, 'Its input has the shape .1, 4, 6, 4.; a'),
    (_IN, _tensor((1, 4, 6, 2)), 'one channel'),
    (_IN, _tensor((1, 8193, 6, 1)), 'at most 8192'),
    (_IN, _tensor((1, 8192, 8192, 1)), 'at most 8192'),
    (_tensor((1, 4, 6, 3), 'float64'), _OUT, 'type float64'),
    (_tensor((1, 4, 6, 3), 'int8'), _OUT, 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'uint8'), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', -1.0), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', 1.0, 999), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', float('inf')), 'a valid scale'),
  )
  def test_no_depth_network(self, taken, given, message):
    with self.assertRaisesRegex(verdict.FileFaultError, message):
      interface_check.read(_answer(taken, given), {})

  def test_invalid_shape(self):
    taken = _tensor((1, 4, 6, 3), signature=[1])
    with self.assertRaisesRegex(verdict.FileFaultError, 'shape of its input'):
      interface_check.read(_answer(taken, _OUT), {})

  def test_no_output(self):
    with self.assertRaisesRegex(verdict.FileFaultError, 'It has 0 outputs'):
      interface_check.read({'inputs': [_IN], 'outputs': []}, {})

  def test_names_are_printable_in_messages(self):
    outputs = [{**_OUT, 'name': 'a\x1b[31m'}, {**_OUT, 'name': 'b'}]
    with self.assertRaisesRegex(verdict.FileFaultError, r'\\x1b') as raised:
      interface_check.read({'inputs': [_IN], 'outputs': outputs}, {})
    self.assertNotIn('\x1b', str(raised.exception))


if __name__ == '__main__':
  absltest.main()
