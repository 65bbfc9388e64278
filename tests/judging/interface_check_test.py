# SPDX-License-Identifier: Apache-2.0
"""Tests of the check of an untrusted description of input and output.

What a description means is tested in tests/runtime/interface_reader_test.py.
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
    (_IN, _tensor((1, 4, 6, 1), 'int8', 1.0, True), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', '1'), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', [1.0]), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 'int8', float('inf')), 'a valid scale'),
    (_IN, _tensor((1, 4, 6, 1), 5), 'name of its output is invalid'),
    (_IN, {**_OUT, 'signature_names': 'ab'}, 'name of its output is invalid'),
    (_IN, {**_OUT, 'signature_names': [1]}, 'name of its output is invalid'),
    (_IN, {**_OUT, 'name': 'x' * 1000}, 'name of its output is invalid'),
    (_IN, {**_OUT, 'more': 1}, 'description of its output is invalid'),
  )
  def test_no_depth_network(self, taken, given, message):
    with self.assertRaisesRegex(verdict.FileFaultError, message):
      interface_check.read(_answer(taken, given), {})

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
      interface_check.read(answer, {})

  def test_names_are_printable_in_messages(self):
    outputs = [{**_OUT, 'name': 'a\x1b[31m'}, {**_OUT, 'name': 'b'}]
    with self.assertRaisesRegex(verdict.FileFaultError, r'\\x1b') as raised:
      interface_check.read({'inputs': [_IN], 'outputs': outputs}, {})
    self.assertNotIn('\x1b', str(raised.exception))


if __name__ == '__main__':
  absltest.main()
