# SPDX-License-Identifier: Apache-2.0
"""Patterns that find files and name their parts: '{sequence}/rgb/{id}.png'.

    {name}   a part of a folder's or file's name, called `name`
    *        any text within one name
    **/      any number of folders

A pattern covers the whole path below the folder of the recordings, with '/'
between the parts. Upper and lower case differ, except in the suffix, where .jpg
also stands for .jpeg and .tif for .tiff. The two forms that Unicode has of
accented letters are the same.
"""

from collections.abc import Mapping
import functools
import os
import pathlib
import re

from depth_mai.files import file_names

_SUFFIX = re.compile(r'\.[A-Za-z0-9]+$')
_SUFFIX_SPELLINGS = {'.jpg': ('.jpg', '.jpeg'), '.tif': ('.tif', '.tiff')}
_TOKEN = re.compile(r'\{([^{}/]*)\}|(\*\*/)|(\*)|([{}])')


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
  """Returns the regular expression of a pattern, or raises a ValueError."""
  suffix = _SUFFIX.search(pattern)
  body = file_names.canonical(pattern[: suffix.start()] if suffix else pattern)
  parts, seen, end = [], set(), 0
  for token in _TOKEN.finditer(body):
    parts.append(re.escape(body[end : token.start()]))
    end = token.end()
    name, folders, star, brace = token.groups()
    if brace or (name is not None and not name.isidentifier()):
      raise ValueError(
        f"the pattern '{pattern}' has a brace that does not enclose a name, as "
        '{id} does'
      )
    if folders:
      parts.append('(?:[^/]+/)*')
    elif star:
      parts.append('[^/]*')
    elif name in seen:
      parts.append(f'(?P={name})')
    else:
      seen.add(name)
      parts.append(f'(?P<{name}>[^/]+?)')
  parts.append(re.escape(body[end:]))
  if suffix:
    plain = file_names.suffix(pattern)
    spellings = map(re.escape, _SUFFIX_SPELLINGS.get(plain, (plain,)))
    parts.append(f'(?i:{"|".join(spellings)})')
  return re.compile(''.join(parts), re.DOTALL)


def check(pattern: str) -> None:
  """Raises a ValueError with the reason if a pattern cannot be used."""
  if 'id' not in fields(pattern):
    raise ValueError(
      f"the pattern '{pattern}' has no {{id}}, the part of the name that "
      'identifies a frame'
    )
  if pattern.startswith('/') or '\\' in pattern or '..' in pattern.split('/'):
    raise ValueError(
      f"the pattern '{pattern}' must be a path below the folder of the "
      "recordings, with '/' between its parts"
    )


def fields(pattern: str) -> tuple[str, ...]:
  """Returns the names in a pattern, in order.

  Args:
    pattern: see the module.

  Raises:
    ValueError: if a brace does not enclose a name.
  """
  return tuple(_compiled(pattern).groupindex)


def match(pattern: str, path: str) -> Mapping[str, str] | None:
  """Returns the named parts of a path, or None if it does not match.

  Args:
    pattern: see the module.
    path: relative, with '/' between its parts.
  """
  found = _compiled(pattern).fullmatch(file_names.canonical(path))
  return found and found.groupdict()


def list_files(root: pathlib.Path) -> list[str]:
  """Lists all files below a folder, sorted, as relative paths with '/'.

  Hidden files and folders are left out (.DS_Store, or ._a.png for a.png). Links
  to folders are followed, each folder once.
  """
  files, seen = [], set()
  for folder, inside, names in os.walk(root, followlinks=True):
    real = os.path.realpath(folder)
    inside[:] = [] if real in seen else [n for n in inside if n[0] != '.']
    if real not in seen:
      below = pathlib.Path(folder).relative_to(root)
      files += [(below / name).as_posix() for name in names if name[0] != '.']
    seen.add(real)
  return sorted(files)
