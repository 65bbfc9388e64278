# SPDX-License-Identifier: Apache-2.0
"""Tests of what declares an input range and a unit."""

from absl.testing import absltest
from absl.testing import parameterized

from depth_mai.runtime import interface_evidence as evidence
from depth_mai.runtime import model_interface

_FLOAT = model_interface.ImageTensor(
  (1, 4, 6, 3), 'float32', 0.0, 0, 'nhwc', (4, 6)
)
_OURS = {'output_unit': 'mm', 'input': {'range': [0, 255]}}


def _int8(low, high):
  """Returns an input whose 256 steps reach from low to high."""
  scale = (high - low) / 255
  return model_interface.ImageTensor(
    (1, 4, 6, 3), 'int8', scale, round(-128 - low / scale), 'nhwc', (4, 6)
  )


def _int16(most):
  """Returns an input of 16 bits; its zero point is 0, as TFLite requires."""
  return model_interface.ImageTensor(
    (1, 4, 6, 3), 'int16', most / 32767, 0, 'nhwc', (4, 6)
  )


class RangeTest(parameterized.TestCase):
  @parameterized.named_parameters(
    # The flag, then the metadata, then the quantisation; the rest is said.
    ('flag', '0..1', _OURS, _int8(-1, 1), '0..1', '--input_range', '0..255'),
    ('metadata', 'auto', _OURS, _int8(-1, 1), '0..255', 'metadata', '-1..1'),
    ('agree', '-1..1', {}, _int8(-1, 1), '-1..1', '--input_range', ''),
    ('zero_one', 'auto', {}, _int8(0, 1.004), '0..1', 'covers 0 to', ''),
    ('bytes', 'auto', {}, _int8(-1, 255), '0..255', 'covers -1.004', ''),
    # (0 - 0.485) / 0.229 to (1 - 0.406) / 0.225.
    ('imagenet', 'auto', {}, _int8(-2.12, 2.64), 'imagenet', 'covers', ''),
    # 16 bits reach as far below 0 as above.
    ('bytes_int16', 'auto', {}, _int16(255), '0..255', 'covers -255', ''),
    ('imagenet_int16', 'auto', {}, _int16(2.64), 'imagenet', 'covers', ''),
    ('floats', 'auto', {'input': {'range': [-1.0, 1.0]}}, _FLOAT, '-1..1',
     'metadata', ''),
    ('unit_only', 'auto', {'output_unit': 'm'}, _FLOAT, '0..255', 'metadata',
     ''),
  )  # fmt: skip
  def test_order(self, flag, metadata, tensor, want, why, against):
    got, _ = evidence.input_range(flag, metadata, tensor)
    self.assertEqual(got.value, want)
    self.assertIn(why, got.why)
    self.assertFalse(got.with_truth)
    self.assertEqual(bool(got.doubt), bool(against))
    self.assertIn(against, got.doubt)

  def test_bytes_without_a_scale(self):
    raw = model_interface.ImageTensor(
      (1, 4, 6, 3), 'uint8', 0.0, 0, 'nhwc', (4, 6)
    )
    got, _ = evidence.input_range('auto', {}, raw)
    self.assertEqual((got.value, got.doubt), ('0..255', ''))
    got, _ = evidence.input_range('0..1', {}, raw)
    self.assertEqual(got.value, '0..255')
    self.assertIn('contradicts 0..1', got.doubt)

  @parameterized.parameters(
    (_int8(0, 6), {}, 'covers 0 to 6, which is none'),
    (_int8(-128, 127), {}, 'covers -128 to 127'),
    (_int8(-2.1, 0.5), {}, 'covers -2.1'),
    (_int16(1), {}, 'covers -1 to 1, as 16 bits do for 0..1 and for -1..1'),
    (_FLOAT, {}, '^$'),
    (_FLOAT, {'input': 7}, '^$'),
    (_FLOAT, {'input': {'range': [0, 7]}}, r'metadata is \[0, 7\]; allowed'),
    (_FLOAT, {'input': {'range': 'all'}}, "metadata is 'all'"),
    (_FLOAT, {'input': {'range': [0, True]}}, 'metadata is .0, True'),
    (_FLOAT, {'input': {'range': [[0], 1]}, 'output_unit': 'm'}, 'metadata is'),
    (_FLOAT, {'input': {'range': '\x1b' * 999}}, r'x1b.{0,80}; allowed'),
  )
  def test_nothing_decides(self, tensor, metadata, hint):
    got, why = evidence.input_range('auto', metadata, tensor)
    self.assertIsNone(got)
    self.assertRegex(why, hint)
    self.assertNotIn('\x1b', why)


class PossibleRangesTest(parameterized.TestCase):
  @parameterized.parameters(
    (_FLOAT, ('0..255', '0..1', '-1..1', 'imagenet')),
    # Calibrated on dark pictures.
    (_int8(0, 200), ('0..255',)),
    (_int8(0, 510), ('0..255',)),
    (_int8(-1.2, 1.2), ('0..1', '-1..1')),
    (_int8(-2.1, 2.6), ('-1..1', 'imagenet')),
    (_int16(1), ('0..1', '-1..1')),
    (_int16(200), ('0..255',)),
    (_int8(0, 6), ()),
    (_int8(-128, 127), ()),
  )
  def test_ranges(self, tensor, want):
    self.assertEqual(evidence.possible_ranges(tensor), want)


class UnitTest(parameterized.TestCase):
  @parameterized.parameters(
    ('m', {'output_unit': 'mm'}, 'm', '--unit', 'mm'),
    ('auto', {'output_unit': 'm'}, 'm', 'metadata', ''),
    ('auto', {'output_unit': 'mm'}, 'mm', 'metadata', ''),
    ('mm', {}, 'mm', '--unit', ''),
  )
  def test_order(self, flag, metadata, want, why, against):
    got, _ = evidence.unit(flag, metadata)
    self.assertEqual(got.value, want)
    self.assertIn(why, got.why)
    self.assertEqual(bool(got.doubt), bool(against))

  @parameterized.parameters(('inch',), (7,), ([0, 1],), ({},))
  def test_nothing_decides(self, unit):
    got, hint = evidence.unit('auto', {'output_unit': unit})
    self.assertIsNone(got)
    self.assertIn(f'output_unit in the metadata is {unit!r}', hint)
    self.assertEqual(evidence.unit('auto', {}), (None, ''))


class DeclaredTest(parameterized.TestCase):
  def test_size(self):
    self.assertEqual(evidence.NOTHING.size, (480, 640))
    self.assertEqual(evidence.Declared(input_size='64x48').size, (48, 64))

  @parameterized.parameters(
    ({'unit': 'cm'}, '--unit=cm must be one of auto, mm, m'),
    ({'layout': 'chw'}, '--layout=chw must be one of auto, nhwc, nchw'),
    ({'input_range': '0..2'}, 'one of auto, 0..255, 0..1, -1..1, imagenet'),
    ({'input_size': '480'}, '--input_size=480 must be auto or WIDTHxHEIGHT'),
    ({'input_size': '99999x5'}, 'at most 8192'),
    ({'input_size': '0x5'}, 'WIDTHxHEIGHT'),
    ({'input_size': '64x48x3'}, 'WIDTHxHEIGHT'),
  )
  def test_other_values(self, values, message):
    with self.assertRaisesRegex(ValueError, message):
      evidence.Declared(**values)


if __name__ == '__main__':
  absltest.main()
