# SPDX-License-Identifier: Apache-2.0
"""Reads and runs drawings: the tables of parts in the folder `parts`.

A drawing is a block of lines in one of the .txt files there:

    piece stool: A round stool on three legs.
      radius, height = uniform(0.15, 0.2), uniform(0.42, 0.75)
      seat = body()
      size      2 * radius                    2 * radius  height
      pen = pen.at(radius, radius)
      cylinder  0, 0, height - 0.05           radius      0.05    seat
      cylinder  around(0.75 * radius, angle)  0.015       height  metal  for ...

Its first line gives its kind, its name, its parameters in brackets if it has
any, and a sentence (on the next line if it is long). The kinds:

- `piece`: an object that stands on its own, such as furniture. It gives a
  `Piece`; the lines after `size` (width, depth, height) are drawn when a place
  has been found.
- `part`: something drawn at once, in the frame of a pen.
- `room`: a layout on a floor plan; its rows are methods of the plan.
- `material`: sets `result` to the index of a material or to a colour.

classes.py says to which class of the label map a piece or a part belongs.

`piece armchair = sofa(1): A sofa for one.` makes one drawing from another.

The other lines are rows and statements, read from top to bottom. A row is the
name of a part, or of a shape of `primitives.Pen`, and its arguments: cells with
two or more spaces between them. Two numbers, often an interval, have short
forms:

    a : b      (a, b)
    a : + b    (a, a + b); a is evaluated twice
    a +- b     (a - b, a + b)
    +- b       (-b, b)

A last cell `for x in ...` or `if ...` says how often or when the row is drawn.
`back.box` is drawn by the pen `back`, `box` by the pen `pen`. A first cell
`at x, y, z, yaw, lean` moves that pen for this row (see `primitives.Pen.at`).

Any other line is Python and may use the names in `kit.Kit.words`. (The files
are a part of this package, so `exec` runs no foreign code.) Arguments are
evaluated when their row is drawn, so the order of the lines is the order of the
random numbers: moving a line changes the scenes of a seed.

Lengths are metres, angles radians; x runs to the right, y from the back of a
thing to its front, z up.
"""

import ast
import collections.abc
import dataclasses
import functools
import inspect
import keyword
import pathlib
import re
import types

from depth_mai.datasets.procedural_rooms import classes

_PARTS = pathlib.Path(__file__).parent / 'parts'
_HEADER = re.compile(
  r'(piece|part|room|material) (\w+)(| = .+|\(.+\)):( \S.*|)'
)
_ROW = re.compile(r'( *)([a-z_][\w.]*)(?:  +([^=\s].*))?')
_LAST_CELL = re.compile(r'(?:(.*\S) {2,})?((?:for|if) .*)')
_CANVAS = {'part': ['pen'], 'room': ['plan']}


@dataclasses.dataclass(frozen=True)
class Piece:
  """A piece of furniture that has not been placed yet.

  Attributes:
    width: metres along x, from 0.
    depth: metres along y, from the back (0) to the front.
    height: metres.
    draw: called with a pen whose origin is the back left corner on the floor.
  """

  width: float
  depth: float
  height: float
  draw: collections.abc.Callable


@dataclasses.dataclass(frozen=True)
class Drawing:
  """A drawing, compiled.

  Attributes:
    kind: 'piece', 'part', 'room' or 'material'.
    text: the sentence that describes it.
    label: class of what it draws, see classes.py; None for that of its pen.
    signature: its pen or plan and its parameters; defaults are code.
    before: code of the lines before `size`, or of all lines.
    size: code of (width, depth, height), or None.
    after: code of the lines after `size`, or None.
  """

  kind: str
  text: str
  label: str | None
  signature: inspect.Signature
  before: types.CodeType
  size: types.CodeType | None = None
  after: types.CodeType | None = None

  def make(self, words, *values, **named_values):
    """Draws a part or a room, or makes a piece or a material.

    Args:
      words: name -> value of everything that the lines may use.
      *values: first the pen of a part or the plan of a room, then the
        parameters. Those that are left out get their default values.
      **named_values: parameters by name.

    Returns:
      a `Piece`, or the `result` that the drawing has set, or None.
    """
    given = self.signature.bind(*values, **named_values).arguments
    # Python looks up other names in __builtins__, so `words` is not copied.
    names = {'__builtins__': words, **given}
    for name, parameter in self.signature.parameters.items():
      if name not in names:
        names[name] = eval(parameter.default, names)
    if self.label and self.kind == 'part':
      names['pen'] = self._labelled(names['pen'])
    exec(self.before, names)
    if self.size is None:
      return names.get('result')
    return Piece(
      *eval(self.size, names),
      lambda pen: exec(self.after, names | {'pen': self._labelled(pen)}),
    )

  def _labelled(self, pen):
    return pen.labelled(self.label) if self.label else pen


