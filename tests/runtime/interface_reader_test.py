# SPDX-License-Identifier: Apache-2.0
"""Tests of reading interfaces, and of running files of any interface."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.runtime import interface_evidence as evidence
from depth_mai.runtime import interface_reader
from depth_mai.runtime import model_file
from depth_mai.runtime import tensor_description
from tests.runtime import foreign_model
from tests.runtime import tiny_model

_STATED = {'unit': 'mm', 'input_range': '0..255'}


def _tensor(shape, name='x', type_='float32', signature=None, names=()):
  return tensor_description.TensorDescription(
    name, list(shape), list(signature or shape), type_, 0.0, 0, list(names)
  )


_IN, _OUT = _tensor((1, 4, 6, 3)), _tensor((1, 4, 6, 1))


def _read(taken=_IN, *given, metadata=None, **flags):
  return interface_reader.read(
    [taken], given or [_OUT], metadata or {}, evidence.Declared(**flags)
  )


class InputTest(parameterized.TestCase):
  @parameterized.parameters(
    ((1, 4, 6, 3), {}, 'nhwc', (4, 6)),
    ((1, 3, 4, 6), {}, 'nchw', (4, 6)),
    ((1, 3, 6, 3), {}, 'nhwc', (3, 6)),
    ((1, 3, 6, 3), {'layout': 'nchw'}, 'nchw', (6, 3)),
    ((1, 4, 6, 3), {'layout': 'nhwc'}, 'nhwc', (4, 6)),
  )
  def test_layout(self, shape, flags, layout, size):
    got = _read(_tensor(shape), _tensor((1, *size, 1)), **flags)
    self.assertEqual((got.input.layout, got.input.size), (layout, size))
    ambiguous = shape[1] == 3 == shape[3]
    self.assertEqual('--layout' in got.layout.why, bool(flags) or ambiguous)
    said = [note for note in got.notes() if 'fits both layouts' in note]
    self.assertLen(said, ambiguous and not flags)

  def test_metadata_tell_an_ambiguous_layout(self):
    metadata = {'input': {'layout': 'NCHW'}}
    got = _read(_tensor((1, 3, 6, 3)), _tensor((1, 6, 3)), metadata=metadata)
    self.assertEqual(got.input.size, (6, 3))

  def test_open_sizes_are_said(self):
    got = _read(_tensor((1, 4, 6, 3), signature=(-1, 4, 6, 3)))
    self.assertEqual(got.notes(), [])
    got = _read(_tensor((1, 4, 6, 3), signature=(1, -1, -1, 3)))
    (note,) = got.notes()
    self.assertIn('6 x 4, which --input_size changes', note)
    self.assertEqual(_read(input_size='6x4').input.size, (4, 6))

  @parameterized.parameters(
    (_tensor((1, 4, 6, 4)), {}, 'input has the shape .1, 4, 6, 4.'),
    (_tensor((1, 4, 6, 1)), {}, 'input has the shape'),
    (_tensor((4, 6, 3)), {}, 'input has the shape'),
    (_tensor((2, 4, 6, 3)), {}, 'input has the shape'),
    (_tensor((1, 0, 6, 3)), {}, 'input has the shape'),
    (_tensor(()), {}, 'input has the shape'),
    (_IN, {'layout': 'nchw'}, 'which is not nchw'),
    (_IN, {'input_size': '8x8'}, 'fixed shape .*leave the flag out'),
    (_tensor((1, 4, 6, 3), type_='int64'), {}, 'input is of type int64'),
    (_tensor((1, 4, 6, 3), type_='int8'), {}, 'a valid scale'),
  )
  def test_no_picture(self, taken, flags, message):
    with self.assertRaisesRegex(ValueError, f'^its .*{message}'):
      _read(taken, **flags)

  @parameterized.parameters(0, 2)
  def test_number_of_inputs(self, count):
    with self.assertRaisesRegex(ValueError, f'it has {count} inputs'):
      interface_reader.read([_IN] * count, [_OUT], {})


class OutputTest(parameterized.TestCase):
  @parameterized.parameters(
    ((1, 4, 6, 1), (4, 6)),
    ((1, 1, 4, 6), (4, 6)),
    ((1, 4, 6), (4, 6)),
    ((4, 6), (4, 6)),
    ((4, 6, 1), (4, 6)),
    ((1, 2, 3, 1), (2, 3)),
    # Flat: the input's size, or another of its aspect ratio.
    ((1, 24), (4, 6)),
    ((24,), (4, 6)),
    ((1, 24, 1), (4, 6)),
    ((1, 6), (2, 3)),
    ((1, 24 * 25), (20, 30)),
  )
  def test_size(self, shape, size):
    got = _read(_IN, _tensor(shape))
    self.assertEqual(got.output.size, size)
    flat = [note for note in got.notes() if 'flat, read as' in note]
    self.assertLen(flat, max(shape) >= 24 or shape == (1, 6))

  @parameterized.parameters(
    (_tensor((1, 4, 6, 2)), 'one channel'),
    (_tensor((1, 2, 4, 6)), 'one channel'),
    (_tensor((1, 4, 6, 1, 1)), 'one channel'),
    (_tensor((2, 4, 6, 1)), 'one channel'),
    (_tensor((1, 23)), 'flat, with the aspect ratio'),
    (_tensor((1, 0, 6, 1)), 'output has the shape'),
    (_tensor(()), 'output has the shape'),
    (_tensor((1, 4, 6, 1), type_='uint8'), 'a valid scale'),
    (_tensor((1, 4, 6, 1), type_='int32'), 'output is of type int32'),
  )
  def test_no_depth_map(self, given, message):
    with self.assertRaisesRegex(ValueError, f'^its .*{message}'):
      _read(_IN, given)

  def test_the_only_output_that_is_called_depth(self):
    maps = [_tensor((1, 4, 6, 1), name) for name in ('a', 'b', 'c')]
    named = [
      found._replace(signature_names=[name])
      for found, name in zip(
        maps, ('confidence', 'depth', 'inverse_depth'), strict=True
      )
    ]
    got = _read(_IN, *named, **_STATED)
    self.assertEqual(got.output_place, 1)
    self.assertIn('the only one that is called depth of 3', got.notes()[0])
    with self.assertRaisesRegex(ValueError, '2 of which may be'):
      _read(_IN, *named[::2])
    both = [found._replace(signature_names=['depth']) for found in maps[:2]]
    with self.assertRaisesRegex(ValueError, '2 of which may be'):
      _read(_IN, *both)

  def test_the_only_depth_map_of_several_outputs(self):
    features = _tensor((1, 4, 6, 32), 'features')
    focal = _tensor((1, 1), 'focal')
    got = _read(_IN, features, _tensor((1, 2, 3, 1), 'depth'), focal)
    self.assertEqual((got.output_place, got.output.size), (1, (2, 3)))
    (note,) = got.notes()
    self.assertIn('the only depth map of 3 outputs', note)
    # 10 numbers in the ratio of a picture of 64 x 160 are no depth map of it.
    got = _read(
      _tensor((1, 64, 160, 3)), _tensor((1, 10)), _tensor((1, 64, 160, 1))
    )
    self.assertEqual(got.output_place, 1)

  @parameterized.parameters(
    ('fine', 0), ('coarse', 1), ('1', 1), ('0', 0), ('half', 1)
  )
  def test_chosen_by_name_or_place(self, flag, place):
    outputs = (
      _tensor((1, 4, 6, 1), 'fine'),
      _tensor((1, 2, 3, 1), 'coarse', names=['half']),
    )
    self.assertEqual(
      _read(_IN, *outputs, output_tensor=flag).output_place, place
    )

  def test_a_number_is_a_place(self):
    outputs = _tensor((1, 4, 6, 1), '1'), _tensor((1, 2, 3, 1), '0')
    got = _read(_IN, *outputs, output_tensor='1', **_STATED)
    self.assertEqual(got.output.size, (2, 3))
    self.assertEqual(got.as_declared().output_tensor, '1')

  def test_several_depth_maps_are_listed(self):
    outputs = (
      _tensor((1, 4, 6, 1), 'a\x1b'),
      _tensor((1, 2, 3, 1), 'x', names=['b']),
    )
    with self.assertRaisesRegex(
      ValueError,
      r"_tensor: 0 'a\\x1b' .1, 4, 6, 1., 1 'b' .1, 2, 3, 1.",
    ):
      _read(_IN, *outputs)
    with self.assertRaisesRegex(ValueError, "no output --.*=c; .*'b'"):
      _read(_IN, *outputs, output_tensor='c')
    with self.assertRaisesRegex(ValueError, 'no output --output_tensor=2'):
      _read(_IN, *outputs, output_tensor='2')


class MissingTest(parameterized.TestCase):
  @parameterized.parameters(
    ({}, 'range of its input or the unit of its depth.*--input_range.*--unit'),
    ({'unit': 'm'}, 'state the range of its input. Declare --input_range'),
    ({'input_range': '0..1'}, 'state the unit of its depth. Declare --unit'),
  )
  def test_names_the_flags(self, flags, message):
    with self.assertRaisesRegex(ValueError, message):
      _read(**flags).interface()

  def test_says_why_the_metadata_do_not_help(self):
    metadata = {'output_unit': 'feet', 'input': {'range': [0, 7]}}
    with self.assertRaisesRegex(ValueError, r"is \[0, 7\]; .*is 'feet'; all"):
      _read(metadata=metadata).interface()

  def test_the_same_reading_from_its_declaration(self):
    outputs = _tensor((1, 4, 6, 1), 'a'), _tensor((1, 2, 3, 1), 'b')
    got = _read(
      _tensor((1, 3, 6, 3)), *outputs, output_tensor='b', layout='nchw',
      unit='m', input_range='imagenet',
    )  # fmt: skip
    again = interface_reader.read(
      [_tensor((1, 3, 6, 3))], outputs, {}, got.as_declared()
    )
    self.assertEqual(again.interface(), got.interface())
    self.assertEqual(
      {what: found['value'] for what, found in got.record().items()},
      {
        'input': '[1, 3, 6, 3] float32',
        'output': '[1, 2, 3, 1] float32',
        'layout': 'nchw',
        'input_range': 'imagenet',
        'unit': 'm',
      },
    )


class RunTest(parameterized.TestCase):
  """Real files of every kind of interface against their formula."""

  @parameterized.named_parameters(
    ('nhwc', {}, {}),
    ('nchw', {'shape': (1, 3, 6, 8)}, {}),
    ('open_batch', {'shape': (-1, 6, 8, 3)}, {}),
    ('open_size', {'shape': (-1, -1, -1, 3)}, {'input_size': '8x6'}),
    ('open_nchw', {'shape': (1, 3, -1, -1)}, {'input_size': '8x6'}),
    ('flat', {'flat': True}, {}),
    ('two_outputs', {'half': 'half'}, {'output_tensor': 'depth'}),
    ('bytes', {'dtype': 'uint8'}, {}),
    ('float16', {'dtype': 'float16'}, {}),
    ('zero_one', {'factor': 255.0}, {'input_range': '0..1'}),
    ('metres', {'factor': 1e-3}, {'unit': 'm'}),
    ('minus_one', {'factor': 127.5, 'offset': 127.5},
     {'input_range': '-1..1'}),
    ('quantised', {'dtype': 'uint8', 'scale': (1 / 255, 0), 'factor': 255.0},
     {'input_range': 'auto'}),
  )  # fmt: skip
  def test_depth_is_the_mean(self, file, flags):
    model = model_file.TfliteModel(
      foreign_model.mean(**file),
      declared=evidence.Declared(**{**_STATED, **flags}),
    )
    self.assertEqual(model.input_size, (6, 8))
    rgb = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    got = model.predict_mm(rgb)
    self.assertEqual((got.shape, got.dtype), ((6, 8), np.float32))
    np.testing.assert_allclose(got, rgb.mean(axis=-1), atol=0.2, rtol=1e-5)

  def test_the_other_output(self):
    model = model_file.TfliteModel(
      foreign_model.mean(half='half'),
      declared=evidence.Declared(output_tensor='half', **_STATED),
    )
    self.assertEqual(model.output_size, (3, 4))
    rgb = np.random.default_rng(1).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    want = rgb.mean(axis=-1).reshape(3, 2, 4, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(model.predict_mm(rgb), want, rtol=1e-5)

  def test_a_file_that_states_nothing_is_refused(self):
    for content in (
      foreign_model.mean(),
      tiny_model.float_model(metadata=None),
    ):
      with self.assertRaisesRegex(
        ValueError, 'Declare --input_range .* --unit'
      ):
        model_file.TfliteModel(content)

  def test_a_flag_wins_over_the_metadata_and_says_so(self):
    model = model_file.TfliteModel(
      tiny_model.float_model(), declared=evidence.Declared(unit='m')
    )
    rgb = np.full((6, 8, 3), 7, np.uint8)
    np.testing.assert_array_equal(model.predict_mm(rgb), 7000.0)
    (note,) = model.reading.notes()
    self.assertRegex(note, 'unit m .*--unit.* contradicts mm .*metadata')


if __name__ == '__main__':
  absltest.main()
