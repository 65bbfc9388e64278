# SPDX-License-Identifier: Apache-2.0
"""Tests of the notation of drawings, and of those in the folder `parts`."""

import builtins
import pathlib
import re
import traceback

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from depth_mai.datasets.procedural_rooms import drawing
from depth_mai.datasets.procedural_rooms import interiors
from depth_mai.datasets.procedural_rooms import kit as kit_lib
from depth_mai.datasets.procedural_rooms import materials as materials_lib
from depth_mai.datasets.procedural_rooms import primitives
from depth_mai.datasets.procedural_rooms import room
from depth_mai.datasets.procedural_rooms import room_light
from depth_mai.datasets.procedural_rooms import street
from depth_mai.datasets.procedural_rooms import walls

# The modules that make drawings by name.
_USERS = (kit_lib, room, room_light, street, walls)


def _calls(text, name='thing', *values, **named_values):
  """Returns the calls that the rows of a drawing make, and its result."""
  calls = []

  def draw(canvas, part, *cells, **options):
    calls.append((canvas, part, cells, options))

  words = vars(builtins) | {'draw': draw}
  result = drawing.read(text)[name].make(words, *values, **named_values)
  return calls, result


class NotationTest(parameterized.TestCase):
  @parameterized.parameters(
    ('0.5', (0.5,)),
    ('1, 2, 3', ((1, 2, 3),)),
    ('1 : 2', ((1, 2),)),
    ('3 : + 0.5', ((3, 3.5),)),
    ('3 +- 0.5', ((2.5, 3.5),)),
    ('+- 0.5', ((-0.5, 0.5),)),
    ('len("ab")  (1, 2)[1:]', (2, (2,))),
    ('*(1, 2)', (1, 2)),
    ('', ()),
  )
  def test_cells(self, cells, expected):
    calls, _ = _calls(f'part thing: A thing.\n  box  {cells}', 'thing', 'PEN')
    self.assertEqual(calls, [('PEN', 'box', expected, {})])

  def test_options_and_other_pens(self):
    calls, _ = _calls(
      'part thing(back): A thing.\n  back.box  1  top=2, 3  fit=1 == 1',
      'thing',
      'PEN',
      'BACK',
    )
    self.assertEqual(
      calls, [('BACK', 'box', (1,), {'top': (2, 3), 'fit': True})]
    )

  def test_a_row_may_have_a_place_of_its_own(self):
    pen = primitives.Pen(primitives.Geometry())
    text = 'part thing: A thing.\n  cup  at 1, 2, lean=0  7\n  cup  at 3, 4'
    (first, second), _ = _calls(text, 'thing', pen)
    np.testing.assert_array_equal(first[0].point(0, 0, 0), (1, 2, 0))
    np.testing.assert_array_equal(second[0].point(0, 0, 0), (3, 4, 0))
    self.assertEqual((first[2], second[2]), ((7,), ()))

  def test_rows_repeat_and_depend(self):
    calls, _ = _calls(
      'part thing: A thing.\n'
      '  cup  i  for i in range(2)\n'
      '  cup  7  if 1 > 2\n'
      '  # A comment.\n'
      '  cup     if 1 < 2\n'
      '  for i in 8, 9:\n'
      '    cup  i',
      'thing',
      'PEN',
    )
    self.assertEqual([call[2] for call in calls], [(0,), (1,), (), (8,), (9,)])

  def test_a_piece_is_drawn_when_it_is_placed(self):
    calls, piece = _calls(
      'piece thing(width=1 + 1): A thing.\n'
      '  x = 5\n'
      '  size  width  3  4\n'
      '  box   x : + width\n'
      '  x = 9',
      width=2,
    )
    self.assertEqual((piece.width, piece.depth, piece.height), (2, 3, 4))
    self.assertEmpty(calls)
    piece.draw('FIRST')
    piece.draw('SECOND')
    self.assertEqual(
      calls,
      [('FIRST', 'box', ((5, 7),), {}), ('SECOND', 'box', ((5, 7),), {})],
    )

  def test_kinds(self):
    text = (
      'room hall: A hall.\n  rug\n'
      'material red(value=2):\n  A colour.\n  result = 3 * value\n'
      'material crimson = sum([1, 2]): A darker one.'
    )
    self.assertEqual(_calls(text, 'hall', 'PLAN')[0], [('PLAN', 'rug', (), {})])
    self.assertEqual(_calls(text, 'red')[1], 6)
    self.assertEqual(_calls(text, 'red', 5)[1], 15)
    self.assertEqual(_calls(text, 'crimson')[1], 3)
    self.assertEqual(drawing.read(text)['red'].text, 'A colour.')

  def test_default_values_are_evaluated_in_order(self):
    text = 'material a(x=next(n), y=next(n), n=0): Two.\n  result = x, y'
    made = drawing.read(text.replace(', n=0', ''))['a']
    words = vars(builtins) | {'n': iter('abcd')}
    self.assertEqual(made.make(words), ('a', 'b'))
    self.assertEqual(made.make(words, y=1), ('c', 1))


