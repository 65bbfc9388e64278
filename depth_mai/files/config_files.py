# SPDX-License-Identifier: Apache-2.0
"""Finds gin files and those that they include, from any working directory.

A name is looked up next to the file that includes it, in the working directory,
and next to the package, where a checkout and an installation have
gin_configs/.
"""

from collections.abc import Iterator
import contextlib
import io
import pathlib
import re

_PACKAGE = pathlib.Path(__file__).resolve().parents[1]
# The folder gin_configs is next to the package in a checkout, inside it if
# installed.
_ROOTS = (_PACKAGE.parent, _PACKAGE)
FOLDER = 'gin_configs'

# Before a path that `find` returned, so that gin asks `opened` for it.
PREFIX = 'found:'
_INCLUDE = re.compile(
  r"""^(?P<start>include\s+)(?P<quote>['"])(?P<name>.+?)(?P=quote)""", re.M
)
_being_read: list[pathlib.Path] = []


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
    f'There is no gin file {name}{by}. It was looked up in '
    f'{", ".join(dict.fromkeys(map(str, places)))}. {_known()}'
  )


def is_found(name: str) -> bool:
  """Returns whether a name is a path from `find`, after `PREFIX`."""
  return name.startswith(PREFIX)


@contextlib.contextmanager
def opened(name: str) -> Iterator[io.StringIO]:
  """Opens a file whose includes are replaced by what `find` returns for them.

  Args:
    name: a path from `find`, after `PREFIX`.

  Yields:
    The text, with the path as its `name`.

  Raises:
    ValueError: if the file includes itself, directly or through others, an
      included file does not exist, or the text is not UTF-8.
    OSError: if the file cannot be read.
  """
  path = pathlib.Path(name.removeprefix(PREFIX))
  if path in _being_read:
    files = [*_being_read[_being_read.index(path) :], path]
    raise ValueError(
      f'{path} includes itself ({" -> ".join(file.name for file in files)}). '
      'Remove one of these includes.'
    )

  def resolved(match: re.Match) -> str:
    found = f'{PREFIX}{find(match["name"], path)}'
    return f'{match["start"]}{found!r}'

  try:
    text = path.read_text(encoding='utf-8')
  except UnicodeDecodeError as error:
    raise ValueError(f'{path} is not a text file in UTF-8: {error}.') from error
  _being_read.append(path)
  try:
    stream = io.StringIO(_INCLUDE.sub(resolved, text))
    stream.name = str(path)
    yield stream
  finally:
    _being_read.pop()


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