@functools.lru_cache(maxsize=1)
def drawings():
  """Returns all drawings by name; the first call reads them."""
  found = {}
  for path in sorted(_PARTS.glob('*.txt')):
    for name, drawing in read(path.read_text('utf-8'), str(path)).items():
      if name in found:
        raise ValueError(f'{path}: {name!r} exists already in another file.')
      found[name] = drawing
  return found


def read(text, path='<drawing>'):
  """Reads the drawings of a file.

  Args:
    text: the file's content.
    path: the file, for error messages.

  Returns:
    dict name -> `Drawing`.

  Raises:
    ValueError: a block has no valid first line, or its name exists already.
    SyntaxError: a line is neither a row nor Python; it names file and line.
  """
  lines = [re.sub(r'^ *#.*', '', line).rstrip() for line in text.splitlines()]
  starts = [i for i, line in enumerate(lines) if line[:1].strip()]
  lines.append('')
  found = {}
  for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
    header = _HEADER.fullmatch(lines[start])
    if not header:
      raise ValueError(
        f'{path}, line {start + 1}: a drawing begins with "piece", "part", '
        '"room" or "material", its name and ": " with a sentence, not with '
        f'{lines[start]!r}.'
      )
    kind, name, form, sentence = header.groups()
    if name in found:
      raise ValueError(f'{path}, line {start + 1}: {name!r} exists already.')
    first = start + 1 if sentence else start + 2
    block = [''] * first + lines[first:end]
    sentence = (sentence or lines[start + 1]).strip()
    label = classes.OF_DRAWINGS.get(name)
    found[name] = _drawing(kind, form, sentence, label, block, path)
  return found


def _drawing(kind, form, text, label, lines, path):
  """Compiles a drawing.

  Args:
    kind: one of the four kinds.
    form: '', ' = another(...)' or '(parameters)'.
    text: the sentence that describes it.
    label: its class, or None.
    lines: its lines, and empty ones before it, so that their numbers are those
      of the file.
    path: the file.
  """
  if form.startswith(' = '):
    code = compile(f'result{form}', path, 'exec')
    return Drawing(kind, text, label, inspect.Signature(), code)
  pen = 'plan' if kind == 'room' else 'pen'
  sizes = [i for i, line in enumerate(lines) if line.startswith('  size  ')]
  code = [_statement(line[2:], pen) for line in lines]
  signature = _signature(kind, form, path)
  drawing = functools.partial(Drawing, kind, text, label, signature)
  if not sizes:
    return drawing(_compile(code, path))
  at = sizes[0]
  size = _arguments(lines[at].removeprefix('  size  '))
  return drawing(
    _compile(code[:at], path),
    compile(f'({size})', path, 'eval'),
    _compile([''] * (at + 1) + code[at + 1 :], path),
  )


def _compile(lines, path):
  """Compiles lines of Python."""
  return compile('\n'.join(lines) + '\n', path, 'exec')


def _signature(kind, form, path):
  """Returns the signature; `form` is '' or the parameters in brackets."""
  arguments = ast.parse(f'def _{form or "()"}: 0').body[0].args
  names = _CANVAS.get(kind, []) + [argument.arg for argument in arguments.args]
  codes = [
    compile(ast.Expression(default), path, 'eval')
    for default in arguments.defaults
  ]
  defaults = [inspect.Parameter.empty] * (len(names) - len(codes)) + codes
  return inspect.Signature(
    [
      inspect.Parameter(
        name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default
      )
      for name, default in zip(names, defaults, strict=True)
    ]
  )


def _statement(line, pen):
  """Translates a line to Python: a row becomes a call of `draw`."""
  row = _ROW.fullmatch(line)
  if not row or keyword.iskeyword(row[2]):
    return line
  indent, head, cells = row.groups()
  last = _LAST_CELL.fullmatch(cells or '')
  when = ''
  if last:
    cells, when = last[1], f'{last[2]}: '
  frame, _, name = head.rpartition('.')
  pen = frame or pen
  at = re.match(r'at (.*?)(?: {2,}|$)', cells or '')
  if at:
    pen, cells = f'{pen}.at({at[1]})', cells[at.end() :]
  return f'{indent}{when}draw({pen}, {name!r}, {_arguments(cells or "")})'


def _arguments(cells):
  """Translates cells to the arguments of a call."""
  return ', '.join(map(_argument, filter(None, re.split(' {2,}', cells))))


def _argument(cell):
  """Translates a cell; the docstring of the module has the short forms."""
  if ' : + ' in cell:
    start, length = cell.split(' : + ')
    return f'({start}, {start} + {length})'
  if ' : ' in cell:
    return f'({cell.replace(" : ", ", ")})'
  middle, plus_minus, half = cell.rpartition('+- ')
  if plus_minus:
    return f'({middle}- {half}, {middle}+ {half})'
  named, value = re.fullmatch(r'([*]|\w+=(?!=)|)(.*)', cell).groups()
  return f'{named}({value})'