class MistakeTest(parameterized.TestCase):
  def test_header(self):
    with self.assertRaisesRegex(ValueError, "chairs, line 2:.*'seat: A seat.'"):
      drawing.read('# Chairs.\nseat: A seat.', 'chairs')

  def test_names_are_unique(self):
    with self.assertRaisesRegex(ValueError, "chairs, line 2: 'a' exists"):
      drawing.read('part a: A part.\nroom a: A room.', 'chairs')

  def test_syntax_error_names_the_line(self):
    with self.assertRaises(SyntaxError) as caught:
      drawing.read('part a: A part.\n  x = 1\n  box  (1  2', 'chairs')
    self.assertEqual(
      (caught.exception.filename, caught.exception.lineno), ('chairs', 3)
    )

  def test_unknown_name_is_found_in_its_line(self):
    for text, line in (
      ('part a: A part.\n  x = 1\n  box  2  colour', 3),
      ('piece a: A piece.\n\n  size  1  2  3\n  # Red.\n  box  2  colour', 5),
    ):
      made = drawing.read(text, 'chairs')['a']
      with self.subTest(text=text):
        try:
          made.make({'draw': print}, *(['PEN'] * (line == 3))).draw('PEN')
        except NameError as error:
          last = traceback.extract_tb(error.__traceback__)[-1]
        self.assertEqual((last.filename, last.lineno), ('chairs', line))

  def test_arguments(self):
    text = 'part a(x): A part.\n  box  x'
    for values, named in (((), {}), ((1, 2, 3), {}), ((1, 2), {'y': 3})):
      with self.assertRaises(TypeError):
        _calls(text, 'a', *values, **named)


class PartsTest(parameterized.TestCase):
  def test_pieces_fit_their_size(self):
    # The size keeps pieces apart, so no piece may be much larger.
    for seed in range(3):
      rng = np.random.default_rng(seed)
      kit = street.StreetKit(materials_lib.Materials(rng), rng)
      for name, one in drawing.drawings().items():
        if one.kind != 'piece' or name == 'pillar':
          continue
        geometry = primitives.Geometry()
        piece = kit.make(name)
        piece.draw(primitives.Pen(geometry))
        low, high = [], []
        if geometry.boxes:
          quads = geometry.quads()
          for corner in (quads.origin, quads.origin + quads.u + quads.v):
            low.append(corner.min(axis=0))
            high.append(corner.max(axis=0))
        rounds = geometry.quadrics()
        if len(rounds.centre):
          low.append(rounds.centre.min(axis=0))
          high.append(rounds.centre.max(axis=0))
        over = np.max(high, axis=0) - (piece.width, piece.depth, piece.height)
        self.assertLess(np.max(over[:2]), 0.2, name)
        self.assertLess(over[2], 0.75, name)
        self.assertGreater(np.min(low), -0.2, name)

  def test_every_drawing_is_used(self):
    paths = [pathlib.Path(module.__file__) for module in _USERS]
    paths.extend(paths[0].parent.glob('parts/*.txt'))
    text = '\n'.join(path.read_text() for path in paths)
    text = re.sub(r'(?m)^(piece|part|room|material) \w+', '', text)
    used = set(re.findall(r'\w+', text)) | {k.name for k in interiors.KINDS}
    self.assertEmpty(set(drawing.drawings()) - used)

  def test_every_kind_of_room_has_a_layout(self):
    for kind in interiors.KINDS:
      self.assertEqual(drawing.drawings()[kind.name].kind, 'room')


if __name__ == '__main__':
  absltest.main()
