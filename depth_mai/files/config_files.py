# SPDX-License-Identifier: Apache-2.0
"""Finds gin files and those that they include, from any working directory.

A name is looked up next to the file that includes it, in the working directory,
and next to the package, where a checkout and an installation have
gin_configs/.
"""

from collections.abc import Iterator
from collections.abc import Sequence
import io
import pathlib
import re

_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
# The folder gin_configs is next to the package in a checkout, inside it if
# installed.
_ROOTS = (_PACKAGE.parent, _PACKAGE)
FOLDER = 'gin_configs'

_INCLUDE = re.compile(
  r"""^include\s+(['"])(?P<name>[^'"]+)\1\s*(#.*)?$""", re.MULTILINE
)


def find(name: str, beside: pathlib.Path | None = None) -> pathlib.Path:
  """Finds a gin file.

  Args:
    name: a path, absolute or relative to one of the places above.
    beside: the file that includes it; None if the user gave the name.

  Returns:
    The absolute path.

  Raises:
    ValueError: if there is no such file; names the known ones.
  """
  places = [pathlib.Path.cwd(), *_ROOTS]
  if beside:
    places.insert(0, beside.parent)
  for place in places:
    path = place / pathlib.Path(name).expanduser()
    if path.is_file():
      return path.resolve()
  by = f', which {beside} includes' if beside else ''
  raise ValueError(
    f'There is no gin file {name!r}{by}. It was looked up in '
    f'{", ".join(dict.fromkeys(map(str, places)))}. {_known()}'
  )


def pieces(
  path: pathlib.Path, includers: Sequence[pathlib.Path] = ()
) -> Iterator[io.StringIO]:
  """Yields a file and the files that it includes, in the order of statements.

  gin looks for an included file in the working directory only, so it gets what
  is between two includes instead.

  Args:
    path: from `find`.
    includers: the files that led to this one.

  Yields:
    Text without includes, its line numbers unchanged, whose `name` is the path.

  Raises:
    ValueError: if the file includes itself, directly or through others, an
      included file does not exist, or the text is not UTF-8.
    OSError: if the file cannot be read.
  """
  chain = [*includers, path]
  if path in includers:
    names = ' -> '.join(file.name for file in chain)
    raise ValueError(
      f'{path} includes itself ({names}). Remove one of these includes.'
    )
  try:
    text = path.read_text(encoding='utf-8')
  except UnicodeDecodeError as error:
    raise ValueError(f'{path} is not a text file in UTF-8: {error}.') from error
  start = 0
  for include in _INCLUDE.finditer(text):
    yield _piece(path, text, start, include.start())
    yield from pieces(find(include['name'], path), chain)
    start = include.end()
  yield _piece(path, text, start, len(text))


def _piece(path: pathlib.Path, text: str, start: int, end: int) -> io.StringIO:
  stream = io.StringIO('\n' * text.count('\n', 0, start) + text[start:end])
  stream.name = str(path)
  return stream


def system_config(system: str) -> str:
  """Returns the gin file of a system's ready weights.

  Args:
    system: its name, such as 'tcl'.

  Raises:
    ValueError: if there is none.
  """
  return str(find(f'{FOLDER}/{system}.gin'))


def _known() -> str:
  for root in _ROOTS:
    names = sorted(path.name for path in (root / FOLDER).glob('*.gin'))
    if names:
      return (
        f'The configurations of the systems are in {root / FOLDER}: '
        f'{", ".join(names)}.'
      )
  return 'The configurations of the systems are in gin_configs of the checkout.'
